// What every engine computes: the package's results as bytes, one value after the other. It uses the public entries alone, and nothing of
// a host but fetch, so that it is the same file in Node, Deno, Bun, workerd and browsers.

import { loadModel } from 'leadwise';
import { convert } from 'leadwise/convert';
import { readCsv } from 'leadwise/readers';
import { renderSheet } from 'leadwise/render';
import { filtfilt, resample, resamplePoly, zscore } from 'leadwise/signal';
import { formatCsv, simulate } from 'leadwise/simulate';
import edge from 'leadwise/weights/edge';

const LIMB = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF'];
/** Twelve, six and two leads; a short record, a shorter one that is resampled, and one that is longer than every window. */
const RECORDS = {
  '12 leads': { options: { fs: 500, seconds: 10, seed: 1 } },
  '6 leads': { options: { fs: 257, seconds: 7.3, seed: 2, rhythm: 'af' }, leads: LIMB },
  '2 leads': { options: { fs: 1000, seconds: 20, seed: 3, rhythm: 'pvc' }, leads: ['I', 'II'] },
};
const RATES = [100, 128, 250, 257, 300, 333.3, 360, 400, 500, 977, 1000, 2000];
/** A second-order low-pass of other coefficients than the package's own. */
const FILTER = { b: [0.0675, 0.1349, 0.0675], a: [1, -1.143, 0.4128] };

/**
 * Sends each value of a run to the server at `base`, then that it is done, or why it is not.
 * @param run what the server calls this run
 * @param variant `simd` or `scalar`
 * @param presets those whose networks run: `edge`, `compact`, `published`
 */
export async function report({ base, run, variant, presets }) {
  const send = (path, name, body = '') =>
    fetch(`${base}/${path}?run=${encodeURIComponent(run)}&name=${encodeURIComponent(name)}`, { method: 'POST', body });
  try {
    for await (const [name, values] of compute({ base, variant, presets })) await send('value', name, bytesOf(values));
    await send('done', 'done');
  } catch (error) {
    await send('failed', String(error?.stack ?? error));
  }
}

async function* compute({ base, variant, presets }) {
  const records = Object.entries(RECORDS).map(([name, { options, leads }]) => [name, withLeads(simulate({ ...options, variant }), leads)]);
  for (const [name, record] of records) yield [`simulate, ${name}`, record.signal];

  const shipped = await loadModel(edge, { variant, selfTest: true });
  for (const [name, record] of records) yield* results(`shipped edge, ${name}`, shipped, record);
  yield* results('shipped edge, CSV', shipped, readCsv(formatCsv(records[0][1])));
  for (const fs of RATES) {
    yield [`preprocess, ${fs} Hz`, shipped.preprocess(simulate({ fs, seconds: 3, seed: 4, variant }))];
  }
  const sixLeads = records[1][1];
  const explanation = await shipped.explain(sixLeads, 'NSR');
  yield ['shipped edge, occlusion', Float64Array.from([...explanation.leads, ...explanation.segments], ({ change }) => change)];
  yield ['shipped edge, sheet', new TextEncoder().encode(renderSheet(sixLeads, { result: shipped.classify(sixLeads), explanation }))];
  shipped.dispose();
  yield* signalFunctions(records[0][1].signal[1]);

  for (const preset of presets) {
    for (const precision of ['f32', 'int8']) {
      const bytes = await download(`${base}/weights/${preset}-${precision}.safetensors`);
      const model = await loadModel(bytes, { variant });
      for (const [name, record] of records) yield* results(`${preset} ${precision}, ${name}`, model, record);
      if (precision === 'f32') yield [`preprocess, ${preset}`, model.preprocess(records[1][1])];
      model.dispose();
      if (preset === 'edge' && precision === 'f32') {
        const { file } = await convert(bytes, { quantize: 'int8', records: [records[0][1]] });
        yield ['convert, edge to int8', file];
      }
    }
  }
}

function* results(name, model, record) {
  const { logits, findings, saturated, beyondCalibration, quality } = model.classify(record);
  yield [`${name}: logits`, logits];
  yield [`${name}: findings`, json([findings, saturated, beyondCalibration])];
  yield [`${name}: quality`, json(quality)];
}

const json = (value) => new TextEncoder().encode(JSON.stringify(value));

function* signalFunctions(x) {
  yield ['filtfilt', filtfilt(FILTER.b, FILTER.a, x)];
  yield ['resample to a prime length', resample(x, 3217)];
  yield ['resample to more', resample(x, 8192)];
  yield ['resamplePoly 3/2', resamplePoly(x, 3, 2)];
  yield ['resamplePoly 1/7', resamplePoly(x, 1, 7)];
  yield ['zscore', zscore(x)];
}

/** Some leads of a record: of its names, units, samples and gains. */
function withLeads(record, leads = record.sigName) {
  const rows = leads.map((lead) => record.sigName.indexOf(lead));
  const ofEachLead = (value) => Array.isArray(value) && value.length === record.sigName.length;
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, ofEachLead(value) ? rows.map((row) => value[row]) : value]));
}

async function download(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** The bytes of a typed array, or of several. */
function bytesOf(values) {
  const arrays = Array.isArray(values) ? values : [values];
  const bytes = new Uint8Array(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let next = 0;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), next);
    next += byteLength;
  }
  return bytes;
}
