// What Wrangler does: bundles src/worker.js for workerd, with each .wasm file as a module of its own. `node build.mjs` writes build/.

import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('.', import.meta.url));
const outdir = join(folder, 'build');

const wasmModules = {
  name: 'wasm-modules',
  setup({ onResolve }) {
    onResolve({ filter: /\.wasm\?module$/ }, async ({ path, resolveDir }) => {
      const file = join(resolveDir, path.replace('?module', ''));
      await copyFile(file, join(outdir, basename(file)));
      return { path: `./${basename(file)}`, external: true };
    });
  },
};

await mkdir(outdir, { recursive: true });
await build({
  entryPoints: [join(folder, 'src/worker.js')],
  outdir,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  conditions: ['workerd', 'worker', 'browser'],
  plugins: [wasmModules],
});
