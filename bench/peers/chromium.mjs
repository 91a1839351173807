// leadwise, LiteRT.js and onnxruntime-web in one page of Chromium, one thread each: `npm run chromium --prefix bench/peers`.
//   --rounds N, --presets A,B, --output FILE  as of run.mjs (default bench/peers/results/chromium.json)
//   --browser FILE                            default /usr/bin/chromium
// The outputs are compared before anything is timed. A page cannot tell how long it waited for a core: all times are wall clock.

import { createReadStream, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { loadModelFile } from '../../dist/node.js';
import { compareLogits } from './compare.mjs';
import { machine } from './machine.mjs';
import { formatReport } from './report.mjs';
import { interleave, summarize } from './rounds.mjs';
import { MODELS, makeRecord, PRESETS, ROOT, SCENARIOS } from './scenarios.mjs';
import { startWatch } from './stopwatch.mjs';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };
const RUNTIMES = ['leadwise int8', 'onnxruntime-web, 1 thread', 'LiteRT.js, 1 thread'];

/** The project's folder on a free port of this machine. */
async function serve() {
  const server = createServer(({ url }, response) => {
    const path = normalize(decodeURIComponent(new URL(url, 'http://host').pathname));
    const file = join(ROOT, path);
    if (path.includes('..') || !existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return server;
}

/** Opens the three runtimes of a scenario in the page, and compares what they say. */
async function openScenario(page, scenario) {
  const reference = await loadModelFile(`${MODELS}/${scenario.preset}.safetensors`);
  const record = makeRecord(scenario);
  const x = reference.preprocess(record);
  const exact = reference.forward(x);
  const { macs } = reference.plan;
  const key = scenario.name;
  await page.evaluate(([key, preset, values]) => globalThis.openScenario(key, preset, values), [key, scenario.preset, Array.from(x)]);
  const tasks = [];
  const logits = new Map();
  for (const name of RUNTIMES) {
    const [sessionMs, first] = await page.evaluate(([key, name]) => globalThis.openRuntime(key, name), [key, name]);
    logits.set(name, first.logits);
    const run = async () => {
      const { ms } = await page.evaluate(([key, name]) => globalThis.run(key, name), [key, name]);
      return { ms, ownMs: ms };
    };
    tasks.push({ name, sessionMs, firstMs: first.ms, run });
    process.stderr.write(`${key}: ${name}: open ${sessionMs.toFixed(0)} ms, first run ${first.ms.toFixed(0)} ms\n`);
  }
  const differences = compareLogits(key, { exact, logits, int8: RUNTIMES[0] });
  for (const task of tasks) task.difference = differences.get(task.name);
  const stop = startWatch();
  reference.preprocess(record);
  const preprocess = { median: stop().ms };
  reference.dispose();
  return { ...scenario, macs, tasks, preprocess };
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    presets: { type: 'string', default: PRESETS.join(',') },
    output: { type: 'string', default: fileURLToPath(new URL('results/chromium.json', import.meta.url)) },
    browser: { type: 'string', default: '/usr/bin/chromium' },
  },
});
const rounds = Number(values.rounds);
if (!(Number.isInteger(rounds) && rounds > 0)) throw new RangeError(`"--rounds" expected a whole number from 1, got ${values.rounds}`);
const server = await serve();
const browser = await chromium.launch({ executablePath: values.browser, args: ['--no-sandbox'] });
try {
  const page = await browser.newPage();
  page.on('console', (message) => process.stderr.write(`page: ${message.text()}\n`));
  await page.goto(`http://127.0.0.1:${server.address().port}/bench/peers/chromium.html`);
  await page.waitForFunction('globalThis.isReady');
  const presets = values.presets.split(',');
  const scenarios = [];
  for (const scenario of SCENARIOS) {
    if (scenario.peers && presets.includes(scenario.preset)) scenarios.push(await openScenario(page, scenario));
  }
  await interleave(
    scenarios.flatMap(({ tasks }) => tasks),
    rounds,
    (round) => process.stderr.write(`round ${round} of ${rounds}\n`),
  );
  const results = {
    machine: { ...machine(), engine: `Chromium ${browser.version()}` },
    rounds,
    peaks: [],
    scenarios: scenarios.map(({ tasks, ...rest }) => ({
      ...rest,
      tasks: tasks.map(({ run, ...task }) => ({ ...task, ...summarize(task) })),
    })),
  };
  mkdirSync(dirname(values.output), { recursive: true });
  writeFileSync(values.output, `${JSON.stringify(results)}\n`);
  process.stdout.write(formatReport(results));
} finally {
  await browser.close();
  server.close();
}
