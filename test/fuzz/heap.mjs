// node --max-old-space-size=256 test/fuzz/heap.mjs CASE: a hostile file for the built package; prints the error's code and the process's peak.
// What takes memory here are not the samples but what JavaScript makes of the file: objects, strings, lists.

import * as xml from 'fast-xml-parser';
import { convert } from '../../dist/convert.js';
import { readBytes, readWfdb } from '../../dist/readers.js';

const MEGABYTE = 2 ** 20;
const bytesOf = (text) => new TextEncoder().encode(text);
const filled = (start, megabytes, byte) => {
  const file = new Uint8Array(megabytes * MEGABYTE).fill(byte);
  file.set(bytesOf(start));
  return file;
};
const repeated = (start, piece, megabytes) => bytesOf(start + piece.repeat((megabytes * MEGABYTE) / piece.length));

const read = (bytes) => readBytes(bytes, { libraries: { 'fast-xml-parser': xml }, fs: 250, units: 'mV' });

/** One sample, and a list of annotations of so many. */
function edf(listSamples) {
  const columns = [
    [16, 'I', 'EDF Annotations'],
    [80, '', ''],
    [8, 'mV', ''],
    [8, '-1', '-1'],
    [8, '1', '1'],
    [8, '-1', '-1'],
    [8, '1', '1'],
    [80, '', ''],
    [8, '1', String(listSamples)],
    [32, '', ''],
  ];
  const fixed = `${'0'.padEnd(184)}${'768'.padEnd(8)}${'EDF+C'.padEnd(44)}${'1'.padEnd(8)}${'1'.padEnd(8)}${'2'.padEnd(4)}`;
  const header = fixed + columns.map(([width, first, second]) => first.padEnd(width) + second.padEnd(width)).join('');
  const file = new Uint8Array(header.length + 2 + 2 * listSamples).fill(0x2b);
  file.set(bytesOf(header));
  return file;
}

const CASES = {
  'json-lists': () => read(repeated('{"a":[', '[],', 32)),
  'json-objects': () => read(repeated('{"a":[', '{},', 32)),
  'json-texts': () => read(repeated('{"a":[', '"",', 32)),
  'json-deep': () => read(repeated('{"a":', '[', 32)),
  'xml-comments': () => read(repeated('<RestingECG>', 'x<!---->', 32)),
  'xml-sections': () => read(repeated('<RestingECG>', 'x<![CDATA[]]>', 32)),
  'xml-elements': () => read(repeated('<RestingECG>', '<a/>', 32)),
  'xml-text': () => read(repeated('<RestingECG>', '&amp;', 16)),
  'csv-columns': () => read(bytesOf(`${'I,'.repeat(4 * MEGABYTE)}\n${'1,'.repeat(4 * MEGABYTE)}\n`)),
  'csv-lines': () => read(filled('I (mV)', 34, 10)),
  'wfdb-signals': () => readWfdb(`a 200000 250 1\n${'~ 0 200 16 0 0 0 0 I\n'.repeat(200_000)}`, () => new Uint8Array()),
  'edf-annotations': () => read(edf(12 * MEGABYTE)),
  'pickle-dicts': () => convert(filled('\x00', 4, 0x7d).with(0, 0x80).with(1, 4).with(2, 0x28)),
  'pickle-lists': () => convert(filled('\x00', 4, 0x5d).with(0, 0x80).with(1, 4).with(2, 0x28)),
  'safetensors-header': () => {
    const file = repeated('        {"a":[', '[],', 32);
    file.fill(0, 0, 8);
    new DataView(file.buffer).setUint32(0, file.length - 8, true);
    return convert(file);
  },
};

const [name] = process.argv.slice(2);
if (name === undefined) console.log(JSON.stringify(Object.keys(CASES)));
else {
  let code = 'none';
  try {
    await CASES[name]();
  } catch (error) {
    code = error.code ?? String(error);
  }
  console.log(JSON.stringify({ code, megabytes: Math.round(process.resourceUsage().maxRSS / 1024) }));
}
