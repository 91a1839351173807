// npm run fuzz [-- --seconds N --only TARGET,… --json --keep]: every target for a time, one table; exit code 1 where something was found.

import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { allowOldGlibc } from './old-glibc.mjs';

const HELP = `npm run fuzz -- [options]
  --seconds N      for each target (60)
  --total N        seconds for all targets together, instead
  --only NAME,…    these targets only
  --json           one JSON object on standard output instead of the table
  --keep           put what was learnt into test/fuzz/corpus, as small as it can be; --seconds 0 does that alone
  --fresh          forget what earlier runs have learnt

Findings are kept in test/fuzz/crashes/TARGET, where test/fuzz/replay.test.ts runs them again.`;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const JAZZER = here('node_modules/@jazzer.js/core/dist/cli.js');
const LEARNT = here('.work/corpus/');
/** Longest input; most bugs show in less. */
const MOST_BYTES = 16_384;
const TIMEOUT_MS = 10_000;
const RSS_MEGABYTES = 2048;
/** Of the kept corpus of one target. */
const KEPT_FILES = 60;
const KEPT_BYTES = 32_000;
/** Of one target in one run. */
const MOST_FINDINGS = 5;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    total: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'boolean' },
    keep: { type: 'boolean' },
    fresh: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit();
}

installFuzzer();
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
const { buildTargets, CODE, load } = await import('./build.mjs');
const { seeds } = await load('seeds.ts');
const inputs = seeds(here('..'));
const names = [...inputs.keys()].sort();
const only = options.only?.split(',') ?? names;
const unknown = only.filter((name) => !names.includes(name));
if (unknown.length > 0) fail(`no target is called ${unknown.join(', ')}: ${names.join(', ')}`);
const seconds = options.total === undefined ? Number(options.seconds) : Math.floor(Number(options.total) / only.length);
if (!(Number.isInteger(seconds) && seconds >= 0)) fail('--seconds and --total expect whole numbers');
if (options.fresh) rmSync(LEARNT, { recursive: true, force: true });

await buildTargets(only);
const rows = [];
for (const name of only) {
  writeSeeds(name);
  if (seconds > 0) rows.push(await fuzz(name));
  if (options.keep) await keep(name);
}
report();

function installFuzzer() {
  if (!existsSync(JAZZER))
    execFileSync('npm', ['ci', '--silent', '--prefix', here('.')], { stdio: 'inherit', shell: process.platform === 'win32' });
  const run = () => execFileSync(process.execPath, [JAZZER, '--version'], { stdio: 'pipe' });
  try {
    run();
  } catch (error) {
    if (!/GLIBC/.test(String(error.stderr))) throw error;
    allowOldGlibc(here(`node_modules/@jazzer.js/fuzzer/prebuilds/fuzzer-linux-${process.arch}.node`));
    run();
  }
}

function writeSeeds(name) {
  const folder = join(LEARNT, name);
  mkdirSync(folder, { recursive: true });
  for (const input of inputs.get(name)) writeFileSync(join(folder, sha1(input)), input);
}

/** Runs one target; again where a finding ended a run before its time. */
async function fuzz(name) {
  const row = { target: name, executions: 0, seconds: 0, coverage: 0, edges: 0, features: 0, corpus: 0, found: [] };
  const findings = here(`.work/findings/${name}/`);
  rmSync(findings, { recursive: true, force: true });
  mkdirSync(findings, { recursive: true });
  const kept = [here(`corpus/${name}`)].filter(existsSync);
  const start = Date.now();
  for (let left = seconds; left > 0; left = seconds - row.seconds) {
    const { code, tail, status } = await runFuzzer(
      name,
      [join(LEARNT, name), ...kept],
      [`-max_total_time=${left}`, `-max_len=${MOST_BYTES}`, `-rss_limit_mb=${RSS_MEGABYTES}`, `-artifact_prefix=${findings}`],
    );
    row.seconds = Math.round((Date.now() - start) / 1000);
    Object.assign(row, status, { executions: row.executions + status.executions });
    const found = readdirSync(findings).map((file) => keepCrash(name, file, readFileSync(join(findings, file))));
    if (code !== 0 && found.length === row.found.length) fail(`${name} ended with ${code}:\n${tail.join('\n')}`);
    row.found = found;
    if (found.length > 0) row.error = tail.find((line) => /Error|ERROR/.test(line)) ?? '';
    if (code === 0 || found.length >= MOST_FINDINGS) break;
  }
  console.error(describe(row));
  return row;
}

