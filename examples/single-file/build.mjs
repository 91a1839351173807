// One HTML file with everything in it: for a webview, Electron, or a USB stick.

import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const page = join(import.meta.dirname, '../page');
const plainPage = join(import.meta.dirname, '../plain-page');
const target = join(import.meta.dirname, 'build');

const hashOf = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const { outputFiles } = await build({ entryPoints: [join(page, 'main.js')], bundle: true, minify: true, format: 'esm', write: false });
const script = outputFiles[0].text; // esbuild writes </script as <\/script
const style = await readFile(join(plainPage, 'style.css'), 'utf8');
// Nothing but this script and this style runs, and nothing is loaded.
const policy = `default-src 'none'; script-src ${hashOf(script)} 'wasm-unsafe-eval'; style-src ${hashOf(style)}`;

const html = await readFile(join(plainPage, 'index.html'), 'utf8');
const parts = {
  '<meta charset="utf-8">': `<meta charset="utf-8">\n    <meta http-equiv="Content-Security-Policy" content="${policy}">`,
  '<link rel="stylesheet" href="style.css">': `<style>${style}</style>`,
  '<script type="module" src="main.js"></script>': `<script type="module">${script}</script>`,
};
let whole = html;
for (const [tag, part] of Object.entries(parts)) {
  if (!whole.includes(tag)) throw new Error(`index.html has no ${tag}`);
  whole = whole.replace(tag, () => part); // a function: the script may hold $&
}
await mkdir(target, { recursive: true });
await writeFile(join(target, 'leadwise.html'), whole);
