// Processor time of the Worker in the real workerd: a Worker's own clocks stand still. Needs what examples/check.mjs has installed.

import { measure, printSize } from '../server/measure.mjs';
import { startWorkerd } from './workerd.mjs';

await import('./build.mjs');
await printSize(new URL('build/', import.meta.url), ['worker.js', 'kernels.simd.wasm', 'kernels.scalar.wasm']);
await measure(startWorkerd);
