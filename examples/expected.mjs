// What every example has to show, to the last bit: the logits of one simulated record, as Node computes them.

import { loadModel } from 'leadwise';
import { formatCsv, formatWfdb, simulate } from 'leadwise/simulate';
import edge from 'leadwise/weights/edge';

const record = simulate({ seed: 1, seconds: 10 });
const model = await loadModel(edge);

/** The bits of f32 logits in class order, hexadecimal. */
export const hexOf = (logits) => [...logits].map(hexOfFloat).join('');

/** The bits of the 26 logits. */
export const expectedHex = hexOf(model.classify(record).logits);

/** The same record as files. */
export const expectedCsv = formatCsv(record);
export const expectedWfdb = formatWfdb(record, 'ecg');

/** Findings `{ code, logit }` in any order, all of them. A logit may be the text of a number. @throws when a bit differs */
export function compareFindings(findings) {
  const logits = new Map(findings.map(({ code, logit }) => [code, Number(logit)]));
  compareHex(hexOf(model.classes.map(({ code }) => logits.get(code) ?? NaN)));
}

/** @throws when a bit differs */
export function compareHex(hex) {
  if (hex !== expectedHex) throw new Error(`the logits differ from those of Node:\n  ${hex}\n  ${expectedHex}`);
}

function hexOfFloat(value) {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  // A number that is no float32 is not one of these logits, however near it is.
  return view.getFloat32(0) === value ? view.getUint32(0).toString(16).padStart(8, '0') : '????????';
}
