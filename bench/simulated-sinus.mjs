// How often the default network names sinus rhythm in simulated normal records: `node bench/simulated-sinus.mjs`.
// A check of the plumbing, not of the network: simulated hearts are all alike.

import { loadModelFile } from '../dist/node.js';
import { simulate } from '../dist/simulate.js';

const SEEDS = 20;
const SINUS_RHYTHM = '426783006';

const model = await loadModelFile('weights/edge.safetensors');
const results = Array.from({ length: SEEDS }, (_, i) => model.classify(simulate({ seed: i + 1 })));
const present = results.filter(({ findings }) => findings.some(({ code, present }) => code === SINUS_RHYTHM && present));
const first = results.filter(({ findings }) => findings[0].code === SINUS_RHYTHM);
console.log(`sinus rhythm present in ${present.length} of ${SEEDS}, most probable in ${first.length} of ${SEEDS}`);
