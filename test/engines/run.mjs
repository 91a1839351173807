// npm run test:engines [-- --only NAME,… --presets NAME,… --tarball FILE --require-all --break]: the same suite in every engine, one table, one digest.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const HELP = `npm run test:engines -- [options]
  --only NAME,…    these engines only, such as node20,firefox
  --presets NAME,… these test networks only: edge, compact, published
  --tarball FILE   a packed leadwise; without, it is packed here (npm run build first)
  --require-all    an engine that is not on this machine is a failure
  --break          break the last bits on purpose (Math.exp in place of the kernel's exp): the matrix must fail
  --slow SECONDS   give up on a run after so long (600)`;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    presets: { type: 'string', default: 'edge,compact,published' },
    tarball: { type: 'string' },
    'require-all': { type: 'boolean' },
    break: { type: 'boolean' },
    slow: { type: 'string', default: '600' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit();
}

installEngines();
const { ENGINES, versionOf } = await import('./engines.mjs');
const { makeProject } = await import('./project.mjs');
const { serve } = await import('./server.mjs');

const presets = options.presets.split(',');
const short = (name) => name.toLowerCase().replace(' ', '');
const only = options.only?.split(',').map(short);
const unknown = only?.filter((name) => !ENGINES.some((engine) => short(engine.name) === name)) ?? [];
if (unknown.length > 0) fail(`no engine is called ${unknown.join(', ')}: ${ENGINES.map(({ name }) => short(name)).join(', ')}`);
const chosen = ENGINES.filter(({ name }) => !only || only.includes(short(name)));

const folder = await makeProject(options.tarball);
if (options.break) breakBits(join(folder, 'node_modules/leadwise/dist'));
const server = await serve(folder);
const rows = [];
try {
  for (const job of jobs()) await runJob(job);
} finally {
  server.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
report();

/** Every engine with both variants. The scalar `published` network takes minutes in all: once for each family of engines. */
function jobs() {
  const families = new Set();
  return chosen.flatMap((engine) => {
    if (!engine.path) {
      rows.push({ engine: engine.name, version: 'not on this machine', variant: '', state: 'skipped' });
      return [];
    }
    const first = !families.has(engine.family);
    families.add(engine.family);
    return [
      { engine, variant: 'simd', presets },
      { engine, variant: 'scalar', presets: first ? presets : presets.filter((preset) => preset !== 'published') },
    ];
  });
}

async function runJob({ engine, variant, presets }) {
  const began = performance.now();
  const row = { engine: engine.name, version: versionOf(engine) ?? '', variant, presets };
  for (let attempt = 0; attempt < 2; attempt++) {
    const run = `${short(engine.name)}-${variant}-${attempt}`;
    let started;
    try {
      const values = server.expect(run);
      values.catch(() => {});
      started = await engine.start(engine.path, { base: server.base, run, variant, presets }, folder);
      row.version = started.version ?? row.version;
      row.values = await Promise.race([values, started.ended.catch((error) => lastWord(values, error)), tooLong()]);
      row.state = 'ran';
    } catch (error) {
      row.state = 'failed';
      row.error = error.message;
    } finally {
      await started?.stop();
    }
    // A browser that does not come up is tried once more. What it computed is never asked for twice.
    if (row.state === 'ran' || !engine.browser || server.heard(run)) break;
  }
  row.seconds = (performance.now() - began) / 1000;
  rows.push(row);
  console.error(
    `${row.engine} ${row.version}, ${variant}: ${row.state} in ${row.seconds.toFixed(0)} s${row.error ? `\n${row.error}` : ''}`,
  );
}

/** A process may end before its last message is read. */
async function lastWord(values, error) {
  return Promise.race([values, new Promise((_, reject) => setTimeout(reject, 1000, error))]);
}

function tooLong() {
  return new Promise((_, reject) => setTimeout(reject, 1000 * options.slow, new Error(`no answer in ${options.slow} s`)).unref());
}

function report() {
  const ran = rows.filter(({ state }) => state === 'ran');
  const reference = ran.find((row) => row.presets.length === presets.length);
  if (!reference) fail('no engine ran the whole suite');
  for (const row of ran) {
    // Each is held to the values that it computed, of those of the first engine.
    row.wrong = [...row.values].filter(([name, digest]) => reference.values.get(name) !== digest).map(([name]) => name);
    row.missing = [...reference.values.keys()].filter(
      (name) => !row.values.has(name) && (row.presets.includes('published') || !name.includes('published')),
    );
    row.digest = digestOf(reference, row);
  }
  for (const { engine, version, variant, state, values, digest, wrong, seconds } of rows) {
    const columns = [engine.padEnd(9), version.padEnd(20), variant.padEnd(7)];
    if (state === 'ran')
      columns.push(`${String(values.size).padStart(3)} values`, digest.slice(0, 16), `${seconds.toFixed(0).padStart(3)} s`);
    else columns.push(state);
    if (wrong?.length > 0) columns.push(`${wrong.length} DIFFER: ${wrong.slice(0, 3).join('; ')}${wrong.length > 3 ? '; …' : ''}`);
    console.log(columns.join('  '));
  }
  const digests = new Set(ran.map(({ digest }) => digest));
  const bad = rows.filter(
    ({ state, missing }) => state === 'failed' || missing?.length > 0 || (options['require-all'] && state === 'skipped'),
  );
  const engines = new Set(ran.map(({ engine }) => engine)).size;
  console.log(
    `${digests.size === 1 ? 'one digest' : `${digests.size} digests`}: ${[...digests].join(', ')}, ${engines} engines, ${ran.length} runs`,
  );
  if (digests.size !== 1 || bad.length > 0) process.exit(1);
}

/** Over all values, those that a run leaves out taken from the reference: one digest, when all agree. */
function digestOf(reference, { values }) {
  const hash = createHash('sha256');
  for (const [name, digest] of reference.values) hash.update(`${name}\0${values.get(name) ?? digest}\n`);
  return hash.digest('hex');
}

/** Probabilities by the host's own exp, whose last bits differ from engine to engine. */
function breakBits(dist) {
  let changed = 0;
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'))) {
    const path = join(dist, name);
    const text = readFileSync(path, 'utf8');
    const broken = text.replace(/this\.instance\.kernels\.f64_sigmoid\((\w+)\)/g, '1/(1+Math.exp(-$1))');
    if (broken !== text) changed++;
    writeFileSync(path, broken);
  }
  if (changed === 0) fail('found nothing to break');
}

/** What the manifest lists, by the lock file; without install scripts. */
function installEngines() {
  const here = import.meta.dirname;
  const [lock, mark] = [join(here, 'package-lock.json'), join(here, 'node_modules/.package-lock.json')];
  if (existsSync(mark) && statSync(mark).mtimeMs >= statSync(lock).mtimeMs) return;
  console.error('installing the engines of test/engines/package.json');
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], { cwd: here, stdio: 'inherit' });
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
