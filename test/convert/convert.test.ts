// Checkpoints of every kind, written by PyTorch, against PyTorch's own values and logits.

import { describe, expect, it } from 'vitest';
import { CHALLENGE_CLASSES } from '../../src/classes.js';
import { PRESETS } from '../../src/config.js';
import { formatSafetensors } from '../../src/convert/format-safetensors.js';
import { type ConvertOptions, convert } from '../../src/convert/index.js';
import { loadModel } from '../../src/index.js';
import { parseSafetensors, type StoredTensor } from '../../src/safetensors.js';
import { sha256 } from '../../src/sha256.js';
import { simulate } from '../../src/simulate.js';
import { parseWeights } from '../../src/weights.js';
import { testConfig, testInput, testWeightFile } from '../test-network.js';
import { FIXTURES, fixtureOptions, readFixture, TINY_CONFIG } from './fixture.js';

const LOGIT_TOLERANCE = 1e-4;
const CODES = CHALLENGE_CLASSES.map(({ code }) => code);

/** SHA-256 of the tensors' bytes in order of name. */
function sorted(json: string): string {
  const sort = (_key: string, node: unknown) =>
    typeof node === 'object' && node !== null && !Array.isArray(node) ? Object.fromEntries(Object.entries(node).sort()) : node;
  return JSON.stringify(JSON.parse(json, sort));
}

function digestTensors(file: Uint8Array): string {
  const { tensors } = parseSafetensors(file);
  return sha256(Buffer.concat([...tensors.keys()].sort().map((name) => tensors.get(name)!.bytes)));
}

describe('checkpoints of PyTorch', () => {
  it.each(Object.entries(FIXTURES).filter(([, { error }]) => error === undefined))('%s', async (name, fixture) => {
    const checkpoint = readFixture(name);
    const { file, report } = await convert(checkpoint, fixtureOptions(name));
    expect(digestTensors(file)).toBe(fixture.sha256);
    expect(report.source).toMatchObject({
      kind: fixture.kind,
      dtypes: fixture.dtypes,
      sha256: sha256(checkpoint),
      bytes: checkpoint.length,
    });
    const logits = (await loadModel(file)).forward(testInput(TINY_CONFIG));
    expect(logits.length).toBe(fixture.logits.length);
    for (const [i, logit] of fixture.logits.entries()) expect(Math.abs(logits[i]! - logit), `logit ${i}`).toBeLessThan(LOGIT_TOLERANCE);
  });

  it.each(Object.entries(FIXTURES).filter(([, { error }]) => error !== undefined))('%s is refused', async (name, { error }) => {
    await expect(convert(readFixture(name), fixtureOptions(name))).rejects.toMatchObject({ name: 'WeightsError', code: error });
  });

  it('of the folded kind are told how to be exported', async () => {
    const expected = /27 missing \(transformer\.embd\.0\.weight, .* and 19 more\).*optimize=False/;
    await expect(convert(readFixture('folded.onnx'), fixtureOptions('folded.onnx'))).rejects.toThrow(expected);
  });

  it('gives equal bytes for equal input, whatever memory it lies in', async () => {
    const checkpoint = readFixture('mixed.pt');
    const { file } = await convert(checkpoint, fixtureOptions('mixed.pt'));
    const shifted = new Uint8Array(checkpoint.length + 3);
    shifted.set(checkpoint, 3);
    for (const bytes of [checkpoint.buffer as ArrayBuffer, Buffer.from(checkpoint), shifted.subarray(3)]) {
      expect((await convert(bytes, fixtureOptions('mixed.pt'))).file).toEqual(file);
    }
  });
});

