// A program in one file: node classify.mjs FILE.csv prints the findings as JSON.

import { readFile } from 'node:fs/promises';
import { loadModel } from 'leadwise';
import { readBytes } from 'leadwise/readers';
import edge from 'leadwise/weights/edge';

const [, , name] = process.argv;
const model = await loadModel(edge);
const { findings, notice } = model.classify(await readBytes(await readFile(name), { name }));
console.log(JSON.stringify({ findings, notice }));
