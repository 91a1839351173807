import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import webpack from 'webpack';

const here = import.meta.dirname;

const stats = await promisify(webpack)({
  mode: 'production',
  context: here,
  entry: '../page/main.js',
  output: { path: join(here, 'build'), filename: 'main.js' },
});
if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));

for (const file of ['index.html', 'style.css']) await copyFile(join(here, '../plain-page', file), join(here, 'build', file));
