import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const here = import.meta.dirname;
const common = { absWorkingDir: here, bundle: true, minify: true, format: 'esm' };

// For a page.
await build({ ...common, entryPoints: ['../page/main.js'], outfile: 'build/main.js', target: 'es2022' });

// For Node: one file that needs no node_modules.
await build({ ...common, entryPoints: ['classify.js'], outfile: 'build/classify.mjs', platform: 'node', target: 'node20' });

for (const file of ['index.html', 'style.css']) await copyFile(join(here, '../plain-page', file), join(here, 'build', file));
