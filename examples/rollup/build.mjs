import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { rollup } from 'rollup';

const here = import.meta.dirname;

const bundle = await rollup({ input: join(here, '../page/main.js'), plugins: [nodeResolve({ browser: true })] });
await bundle.write({ dir: join(here, 'build'), format: 'es' });
await bundle.close();

for (const file of ['index.html', 'style.css']) await copyFile(join(here, '../plain-page', file), join(here, 'build', file));
