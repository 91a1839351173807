// What the checks of the bundlers have in common: build, measure, look at the page.

import { execFile } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { serve, usePage, visit } from './browser.mjs';

const run = promisify(execFile);

/** Runs Node in a folder and returns what it printed. */
export async function runNode(folder, ...args) {
  const { stdout } = await run(process.execPath, args, { cwd: folder, maxBuffer: 1e8 });
  return stdout;
}

/** Runs an example's build.mjs into an empty build/. */
export async function buildExample(folder) {
  await rm(join(folder, 'build'), { recursive: true, force: true });
  await runNode(folder, 'build.mjs');
  return join(folder, 'build');
}

/** Builds, and uses the page that comes out. Returns the line to print. */
export async function checkBundle(folder) {
  const built = await buildExample(folder);
  const server = await serve(built);
  try {
    await visit(server, usePage);
  } finally {
    await server.close();
  }
  return `the page's logits equal Node's; JavaScript ${await sizeOf(built)}`;
}

/** Of all JavaScript in a folder, weights included. */
export async function sizeOf(folder, ending = '.js') {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(ending));
  const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
  const bytes = files.reduce((sum, file) => sum + file.length, 0);
  const zipped = files.reduce((sum, file) => sum + gzipSync(file).length, 0);
  return `${kilobytes(bytes)} (${kilobytes(zipped)} gzipped)`;
}

const kilobytes = (bytes) => `${Math.round(bytes / 1000)} kB`;