describe('the published layout', () => {
  it.each([2, 3, 4, 5])('brings classes, thresholds and calibration (protocol %i)', async (protocol) => {
    const { file, report } = await convert(readFixture(`published-${protocol}.pickle`), { config: TINY_CONFIG, name: 'x' });
    expect(report.source).toMatchObject({ kind: 'pickle', published: true, prefix: '' });
    expect(report.from).toEqual({ config: 'option', classes: 'checkpoint', thresholds: 'checkpoint', calibration: 'checkpoint' });
    const { metadata } = parseSafetensors(file);
    const [first, second] = ['733534002', '426783006'];
    expect(JSON.parse(metadata['classes']!)).toEqual([first, second, { abbreviation: 'my-class', code: 'my-class', name: 'my-class' }]);
    expect(JSON.parse(metadata['thresholds']!)).toEqual([-1, 0, 1]);
    expect(metadata['calibration']).toBe('{"shift":-2.302585092994046,"temperature":1}');
    expect(JSON.parse(metadata['provenance']!)).toEqual({ source: { kind: 'pickle', layout: 'published', sha256: report.source.sha256 } });
    expect(Object.keys(metadata)).toEqual(['calibration', 'classes', 'config', 'format', 'name', 'provenance', 'selfTest', 'thresholds']);
    expect(parseWeights(file)).toMatchObject({ name: 'x', sha256: report.file.sha256, config: TINY_CONFIG });
  });

  it('has names with the prefix of a wrapper, and no calibration, in the file of a training loop', async () => {
    const { report } = await convert(readFixture('training.pt'), fixtureOptions('training.pt'));
    expect(report.source).toMatchObject({ prefix: 'module.', published: false });
    expect(report.source.dropped).toHaveLength(10);
    expect(report.from).toEqual({ config: 'option', classes: 'option', thresholds: 'default', calibration: 'default' });
  });
});

