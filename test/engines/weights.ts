// Bundled by project.mjs: the seeded test networks of the presets.

import { testConfig, testWeightFile } from '../test-network.js';

export const weightFile = (preset: 'edge' | 'compact' | 'published'): Uint8Array => testWeightFile(testConfig(preset));
