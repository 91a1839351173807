// Milliseconds of the network alone, for each weight file: `node bench/network.mjs [FILE…]`. Files for the larger presets:
//   python3 -m training.test_weights --preset published -o build/published.safetensors
//   node dist/cli.js convert build/published.safetensors -o build/published-int8.safetensors --calibrate RECORD

import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadModelFile } from '../dist/node.js';
import { simulate } from '../dist/simulate.js';
import { interleaved } from './rounds.mjs';

/** The scalar kernels take seconds where there is more work than this. */
const MOST_SCALAR_MACS = 1e9;

/** One task for each file and variant: a ten-second record; for the SIMD kernels also one that fills the window, and one of two leads. */
async function networkTasks(files) {
  const tasks = [];
  for (const file of files) {
    for (const variant of ['simd', 'scalar']) {
      const model = await loadModelFile(file, { variant });
      if (variant === 'scalar' && model.plan.macs > MOST_SCALAR_MACS) continue;
      const { fs, windowSamples } = model.config;
      const record = (seconds) => model.preprocess(simulate({ seconds }));
      const name = basename(file, '.safetensors');
      const add = (what, x) => tasks.push({ name: `${name}, ${what}`, macs: model.plan.macs, run: () => model.forward(x) });
      const ten = record(10);
      add(`10 s, ${variant}`, ten);
      if (variant === 'scalar') continue;
      if (windowSamples > 10 * fs) add('full window', record(windowSamples / fs + 1));
      add(
        '10 s, leads I and II',
        ten.map((value, i) => (i < 2 * windowSamples ? value : 0)),
      );
    }
  }
  return tasks;
}

export async function benchNetworks(files) {
  const tasks = await networkTasks(files);
  const measured = await interleaved(tasks, { rounds: 6, roundMs: 400 });
  return measured.map((task, i) => ({ ...task, gmacPerSecond: tasks[i].macs / task.median / 1e6 }));
}

export function formatNetwork({ name, median, best, gmacPerSecond, runs }) {
  const times = `median ${median.toFixed(1).padStart(8)} ms, best ${best.toFixed(1).padStart(8)} ms`;
  return `${name.padEnd(44)} ${times}, ${gmacPerSecond.toFixed(1).padStart(5)} GMAC/s, ${runs} runs`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = process.argv.slice(2);
  for (const network of await benchNetworks(files.length > 0 ? files : ['weights/edge.safetensors'])) console.log(formatNetwork(network));
}
