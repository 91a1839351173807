import { defineConfig } from 'vitest/config';
import { inlineWasm } from './wasm-plugins.mjs';

export default defineConfig({
  plugins: [inlineWasm()],
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    globalSetup: ['test/global-setup.ts'],
  },
});
