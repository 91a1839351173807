// leadwise and other runtimes on the same networks, weights and inputs, in one process: `npm run bench --prefix bench/peers`.
//   --rounds N          default 15
//   --presets A,B       default published,compact,edge
//   --output FILE       default bench/peers/results/run.json
// The outputs are compared before anything is timed, and once more at the end. The table is on stdout, progress on stderr.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compareLogits } from './compare.mjs';
import { machine } from './machine.mjs';
import { openPeak } from './peak.mjs';
import { formatReport } from './report.mjs';
import { interleave, summarize } from './rounds.mjs';
import { openRuntimes } from './runtimes.mjs';
import { makeRecord, PRESETS, SCENARIOS } from './scenarios.mjs';
import { startWatch } from './stopwatch.mjs';

const log = (line) => process.stderr.write(`${line}\n`);

/** Opens all runtimes of one preset, and keeps the times of opening and of the first run. */
async function openPreset(preset, { leadwise, leadwiseF32, peers }, x) {
  const opened = [];
  for (const runtime of [leadwise, ...peers]) {
    const session = await runtime.open(preset);
    const { ms: firstMs } = await session.run(x);
    opened.push({ ...session, name: runtime.name, firstMs });
    log(`${preset}: ${runtime.name}: open ${session.sessionMs.toFixed(0)} ms, first run ${firstMs.toFixed(0)} ms`);
  }
  const reference = await leadwiseF32.open(preset);
  return { model: opened[0].model, opened, reference };
}

/** One scenario's tasks; `check` compares their outputs. */
async function openScenario(scenario, { model, opened, reference }, x) {
  const runtimes = scenario.peers ? opened : opened.slice(0, 1);
  const record = makeRecord(scenario);
  const preprocess = {
    name: 'preprocessing',
    run() {
      const stop = startWatch();
      model.preprocess(record);
      return stop();
    },
  };
  const exact = reference.run(x).logits;
  const check = async () => {
    const logits = new Map();
    for (const { name, run } of runtimes) logits.set(name, (await run(x)).logits);
    return compareLogits(scenario.name, { exact, logits, int8: opened[0].name });
  };
  const differences = await check();
  const tasks = runtimes.map(({ name, sessionMs, firstMs, run }) => {
    return { name, sessionMs, firstMs, difference: differences.get(name), run: () => run(x) };
  });
  return { ...scenario, macs: model.plan.macs, tasks, preprocess, check };
}

async function open(presets) {
  const runtimes = await openRuntimes();
  const scenarios = [];
  for (const preset of presets) {
    const own = SCENARIOS.filter((scenario) => scenario.preset === preset);
    const inputOf = await inputs(preset, runtimes.leadwiseF32);
    const network = await openPreset(preset, runtimes, inputOf(own[0]));
    for (const scenario of own) scenarios.push(await openScenario(scenario, network, inputOf(scenario)));
    network.reference.model.dispose();
  }
  return { scenarios, close: runtimes.close };
}

/** What the network of a preset sees of each scenario, made by a model of its own: opening the others is timed. */
async function inputs(preset, runtime) {
  const { model } = await runtime.open(preset);
  const made = new Map(SCENARIOS.filter((s) => s.preset === preset).map((s) => [s, model.preprocess(makeRecord(s))]));
  model.dispose();
  return (scenario) => made.get(scenario);
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    presets: { type: 'string', default: PRESETS.join(',') },
    output: { type: 'string', default: fileURLToPath(new URL('results/run.json', import.meta.url)) },
  },
});
const rounds = Number(values.rounds);
const presets = values.presets.split(',');
if (!(Number.isInteger(rounds) && rounds > 0)) throw new RangeError(`"--rounds" expected a whole number from 1, got ${values.rounds}`);
const unknown = presets.find((preset) => !PRESETS.includes(preset));
if (unknown !== undefined) throw new RangeError(`"--presets" expected names out of ${PRESETS.join(', ')}, got ${unknown}`);

const { scenarios, close } = await open(presets);
const peaks = [128, 512].map(openPeak);
await interleave([...scenarios.flatMap(({ tasks, preprocess }) => [...tasks, preprocess]), ...peaks], rounds, (round) =>
  log(`round ${round} of ${rounds}`),
);
for (const { check } of scenarios) await check();
close();
const timed = ({ run, ...task }) => ({ ...task, ...summarize(task) });
const results = {
  machine: machine(),
  rounds,
  peaks: peaks.map(timed),
  scenarios: scenarios.map(({ tasks, preprocess, check, ...scenario }) => ({
    ...scenario,
    preprocess: timed(preprocess),
    tasks: tasks.map(timed),
  })),
};
mkdirSync(dirname(values.output), { recursive: true });
writeFileSync(values.output, `${JSON.stringify(results)}\n`);
process.stdout.write(formatReport(results));
log(`wrote ${values.output}`);
// The threads of the web runtime would keep the process alive.
process.exit(0);
