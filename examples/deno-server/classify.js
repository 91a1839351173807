// A CSV table on standard input, its findings on standard output: deno run classify.js < ecg.csv, without a single permission.

import { loadModel } from 'leadwise';
import { readCsv } from 'leadwise/readers';
import weights from 'leadwise/weights/edge';

const model = await loadModel(weights);
const { findings, logits, notice } = model.classify(readCsv(await new Response(Deno.stdin.readable).text()));
const present = findings.filter((finding) => finding.present).map(({ abbreviation, probability }) => ({ abbreviation, probability }));
console.log(JSON.stringify({ present, logits: [...logits], notice }, null, 2));
