// Milliseconds that `import 'leadwise'` takes in a fresh Node process, and what Node takes without it: `node bench/import.mjs [ROUNDS]`.

import { execFileSync } from 'node:child_process';

const ROUNDS = Number(process.argv[2] ?? 21);
const entry = (name) => new URL(`../dist/${name}.js`, import.meta.url).href;
const ENTRIES = { leadwise: entry('index'), 'leadwise/weights/edge': entry('weights/edge'), 'leadwise/node': entry('node') };

function time(url) {
  const code = `const start = performance.now(); await import('${url}'); process.stdout.write(String(performance.now() - start));`;
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' }));
}

const samples = new Map(Object.keys(ENTRIES).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++) for (const [name, url] of Object.entries(ENTRIES)) samples.get(name).push(time(url));
for (const [name, values] of samples) {
  values.sort((a, b) => a - b);
  console.log(`${name.padEnd(22)} median ${values[ROUNDS >> 1].toFixed(1)} ms, best ${values[0].toFixed(1)} ms, ${ROUNDS} processes`);
}