/** One process of the fuzzer: its exit code, the last that it said, and where it stands. */
async function runFuzzer(name, folders, flags) {
  // Of the code, that of the target alone is instrumented; the bug detectors are for programs that run commands.
  const args = [`${CODE}${name}.mjs`, ...folders, '-i', 'fuzz/.work/js/', '-e', 'nothing', '--timeout', String(TIMEOUT_MS)];
  const child = spawn(process.execPath, [JAZZER, ...args, '--disableBugDetectors', '.*', '--', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const status = { executions: 0, coverage: 0, edges: 0, features: 0, corpus: 0 };
  const tail = [];
  const read = async (stream) => {
    for await (const line of createInterface({ input: stream })) {
      tail.push(line);
      if (tail.length > 40) tail.shift();
      readStatus(line, status);
    }
  };
  const [code] = await Promise.all([new Promise((resolve) => child.on('close', resolve)), read(child.stdout), read(child.stderr)]);
  return { code, tail, status };
}

/**
 * What libFuzzer says: `#123 NEW cov: 5 ft: 7 corp: 3/40b …`, and before the first `Loaded 2 modules (903 inline 8-bit counters): 512 […), 391 […)`,
 * of which the first are kept for CommonJS modules, and these are none.
 */
function readStatus(line, status) {
  const [, executions, coverage, features, corpus] = /^#(\d+)\s.*cov: (\d+) ft: (\d+) corp: (\d+)/.exec(line)?.map(Number) ?? [];
  if (executions !== undefined) Object.assign(status, { executions, coverage, features, corpus });
  const [, edges] = /inline 8-bit counters\): \d+ \[\S+, \S+\), (\d+) /.exec(line) ?? [];
  if (edges !== undefined) status.edges = Number(edges);
}

function keepCrash(name, file, content) {
  const folder = here(`crashes/${name}/`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${file.replace(/-.*$/, '')}-${sha1(content).slice(0, 12)}`);
  writeFileSync(path, content);
  return path.slice(here('../..').length);
}

/** Of what was learnt, and kept before, the fewest inputs that reach all the same; then as many of these as there is room for, of all sizes. */
async function keep(name) {
  const merged = here(`.work/merged/${name}/`);
  const folder = here(`corpus/${name}/`);
  rmSync(merged, { recursive: true, force: true });
  mkdirSync(merged, { recursive: true });
  const { code, tail } = await runFuzzer(name, [merged, ...[folder].filter(existsSync), join(LEARNT, name)], ['-merge=1']);
  if (code !== 0) fail(`${name} cannot be merged:\n${tail.join('\n')}`);
  const contents = readdirSync(merged).map((file) => readFileSync(join(merged, file)));
  contents.sort((a, b) => a.length - b.length || (sha1(a) < sha1(b) ? -1 : 1));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const step = Math.max(1, contents.length / KEPT_FILES);
  for (let at = 0, bytes = 0; at < contents.length && bytes < KEPT_BYTES; at += step) {
    const content = contents[Math.floor(at)];
    bytes += content.length;
    if (bytes <= KEPT_BYTES) writeFileSync(join(folder, sha1(content).slice(0, 12)), content);
  }
}

function describe({ target, executions, seconds: took, coverage, edges, features, corpus, found, error = '' }) {
  const cells = [
    String(executions).padStart(9),
    String(took).padStart(6),
    `${coverage}/${edges}`.padStart(12),
    String(features).padStart(8),
    String(corpus).padStart(7),
  ];
  return `${target.padEnd(16)}${cells.join(' ')} ${String(found.length).padStart(6)} ${[...found, error].join(' ')}`.trimEnd();
}

function report() {
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  const findings = rows.flatMap(({ found }) => found);
  if (options.json)
    console.log(
      JSON.stringify({ seconds: sum('seconds'), executions: sum('executions'), findings: findings.length, targets: rows }, null, 1),
    );
  else if (rows.length > 0) {
    console.log(
      `${'target'.padEnd(16)}${'runs'.padStart(9)} ${'s'.padStart(6)} ${'edges'.padStart(12)} ${'features'.padStart(8)} ${'corpus'.padStart(7)} ${'found'.padStart(6)}`,
    );
    for (const row of rows) console.log(describe(row));
    console.log(`${rows.length} targets, ${sum('executions')} runs in ${sum('seconds')} s: ${findings.length} findings`);
  }
  process.exitCode = findings.length > 0 ? 1 : 0;
}

function sha1(content) {
  return createHash('sha1').update(content).digest('hex');
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