describe('settings', () => {
  const edge = testWeightFile(testConfig('edge'));

  /** The file with other metadata, and some tensors changed. */
  function change(metadata: Record<string, string>, changes: Record<string, StoredTensor | undefined> = {}, file = edge): Uint8Array {
    const tensors = new Map(parseSafetensors(file).tensors);
    for (const [name, tensor] of Object.entries(changes)) {
      if (tensor) tensors.set(name, tensor);
      else tensors.delete(name);
    }
    return formatSafetensors(metadata, tensors);
  }

  const floats = (...shape: number[]): StoredTensor => ({
    dtype: 'F32',
    shape,
    bytes: new Uint8Array(4 * shape.reduce((product, size) => product * size, 1)),
  });

  it.each(['edge', 'compact', 'published'] as const)('%s is told by its tensors', async (preset) => {
    const { report, file } = await convert(change({}, {}, testWeightFile(testConfig(preset))));
    expect(report).toMatchObject({ config: PRESETS[preset], classes: CODES, quantization: 'none', name: 'unnamed' });
    expect(report.from).toEqual({ config: 'inferred', classes: 'default', thresholds: 'default', calibration: 'default' });
    expect(digestTensors(file)).toBe(digestTensors(testWeightFile(testConfig(preset))));
  });

  it('are those of a weight file that is converted again', async () => {
    const config = testConfig('edge', { headOrder: 'leads', leadProjection: 'perLead' });
    const weights = parseSafetensors(testWeightFile(config));
    const calibration = '{"shift":-1,"temperature":2}';
    const thresholds = JSON.stringify([{ leads: ['I'], values: CODES.map((_, i) => i) }]);
    const { file, report } = await convert(formatSafetensors({ ...weights.metadata, calibration, thresholds }, new Map(weights.tensors)));
    expect(report.from).toEqual({ config: 'checkpoint', classes: 'checkpoint', thresholds: 'checkpoint', calibration: 'checkpoint' });
    expect(parseWeights(file)).toMatchObject({ config, name: 'test-edge', metadata: { calibration } });
    expect(parseWeights(file).decision.thresholds[0]).toMatchObject({ leads: ['I'], values: { length: 26 } });
  });

  it('keep what the checkpoint says of its making', async () => {
    const weights = parseSafetensors(testWeightFile(testConfig('edge')));
    const provenance = '{"recipe":{"seed":7},"source":"other"}';
    const before = formatSafetensors({ ...weights.metadata, provenance }, new Map(weights.tensors));
    const statedIn = async (file: Uint8Array) => JSON.parse(parseWeights((await convert(file)).file).metadata['provenance']!);
    expect(await statedIn(before)).toEqual({ recipe: { seed: 7 }, source: { kind: 'safetensors', sha256: sha256(before) } });
    const sentence = formatSafetensors({ ...weights.metadata, provenance: 'one run, ten epochs' }, new Map(weights.tensors));
    expect(await statedIn(sentence)).toMatchObject({ stated: 'one run, ten epochs', source: { kind: 'safetensors' } });
  });

  it.each([0x80, 0x08])('a safetensors file is one whatever its first byte is (0x%s)', async (first) => {
    const weights = parseSafetensors(testWeightFile(testConfig('edge')));
    const padded = (count: number) => formatSafetensors({ ...weights.metadata, note: 'x'.repeat(count) }, new Map(weights.tensors));
    const file = Array.from({ length: 64 }, (_, i) => padded(8 * i)).find((bytes) => bytes[0] === first);
    expect((await convert(file!)).report.source.kind).toBe('safetensors');
  });

  it('given win over those of the checkpoint', async () => {
    const thresholds = CODES.map((_, i) => i / 4);
    const classes = [...CODES].reverse();
    const { file, report } = await convert(edge, { preset: 'edge', classes, thresholds, name: 'mine', quantize: 'none' });
    expect(report.from).toMatchObject({ config: 'option', classes: 'option', thresholds: 'option' });
    expect(parseWeights(file)).toMatchObject({ name: 'mine', decision: { thresholds: [{ values: thresholds }] } });
    expect(parseWeights(file).classes[0]).toBe(CHALLENGE_CLASSES[25]);
  });

  it.each<[string, () => Uint8Array, ConvertOptions, string, RegExp]>([
    [
      'three outputs without classes',
      () => change({}, { 'linear2.weight': floats(3, 128), 'linear2.bias': floats(3) }),
      {},
      'CLASSES_REQUIRED',
      /3 outputs/,
    ],
    ['fewer classes than outputs', () => edge, { classes: ['a', 'b'] }, 'BAD_METADATA', /26 outputs, got 2/],
    ['fewer thresholds than classes', () => edge, { thresholds: [0] }, 'BAD_METADATA', /26 numbers/],
    ['another preset', () => edge, { preset: 'compact' }, 'MISSING_TENSOR', /config "compact": .* missing \(blocks\.0\.p1\.0/],
    [
      'no preset',
      () => change({}, { 'linear1.bias': undefined }),
      {},
      'MISSING_TENSOR',
      /"edge" comes nearest, with 1 missing \(linear1\.bias\)/,
    ],
    [
      'a shape',
      () => change({}, { 'linear1.bias': floats(127) }),
      { preset: 'edge' },
      'MISSHAPEN_TENSOR',
      /1 misshapen \(linear1\.bias \[127\] instead of \[128\]\)/,
    ],
    [
      'per-lead projections without their config',
      () => change({}, {}, testWeightFile(testConfig('edge', { leadProjection: 'perLead' }))),
      {},
      'MISSHAPEN_TENSOR',
      /leadProjection "perLead"/,
    ],
    ['a tensor too many', () => change({}, { 'linear3.bias': floats(1) }), {}, 'UNKNOWN_TENSOR', /1 unknown \(linear3\.bias\)/],
    [
      'whole numbers for weights',
      () => change({}, { 'linear1.bias': { dtype: 'I32', shape: [128], bytes: new Uint8Array(512) } }),
      {},
      'UNSUPPORTED_DTYPE',
      /got I32 \(tensor linear1\.bias\)/,
    ],
    [
      'a value that is not finite',
      () => change({}, { 'linear1.bias': { ...floats(128), bytes: new Uint8Array(512).fill(0xff) } }),
      {},
      'BAD_TENSOR_VALUE',
      /NaN \(tensor linear1\.bias\)/,
    ],
    [
      'a float64 beyond float32',
      () => change({}, { 'linear1.bias': { dtype: 'F64', shape: [128], bytes: new Uint8Array(new Float64Array(128).fill(1e39).buffer) } }),
      {},
      'BAD_TENSOR_VALUE',
      /Infinity/,
    ],
    ['a bad config', () => edge, { config: { ...PRESETS.edge, heads: 0 } }, 'BAD_CONFIG', /config\.heads/],
  ])('%s: an error that says so', async (_what, bytes, options, code, message) => {
    const run = convert(bytes(), options);
    await expect(run).rejects.toMatchObject({ name: 'WeightsError', code });
    await expect(run).rejects.toThrow(message);
  });

  it('int8: a smaller file that says what it cost, calibrated on the records given or on simulated ones', async () => {
    const records = [simulate({ seed: 1 }), simulate({ seed: 2 })];
    const { file, report } = await convert(edge, { quantize: 'int8', records });
    const { quantization } = report;
    if (quantization === 'none') throw new Error('not quantized');
    expect(quantization).toMatchObject({ calibration: { source: 'records', records: 2 }, saturated: 0 });
    expect(quantization.bytes.after).toBe(file.byteLength);
    expect(file.byteLength).toBeLessThan(edge.byteLength / 3);
    expect(quantization.comparison.logits.largestDifference).toBeLessThan(0.5);
    expect(Math.min(...quantization.layers.map(({ snr }) => snr))).toBeGreaterThan(20);
    expect((await convert(edge, { quantize: 'int8', records })).file).toEqual(file);
    const model = await loadModel(file, { selfTest: true });
    expect(model.classify(records[0]!).saturated).toBe(0);
    for (const [key, text] of Object.entries(parseSafetensors(file).metadata)) if (/^[[{]/.test(text)) expect(text, key).toBe(sorted(text));
  });

  it('the answer in the file is that of its network: another weight gives another', async () => {
    const { file } = await convert(edge);
    const { metadata, tensors } = parseSafetensors(file);
    const changed = new Map(tensors).set('linear2.bias', { ...tensors.get('linear2.bias')!, bytes: new Uint8Array(26 * 4) });
    await expect(loadModel(formatSafetensors({ ...metadata }, changed), { selfTest: true })).rejects.toMatchObject({
      code: 'SELF_TEST_FAILED',
    });
    await expect(loadModel(file, { selfTest: true })).resolves.toBeDefined();
  });

  it.each<[unknown, unknown, typeof TypeError | typeof RangeError, string]>([
    ['path', {}, TypeError, '"bytes" expected a Uint8Array or an ArrayBuffer, got string'],
    [edge, { preset: 'edge', config: PRESETS.edge }, TypeError, '"preset" and "config" exclude each other'],
    [edge, { preset: 'toString' }, RangeError, '"preset" expected published, compact, edge, got "toString"'],
    [edge, { classes: 'AF' }, TypeError, '"classes" expected a list, got string'],
    [edge, { quantize: 'int4' }, RangeError, '"quantize" expected "none" or "int8", got "int4"'],
    [edge, { name: 7 }, TypeError, '"name" expected a string, got number'],
  ])('wrong options %#', async (bytes, options, type, message) => {
    await expect(convert(bytes as Uint8Array, options as ConvertOptions)).rejects.toThrow(new type(message));
  });
});

describe('files that are no checkpoint', () => {
  it.each<[string, Uint8Array | string, string, RegExp]>([
    ['nothing', '', 'UNKNOWN_CHECKPOINT', /Neither/],
    ['a web page', '<!DOCTYPE html><html>', 'UNKNOWN_CHECKPOINT', /web page/],
    ['a pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:00', 'UNKNOWN_CHECKPOINT', /git lfs pull/],
    ['a pickle of protocol 0', '(dp0\n.', 'UNKNOWN_CHECKPOINT', /protocol 2 to 5/],
    ['an empty zip archive', 'PK\x03\x04', 'BAD_ZIP', /directory/],
  ])('%s', async (_what, content, code, message) => {
    const run = convert(typeof content === 'string' ? new TextEncoder().encode(content) : content);
    await expect(run).rejects.toMatchObject({ name: 'WeightsError', code });
    await expect(run).rejects.toThrow(message);
  });
});
