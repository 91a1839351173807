// Every code that a weight file can be refused with, by one change to a good file.

import { describe, expect, it } from 'vitest';
import { formatSafetensors } from '../../src/convert/format-safetensors.js';
import { loadModel, type NetworkConfig } from '../../src/index.js';
import { parseSafetensors } from '../../src/safetensors.js';
import { parseWeights } from '../../src/weights.js';
import { testWeightFile } from '../test-network.js';
import { changeFile, f32Tensor, TINY, TINY_FILE, tinyRecord } from '../tiny-network.js';
import { nested, refusal, refusalOf } from './refusal.js';

/** A file of a header and a body; the header's length is told true. */
function fileOf(header: unknown, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + body.length);
  new DataView(file.buffer).setUint32(0, json.length, true);
  file.set(json, 8);
  file.set(body, 8 + json.length);
  return file;
}

it('the file that the tests change is good', async () => {
  expect(parseWeights(TINY_FILE).config).toEqual(TINY);
  expect(parseWeights(changeFile(TINY_FILE, {})).name).toBe('test-tiny');
});

describe('BAD_SAFETENSORS', () => {
  const u8 = (begin: number, end: number) => ({ dtype: 'U8', shape: [end - begin], data_offsets: [begin, end] });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['seven bytes', new Uint8Array(7)],
    ['zeros', new Uint8Array(100)],
    ['a web page', new TextEncoder().encode(`<!doctype html>${'<p>not found</p>'.repeat(20)}`)],
    ['a header that is longer than the file', Uint8Array.of(255, 255, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d)],
    ['a header of 2^64 - 1 bytes', new Uint8Array(100).fill(255)],
    ['a header of 2^53 bytes', Uint8Array.of(0, 0, 0, 0, 0, 0, 32, 0, 0x7b, 0x7d)],
    ['no JSON', fileOf('{"a":')],
    ['no UTF-8', Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0, 0x22, 0xff, 0xfe, 0x22)],
    ['a list', fileOf([])],
    ['null', fileOf('null')],
    ['a number', fileOf('7')],
    ['deep lists', fileOf(nested(100_000))],
    ['a tensor of deep lists', fileOf(`{"a":${nested(100_000)}}`)],
    ['a shape of deep lists', fileOf(`{"a":{"dtype":"U8","shape":${nested(100_000)},"data_offsets":[0,0]}}`)],
    ['a dtype of deep lists', fileOf(`{"a":{"dtype":${nested(100_000)},"shape":[],"data_offsets":[0,0]}}`)],
    ['a dtype of deep objects', fileOf(`{"a":{"dtype":${nested(100_000, 'object')},"shape":[],"data_offsets":[0,0]}}`)],
    ['a dtype that is a list', fileOf({ a: { ...u8(0, 0), dtype: ['U8'] } })],
    ['a dtype with a toString of its own', fileOf({ a: { ...u8(0, 0), dtype: { toString: 1, valueOf: 1 } } })],
    ['a dtype that every object has', fileOf({ a: { ...u8(0, 0), dtype: 'constructor' } })],
    ['another dtype', fileOf({ a: { ...u8(0, 0), dtype: 'F8_E4M3' } })],
    ['null for a tensor', fileOf({ a: null })],
    ['a string for a tensor', fileOf({ a: 'U8' })],
    ['no shape', fileOf({ a: { dtype: 'U8', data_offsets: [0, 0] } })],
    ['no offsets', fileOf({ a: { dtype: 'U8', shape: [0] } })],
    ['one offset', fileOf({ a: { ...u8(0, 0), data_offsets: [0] } })],
    ['three offsets', fileOf({ a: { ...u8(0, 0), data_offsets: [0, 0, 0] } })],
    ['a shape of strings', fileOf({ a: { ...u8(0, 0), shape: ['0'] } })],
    ['a negative size', fileOf({ a: { ...u8(0, 4), shape: [-4] } }, new Uint8Array(4))],
    ['two negative sizes', fileOf({ a: { ...u8(0, 4), shape: [-2, -2] } }, new Uint8Array(4))],
    ['half a size', fileOf({ a: { ...u8(0, 4), shape: [0.5, 8] } }, new Uint8Array(4))],
    ['a negative offset', fileOf({ a: { ...u8(0, 4), data_offsets: [-4, 0] } }, new Uint8Array(4))],
    ['offsets the wrong way round', fileOf({ a: { ...u8(0, 4), data_offsets: [4, 0] } }, new Uint8Array(4))],
    ['a shape of 10^18', fileOf({ a: { dtype: 'F32', shape: [1e9, 1e9], data_offsets: [0, 4] } }, new Uint8Array(4))],
    [
      'a shape that overflows to infinity',
      fileOf({ a: { dtype: 'F32', shape: new Array(8).fill(9e15), data_offsets: [0, 4] } }, new Uint8Array(4)),
    ],
    ['a shape of 2^64 + 1', fileOf({ a: { dtype: 'U8', shape: [2 ** 32, 2 ** 32], data_offsets: [0, 0] } })],
    ['too many axes', fileOf({ a: { dtype: 'U8', shape: new Array(9).fill(1), data_offsets: [0, 1] } }, new Uint8Array(1))],
    ['a tensor beyond the end', fileOf({ a: u8(0, 9) }, new Uint8Array(8))],
    ['an overlap', fileOf({ a: u8(0, 5), b: u8(4, 8) }, new Uint8Array(8))],
    ['two in one place', fileOf({ a: u8(0, 8), b: u8(0, 8) }, new Uint8Array(8))],
    ['a gap', fileOf({ a: u8(0, 3), b: u8(4, 8) }, new Uint8Array(8))],
    ['a gap at the beginning', fileOf({ a: u8(1, 8) }, new Uint8Array(8))],
    ['bytes behind the last tensor', fileOf({ a: u8(0, 7) }, new Uint8Array(8))],
    ['a name twice', fileOf(`{"a":${JSON.stringify(u8(0, 4))},"a":${JSON.stringify(u8(4, 8))}}`, new Uint8Array(8))],
    ['metadata that is null', fileOf({ __metadata__: null })],
    ['metadata that is a string', fileOf({ __metadata__: 'leadwise/1' })],
    ['metadata with a number', fileOf({ __metadata__: { format: 1 } })],
    ['metadata with an object', fileOf({ __metadata__: { format: 'leadwise/1', config: TINY } })],
  ])('%s', (_, bytes) => {
    const start = performance.now();
    expect(refusal(bytes).code).toBe('BAD_SAFETENSORS');
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('says that a web page looks like one', () => {
    expect(refusal(new TextEncoder().encode('<html><body>404</body></html>')).message).toMatch(/web page/);
  });

  it('names the tensor', () => {
    expect(refusal(fileOf({ 'linear2.bias': u8(0, 9) })).place).toMatchObject({ format: 'safetensors', tensor: 'linear2.bias' });
  });

  it('__proto__ is a name like any other', () => {
    const body = new Uint8Array(4);
    expect(refusal(fileOf(`{"__proto__":{"dtype":"U8","shape":[5],"data_offsets":[0,4]}}`, body)).place.tensor).toBe('__proto__');
    const good = parseSafetensors(fileOf('{"__proto__":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', body));
    expect([...good.tensors.keys()]).toEqual(['__proto__']);
    expect(refusalOf({ tensors: Object.fromEntries([['__proto__', f32Tensor([1], [0])]]) })).toMatchObject({ code: 'UNKNOWN_TENSOR' });
    expect(({} as { dtype?: string }).dtype).toBeUndefined();
  });
});

