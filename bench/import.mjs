// Milliseconds that `import 'leadwise'` takes in a fresh Node process: `node bench/import.mjs [ROUNDS]`.

import { execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const entry = (name) => new URL(`../dist/${name}.js`, import.meta.url).href;
const ENTRIES = { leadwise: entry('index'), 'leadwise/weights/edge': entry('weights/edge'), 'leadwise/node': entry('node') };

if (process.argv[2]?.startsWith('file:')) {
  const start = performance.now();
  await import(process.argv[2]);
  console.log(performance.now() - start);
} else {
  const rounds = Number(process.argv[2] ?? 21);
  const samples = new Map(Object.keys(ENTRIES).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, url] of Object.entries(ENTRIES)) {
      samples.get(name).push(Number(execFileSync(process.execPath, [fileURLToPath(import.meta.url), url], { encoding: 'utf8' })));
    }
  }
  for (const [name, values] of samples) {
    values.sort((a, b) => a - b);
    console.log(`${name.padEnd(22)} median ${values[rounds >> 1].toFixed(1)} ms, best ${values[0].toFixed(1)} ms, ${rounds} processes`);
  }
}
