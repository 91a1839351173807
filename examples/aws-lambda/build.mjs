// One file to upload, build/index.mjs: the handler is `index.handler`.

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

await build({
  entryPoints: [fileURLToPath(new URL('handler.js', import.meta.url))],
  outfile: fileURLToPath(new URL('build/index.mjs', import.meta.url)),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
});