describe('BAD_METADATA', () => {
  const zeros = new Array<number>(26).fill(0);
  it.each<[string, Record<string, unknown>]>([
    ['no format', { format: undefined }],
    ['another format', { format: 'leadwise/2' }],
    ['a config that is no JSON', { config: '{' }],
    ['classes that are no JSON', { classes: 'AF,AFL' }],
    ['no classes', { classes: undefined }],
    ['an empty list of classes', { classes: [] }],
    ['classes that are an object', { classes: { AF: 1 } }],
    ['classes that are numbers', { classes: zeros }],
    ['classes that are null', { classes: [null] }],
    ['deep classes', { classes: nested(100_000) }],
    ['a class without a name', { classes: [{ code: '1', abbreviation: 'A' }] }],
    ['a class twice', { classes: ['164889003', '164889003'] }],
    ['a class by two codes', { classes: ['713427006', '59118001'] }],
    ['too many classes', { classes: Array.from({ length: 5000 }, (_, index) => `c${index}`) }],
    ['no thresholds', { thresholds: undefined }],
    ['too few thresholds', { thresholds: zeros.slice(1) }],
    ['too many thresholds', { thresholds: [...zeros, 0] }],
    ['no threshold at all', { thresholds: [] }],
    ['thresholds that are strings', { thresholds: zeros.map(String) }],
    ['an infinite threshold', { thresholds: `[${zeros.slice(1)},1e999]` }],
    ['a threshold that is null', { thresholds: [...zeros.slice(1), null] }],
    ['thresholds that are an object', { thresholds: { values: zeros } }],
    ['thresholds that are a number', { thresholds: 0 }],
    ['a set without values', { thresholds: [{ leads: ['I'] }] }],
    ['a set with too few values', { thresholds: [{ leads: ['I'], values: [0] }] }],
    ['a set of unknown leads', { thresholds: [{ leads: ['X'], values: zeros }] }],
    ['a set of lead aliases', { thresholds: [{ leads: ['Lead II'], values: zeros }] }],
    ['a set with leads as text', { thresholds: [{ leads: 'I', values: zeros }] }],
    ['deep thresholds', { thresholds: nested(100_000) }],
    ['calibration that is null', { calibration: 'null' }],
    ['calibration that is no JSON', { calibration: 'none' }],
    ['calibration without a shift', { calibration: { temperature: 1 } }],
    ['calibration without a temperature', { calibration: { shift: 0 } }],
    ['temperature 0', { calibration: { temperature: 0, shift: 0 } }],
    ['a negative temperature', { calibration: { temperature: -1, shift: 0 } }],
    ['a temperature as text', { calibration: { temperature: '1', shift: 0 } }],
    ['an infinite shift', { calibration: '{"temperature":1,"shift":1e999}' }],
    ['too few shifts', { calibration: { temperature: 1, shift: [0] } }],
    ['a shift that is no number', { calibration: { temperature: 1, shift: zeros.map(() => '0') } }],
    ['calibration for an unknown lead', { calibration: [{ leads: ['X'], temperature: 1, shift: 0 }] }],
    ['deep calibration', { calibration: nested(100_000) }],
  ])('%s', (_, metadata) => {
    expect(refusalOf({ metadata }).code).toBe('BAD_METADATA');
  });

  it('a file without metadata', () => {
    const { tensors } = parseSafetensors(TINY_FILE);
    expect(refusal(formatSafetensors({}, new Map(tensors)))).toMatchObject({
      code: 'BAD_METADATA',
      message: expect.stringContaining('leadwise/1'),
    });
    expect(refusal(fileOf({})).code).toBe('BAD_METADATA');
  });
});

