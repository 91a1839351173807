// The benches of the package itself, one after the other: `npm run bench [-- FILE…]`. Kernels, then networks; with weight files of
// bench/peers/models (npm run models --prefix bench/peers) all presets. Writes bench/results/*.json and, from what bench/peers has
// measured (npm run bench --prefix bench/peers), a picture of all runtimes.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { benchKernels, formatKernel } from './kernels.mjs';
import { benchNetworks, formatNetwork } from './network.mjs';
import { barsSvg } from './picture.mjs';
import { machine } from './rounds.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const PEERS = here('peers/results/run.json');

function save(name, text) {
  mkdirSync(here('results'), { recursive: true });
  writeFileSync(here(`results/${name}`), text);
  console.log(`wrote bench/results/${name}`);
}

const own = ['published', 'compact'].map((preset) => here(`peers/models/${preset}-int8.safetensors`)).filter(existsSync);
const files = process.argv.length > 2 ? process.argv.slice(2) : [here('../weights/edge.safetensors'), ...own];
const { cpu, cores, node } = machine();
console.log(`${cpu}, ${cores} cores, Node ${node}`);

const kernels = await benchKernels();
for (const kernel of kernels) console.log(formatKernel(kernel));
save('kernels.json', JSON.stringify({ machine: machine(), kernels }, null, 1));

const networks = await benchNetworks(files);
for (const network of networks) console.log(formatNetwork(network));
save('networks.json', JSON.stringify({ machine: machine(), networks }, null, 1));

if (existsSync(PEERS)) {
  const { machine: where, scenarios } = JSON.parse(readFileSync(PEERS, 'utf8'));
  const groups = scenarios.filter(({ tasks }) => tasks.length > 1).map(({ name, tasks }) => ({ name, bars: tasks }));
  save('peers.svg', barsSvg(`Milliseconds of the network, one record: ${where.cpu}, Node ${where.node}`, groups));
}
