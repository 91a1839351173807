// Runs the examples as their users would, from the packed package: `node examples/check.mjs [NAME…] [--tarball FILE]`.
// An example is a folder with a check.mjs, whose default export `check({ folder })` throws, or returns one line: what was verified.

import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';

const run = promisify(execFile);
const EXAMPLES = import.meta.dirname;
const MODULES = join(EXAMPLES, 'node_modules');

/** The tools of package.json, unless they are there already. */
async function installTools() {
  const installed = join(MODULES, '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(EXAMPLES, 'package-lock.json')).mtimeMs) return;
  await run('npm', ['ci', '--ignore-scripts'], { cwd: EXAMPLES });
}

/** The package as npm would install it, at a place where every example finds it. */
async function unpack(tarball) {
  const target = join(MODULES, 'leadwise');
  const scratch = await mkdtemp(join(tmpdir(), 'leadwise-examples-'));
  try {
    await rm(target, { recursive: true, force: true });
    await rm(join(MODULES, '.vite'), { recursive: true, force: true }); // Vite keeps what it made of an earlier package of the same version
    await mkdir(target);
    await run('tar', ['-xzf', tarball ?? (await pack(scratch)), '--strip-components=1', '-C', target]);
  } finally {
    await rm(scratch, { recursive: true });
  }
}

async function pack(folder) {
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], { cwd: join(EXAMPLES, '..') });
  const [{ filename, files }] = JSON.parse(stdout);
  if (!files.some(({ path }) => path === 'dist/index.js')) throw new Error('dist/ is not built: npm run build');
  return join(folder, filename);
}

/** A code block of a README whose first line is a comment with nothing but a file's name is what stands in that file, to the letter. */
async function checkReadme(folder) {
  const readme = await readFile(join(folder, 'README.md'), 'utf8');
  for (const [, block] of readme.matchAll(/^```\w*\n(.*?)^```$/gms)) {
    const [, name, code] = /^(?:\/\/|#|<!--|\/\*) (\S+\.\w+)(?: -->| \*\/)?\n(.*)$/s.exec(block) ?? [];
    if (name === undefined) continue;
    const text = await readFile(join(folder, name), 'utf8');
    if (!text.includes(code.trim())) throw new Error(`README.md shows code that does not stand in ${name}`);
  }
}

async function checkExample(name) {
  const folder = join(EXAMPLES, name);
  const start = performance.now();
  const environment = { ...process.env };
  let line;
  try {
    const { default: check } = await import(join(folder, 'check.mjs'));
    await checkReadme(folder);
    line = `ok    ${name}: ${await check({ folder })}`;
  } catch (error) {
    line = `FAIL  ${name}: ${[error.stack, error.stdout].filter(Boolean).join('\n')}`;
    process.exitCode = 1;
  } finally {
    process.env = environment; // Vite sets NODE_ENV, and Next would do as it says
  }
  console.log(`${line} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  return line.startsWith('ok');
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { tarball: { type: 'string' } } });
const all = (await readdir(EXAMPLES)).filter((name) => existsSync(join(EXAMPLES, name, 'check.mjs')));
const unknown = positionals.filter((name) => !all.includes(name));
if (unknown.length > 0) throw new RangeError(`no example of that name: ${unknown.join(', ')}; there are ${all.join(', ')}`);
await installTools();
await unpack(values.tarball && resolve(values.tarball));
const names = positionals.length > 0 ? positionals : all;
let passed = 0;
for (const name of names) if (await checkExample(name)) passed++;
console.log(`${passed} of ${names.length} examples work`);