describe('tensors', () => {
  const bias = 'transformer.branch.1.mlp.3.bias';
  const zeros = new Array<number>(8).fill(0);
  const zerosBut = (index: number, value: number) => zeros.map((zero, i) => (i === index ? value : zero));

  it('UNKNOWN_TENSOR', () => {
    for (const tensor of ['linear3.weight', 'transformer.branch.1.mlp.3.bias ', 'transformer.stem.0.ln1.num_batches_tracked', '']) {
      const error = refusalOf({ tensors: { [tensor]: f32Tensor([1], [0]) } });
      expect(error).toMatchObject({ code: 'UNKNOWN_TENSOR', place: { tensor } });
      expect(error.message).toContain(tensor);
    }
  });

  it('MISSING_TENSOR, for each tensor of the file', () => {
    for (const tensor of parseSafetensors(TINY_FILE).tensors.keys()) {
      expect(refusalOf({ tensors: { [tensor]: undefined } })).toMatchObject({ code: 'MISSING_TENSOR', place: { tensor } });
    }
  });

  it('MISSHAPEN_TENSOR', () => {
    for (const shape of [[4, 2], [8, 1], [1, 8], [], [7], [9], [0]]) {
      const count = shape.reduce((product, size) => product * size, 1);
      const error = refusalOf({ tensors: { [bias]: f32Tensor(shape, new Array(count).fill(0)) } });
      expect(error).toMatchObject({ code: 'MISSHAPEN_TENSOR', place: { tensor: bias }, message: expect.stringContaining('[8]') });
    }
  });

  it('UNSUPPORTED_DTYPE', () => {
    for (const [dtype, size] of [
      ['F64', 8],
      ['F16', 2],
      ['BF16', 2],
      ['I8', 1],
      ['I64', 8],
      ['BOOL', 1],
    ] as const) {
      const error = refusalOf({ tensors: { [bias]: { dtype, shape: [8], bytes: new Uint8Array(8 * size) } } });
      expect(error).toMatchObject({ code: 'UNSUPPORTED_DTYPE', place: { tensor: bias }, message: expect.stringContaining(dtype) });
    }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('BAD_TENSOR_VALUE: %d', (value) => {
    for (const index of [0, 7]) {
      const error = refusalOf({ tensors: { [bias]: f32Tensor([8], zerosBut(index, value)) } });
      expect(error).toMatchObject({
        code: 'BAD_TENSOR_VALUE',
        place: { tensor: bias },
        message: expect.stringContaining(`Element ${index}`),
      });
    }
  });

  it('BAD_TENSOR_VALUE: a negative variance, of BatchNorm only', () => {
    const tensor = 'transformer.stem.0.ln2.running_var';
    expect(refusalOf({ tensors: { [tensor]: f32Tensor([8], zerosBut(3, -1e-9)) } })).toMatchObject({
      code: 'BAD_TENSOR_VALUE',
      place: { tensor },
    });
    const file = changeFile(TINY_FILE, { tensors: { [tensor]: f32Tensor([8], zeros), [bias]: f32Tensor([8], zerosBut(3, -1)) } });
    expect(parseWeights(file).parameters.tensors.get(bias)![3]).toBe(-1);
  });
});

it('weights that are finite, but too large to compute with', async () => {
  const record = tinyRecord();
  for (const value of [3e38, -3e38]) {
    const huge = f32Tensor([26, 128], new Array(26 * 128).fill(value));
    const model = await loadModel(changeFile(TINY_FILE, { tensors: { 'linear2.weight': huge } }));
    const overflow = expect.objectContaining({ name: 'LeadwiseError', code: 'OVERFLOW' });
    expect(() => model.classify(record)).toThrow(overflow);
    await expect(model.classifyAsync(record)).rejects.toEqual(overflow);
    expect(() => model.forward(model.preprocess(record))).toThrow(overflow);
  }
});

it('MODEL_TOO_LARGE', async () => {
  const config: NetworkConfig = { ...TINY, preset: 'large', windowSamples: 1 << 17, stem: [[1, 256, 1, 0]] };
  const load = loadModel(testWeightFile(config));
  await expect(load).rejects.toMatchObject({ name: 'WeightsError', code: 'MODEL_TOO_LARGE' });
});
