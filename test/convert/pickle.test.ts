// The pickle machine: what Python wrote is read as Python means it; what an attacker wrote is a named error, soon and in little memory.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/convert/checkpoint.js';
import { convert } from '../../src/convert/index.js';
import { NumpyArray } from '../../src/convert/numpy.js';
import { PickleSession } from '../../src/convert/pickle.js';
import { CHECKPOINT_GLOBALS } from '../../src/convert/torch.js';
import { WeightsError } from '../../src/errors.js';
import { FIXTURES, fixtureOptions, readFixture } from './fixture.js';

type Part = string | number | number[] | Uint8Array;

/** Bytes out of letters (latin1), numbers and lists of them. */
function bytesOf(...parts: Part[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === 'string' ? Array.from(part, (letter) => letter.charCodeAt(0)) : part instanceof Uint8Array ? Array.from(part) : part,
    ),
  );
}

const pickle = (...parts: Part[]) => bytesOf(0x80, 4, ...parts, '.');
const little = (value: number, count: number) => Array.from({ length: count }, (_, i) => Math.floor(value / 256 ** i) % 256);
const text = (value: string) => bytesOf('X', little(value.length, 4), value);
const global = (module: string, name: string) => `c${module}\n${name}\n`;
const repeat = (count: number, ...parts: Part[]) => {
  const once = bytesOf(...parts);
  const all = new Uint8Array(once.length * count);
  for (let i = 0; i < count; i++) all.set(once, i * once.length);
  return all;
};

/** Magic number, protocol and system of a legacy torch.save. */
const LEGACY_START = [
  bytesOf(0x80, 2, 0x8a, 10, [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19], '.'),
  bytesOf(0x80, 2, 'M', [0xe9, 3], '.'),
  pickle('}'),
];

function unpickle(bytes: Uint8Array): unknown {
  return new PickleSession(bytes.length).read(bytes, 0, { globals: CHECKPOINT_GLOBALS }).value;
}

/** As training/fixtures.py writes values to JSON. */
function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (value instanceof Set) return { set: Array.from(value, toJson) };
  if (value instanceof Map) return Object.fromEntries(Array.from(value, ([key, element]) => [key, toJson(element)]));
  if (value instanceof NumpyArray) return value.values().map(toJson);
  return Array.isArray(value) ? value.map(toJson) : value;
}

/** A budget for anything hostile; the machine may be busy. */
const SECONDS = 5;
const MEGABYTES = 300;

/** The error of reading a checkpoint: a WeightsError, within bounded time and memory. */
function refusal(bytes: Uint8Array): WeightsError {
  const before = process.memoryUsage();
  const start = performance.now();
  let caught: unknown;
  try {
    readCheckpoint(bytes);
  } catch (error) {
    caught = error;
  }
  const after = process.memoryUsage();
  expect((performance.now() - start) / 1000).toBeLessThan(SECONDS);
  expect((after.arrayBuffers - before.arrayBuffers) / 1e6).toBeLessThan(MEGABYTES);
  expect(caught).toBeInstanceOf(WeightsError);
  return caught as WeightsError;
}

describe('values of Python', () => {
  const cases = JSON.parse(gunzipSync(readFileSync(new URL('fixtures/values.json.gz', import.meta.url))).toString()) as {
    protocol: number;
    pickle: string;
    value: unknown;
  }[];

  it.each([2, 3, 4, 5])('protocol %i', (protocol) => {
    const chosen = cases.filter((entry) => entry.protocol === protocol);
    expect(chosen.length).toBeGreaterThan(30);
    for (const entry of chosen) expect(toJson(unpickle(Buffer.from(entry.pickle, 'hex'))), entry.pickle.slice(0, 200)).toEqual(entry.value);
  });

  it('shares what Python shares, and keeps what holds itself', () => {
    const [first, second] = unpickle(pickle(']', 0x94, 'K', 1, 'a', 'h', 0, 0x86)) as unknown[];
    expect(first).toEqual([1]);
    expect(second).toBe(first);
    const list = unpickle(pickle(']', 0x94, 'h', 0, 'a')) as unknown[];
    expect(list[0]).toBe(list);
  });

  it.each<[string, Part[], unknown]>([
    ['the str of Python 2', ['U', 2, 'ab'], 'ab'],
    ['POP, POP_MARK, DUP', ['(', 'K', 9, '1', 'K', 7, '2', '0'], 7],
    ['POP of a mark', ['K', 7, '(', '0'], 7],
    ['LIST and DICT', ['(', 'K', 1, '(', 'K', 2, 'K', 3, 'd', 'l'], [1, new Map([[2, 3]])]],
    ['an OrderedDict of pairs', [global('collections', 'OrderedDict'), '(', '(', 'K', 1, 'K', 2, 't', 'l', 0x85, 'R'], new Map([[1, 2]])],
    ['NEWOBJ_EX without keywords', [global('collections', 'OrderedDict'), ')', '}', 0x92], new Map()],
    ['a set of protocol 2', [global('__builtin__', 'set'), '(', 'K', 1, 'l', 0x85, 'R'], new Set([1])],
  ])('%s', (_what, parts, value) => expect(unpickle(pickle(...parts))).toEqual(value));
});

describe('unknown globals', () => {
  const shell = [text('echo it ran'), 0x85, 'R'];

  it.each<[string, Part[], string]>([
    ['os.system', [global('os', 'system'), ...shell], 'os.system'],
    ['posix.system', [text('posix'), text('system'), 0x93, ...shell], 'posix.system'],
    ['builtins.eval', [global('builtins', 'eval'), ...shell], 'builtins.eval'],
    ['a class', [global('subprocess', 'Popen'), ...shell.slice(0, 2), 0x81], 'subprocess.Popen'],
    ['a nested name', [text('torch'), text('serialization.load'), 0x93, ...shell], 'torch.serialization.load'],
    ['a method of what is allowed', [global('collections', 'OrderedDict.__init__'), ')', 'R'], 'collections.OrderedDict.__init__'],
    ['an object of JavaScript', [global('constructor', 'constructor'), ...shell], 'constructor.constructor'],
  ])('%s', (_what, parts, name) => {
    const error = refusal(pickle(...parts));
    expect(error).toMatchObject({ code: 'UNKNOWN_GLOBAL' });
    expect(error.message).toContain(`does not need: ${name}. Nothing was run.`);
    expect(error.message).toMatch(/torch\.save\(model\.state_dict\(\)/);
  });

  it('are all told, though the first would already do', () => {
    const calls = ['b.two', 'a.one', 'b.two', 'c.\x1b[31mred'].flatMap((name) => [
      global(...(name.split('.') as [string, string])),
      text('x'),
      0x85,
      'R',
      '}',
      'b',
    ]);
    const rest = [global('torch._utils', '_rebuild_tensor_v2'), 'N', 0x85, 'R'];
    const error = refusal(pickle('(', ...calls, ...rest, 't', 'K', 1, 'a'));
    expect(error.message).toContain('does not need: a.one, b.two, c.??31mred. Nothing');
  });

  it('of a nested stream are told too', () => {
    const nested = pickle(global('os', 'system'));
    const stream = bytesOf(...LEGACY_START, nested);
    const load = [global('torch.storage', '_load_from_bytes'), 'B', little(stream.length, 4), stream, 0x85, 'R'];
    expect(refusal(pickle('(', ...load, global('evil', 'twin'), 't')).message).toContain('evil.twin, os.system');
  });

  it('are told in number where there are many', () => {
    const error = refusal(pickle('(', ...Array.from({ length: 5000 }, (_, i) => global('m', `n${i}`)), 't'));
    expect(error.message).toMatch(/, and 980 more\. Nothing/);
    expect(error.message.length).toBeLessThan(1000);
  });

  it.each(['i', 'o', 'P', 'g', 'p', 'I', 'S'])('opcode %s of old protocols is refused', (opcode) => {
    expect(refusal(pickle('(', `${opcode}os\nsystem\n`))).toMatchObject({ code: 'UNSUPPORTED_PICKLE', place: { offset: 3 } });
  });
});

describe('bombs', () => {
  /** Lists of ten times the one before: 10^levels elements, if anything copied them. */
  const memoBomb = (levels: number) =>
    [
      ']',
      0x94,
      ...Array.from({ length: levels }, (_, i) => [
        '(',
        ...Array(10)
          .fill('h')
          .flatMap((get) => [get, i]),
        'l',
        0x94,
      ]).flat(),
    ] as Part[];

  it('a memo bomb costs what its bytes cost', () => {
    expect(refusal(pickle(...memoBomb(200)))).toMatchObject({ code: 'BAD_PICKLE' });
    const bytes = pickle(
      '}',
      '(',
      text('state_dict'),
      '}',
      text('linear2.bias'),
      ...tensorOf(storageOf(1), [1], [1]),
      's',
      text('classes'),
      '(',
      ...memoBomb(20),
      'l',
      'u',
    );
    expect(() => readCheckpoint(bytes).extra('classes')).toThrow(/"classes" is too large, or holds itself/);
  });

  it('a list that holds itself is no class list', () => {
    const bytes = pickle(
      '}',
      '(',
      text('state_dict'),
      '}',
      text('linear2.bias'),
      ...tensorOf(storageOf(1), [1], [1]),
      's',
      text('classes'),
      ']',
      0x94,
      'h',
      0,
      'a',
      'u',
    );
    expect(() => readCheckpoint(bytes).extra('classes')).toThrow(/"classes" is too large, or holds itself/);
  });

  it.each<[string, () => Part[], string]>([
    ['marks in marks', () => ['(((((((((('.repeat(101)], 'PICKLE_LIMIT'],
    ['tuples in tuples', () => [')', repeat(1_000_000, 0x85)], 'BAD_CHECKPOINT'],
    ['lists in lists', () => [repeat(900, '('), repeat(900, 'l')], 'BAD_CHECKPOINT'],
    ['five million values', () => [repeat(5_000_000, 'N')], 'PICKLE_LIMIT'],
    ['a million and one memos', () => ['N', repeat(1_000_001, 0x94)], 'PICKLE_LIMIT'],
    [
      'a list copied over and over',
      () => [
        global('collections', 'OrderedDict'),
        0x94,
        '(',
        repeat(5000, 'NN', 0x86),
        'l',
        0x85,
        0x94,
        repeat(500_000, 'h', 0, 'h', 1, 'R', '0'),
        'N',
      ],
      'PICKLE_LIMIT',
    ],
    [
      'a text encoded over and over',
      () => [
        global('_codecs', 'encode'),
        0x94,
        text('x'.repeat(100_000)),
        text('latin1'),
        0x86,
        0x94,
        repeat(500_000, 'h', 0, 'h', 1, 'R', '0'),
        'N',
      ],
      'PICKLE_LIMIT',
    ],
    ['an integer of a megabyte', () => [0x8b, little(1 << 20, 4), repeat(1 << 20, 1)], 'PICKLE_LIMIT'],
  ])('%s', (_what, parts, code) => {
    const [first, ...rest] = parts();
    const chunks = [0x80, 4, first!, ...rest, '.'].map((part) => (part instanceof Uint8Array ? part : bytesOf(part as Part)));
    expect(refusal(new Uint8Array(Buffer.concat(chunks)))).toMatchObject({ code });
  });

  it('streams in streams', () => {
    const wrap = (inner: Uint8Array): Uint8Array => {
      const stream = bytesOf(...LEGACY_START, inner);
      return pickle(global('torch.storage', '_load_from_bytes'), 'B', little(stream.length, 4), stream, 0x85, 'R');
    };
    let bytes = pickle('N');
    for (let level = 0; level < 10; level++) bytes = wrap(bytes);
    expect(refusal(bytes)).toMatchObject({ code: 'PICKLE_LIMIT', message: expect.stringContaining('nested more than') });
  });

  /** The opcodes of a storage of 32-bit ones, as a plain pickle holds it. */
  function storageOf(elements: number): Part[] {
    const id = ['(', text('storage'), global('torch', 'FloatStorage'), text('0'), text('cpu'), 'K', elements, 'N', 't', 'Q'];
    const values = repeat(elements, [0, 0, 0x80, 0x3f]);
    const stream = bytesOf(...LEGACY_START, pickle(...id), pickle(']', text('0'), 'a'), little(elements, 8), values);
    return [global('torch.storage', '_load_from_bytes'), 'B', little(stream.length, 4), stream, 0x85, 'R'];
  }

  function tensorOf(storage: Part[], shape: number[], strides: number[]): Part[] {
    const numbers = (values: number[]): Part[] => ['(', ...values.flatMap((value): Part[] => [0x8a, 7, little(value, 7)]), 't'];
    return [
      global('torch._utils', '_rebuild_tensor_v2'),
      '(',
      ...storage,
      'K',
      0,
      ...numbers(shape),
      ...numbers(strides),
      0x89,
      'N',
      't',
      'R',
    ];
  }

  it('a tensor of 4 GB out of one element takes no memory', async () => {
    const bytes = pickle('}', text('linear1.weight'), ...tensorOf(storageOf(1), [1 << 15, 1 << 15], [0, 0]), 's');
    expect(readCheckpoint(bytes).tensors.get('linear1.weight')!.shape).toEqual([1 << 15, 1 << 15]);
    const before = process.memoryUsage().arrayBuffers;
    await expect(convert(bytes, { preset: 'edge' })).rejects.toMatchObject({
      code: 'MISSING_TENSOR',
      message: expect.stringContaining('[32768,32768]'),
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e7);
  });

  it.each<[string, number[], number[]]>([
    ['of 4 GB', [1 << 30], [1]],
    ['of 2^60 elements', [2 ** 46, 2 ** 14], [0, 0]],
    ['that steps out', [2], [1 << 30]],
  ])('a tensor %s is refused', (_what, shape, strides) => {
    expect(refusal(pickle('}', text('a'), ...tensorOf(storageOf(1), shape, strides), 's'))).toMatchObject({ code: 'BAD_PICKLE' });
  });

  it('a storage of 4 GB is refused before it is made', () => {
    const small = readFixture('small-legacy.pt');
    const at = Buffer.from(small).indexOf(bytesOf('K', 3, 'Nt'));
    expect(at).toBeGreaterThan(0);
    const bytes = bytesOf(small.subarray(0, at), 'J', little(0x7fffffff, 4), small.subarray(at + 2));
    expect(refusal(bytes)).toMatchObject({ code: 'BAD_PICKLE', message: expect.stringMatching(/storage of 8589934588 bytes/) });
  });
});

describe('lengths that lie', () => {
  it.each<[string, Part[]]>([
    ['LONG1', [0x8a, 200, 1]],
    ['LONG4', [0x8b, little(250, 4), 1]],
    ['LONG4, negative', [0x8b, [0xff, 0xff, 0xff, 0xff], 1]],
    ['BINUNICODE', ['X', little(0xffffffff, 4), 'a']],
    ['SHORT_BINUNICODE', [0x8c, 200, 'a']],
    ['BINUNICODE8', [0x8d, little(2 ** 40, 8), 'a']],
    ['BINUNICODE8 beyond 2^53', [0x8d, Array(8).fill(0xff), 'a']],
    ['BINBYTES', ['B', little(0xffffffff, 4), 'a']],
    ['BINBYTES8', [0x8e, little(2 ** 40, 8), 'a']],
    ['BYTEARRAY8', [0x96, little(2 ** 40, 8), 'a']],
    ['FRAME', [0x95, little(2 ** 40, 8), 'N']],
    ['BINSTRING', ['T', little(0xffffffff, 4), 'a']],
    ['GLOBAL without its end', ['cos']],
  ])('%s', (_what, parts) => {
    const error = refusal(pickle(...parts));
    expect(['BAD_PICKLE', 'PICKLE_LIMIT']).toContain(error.code);
    expect(error.place).toMatchObject({ format: 'pickle', offset: 2 });
  });
});

describe('malformed', () => {
  it.each<[string, Uint8Array, string, RegExp]>([
    ['an unknown opcode', pickle(0xfe), 'BAD_PICKLE', /unknown opcode 0xfe .*offset 2/],
    ['protocol 6', bytesOf(0x80, 6, 'N.'), 'UNSUPPORTED_PICKLE', /protocol 6; 2 to 5 are read/],
    ['an empty stack', pickle('R'), 'BAD_PICKLE', /no value to work on/],
    ['a value below a mark', pickle('N(a'), 'BAD_PICKLE', /no value to work on/],
    ['no mark', pickle('N', 't'), 'BAD_PICKLE', /no mark/],
    ['two values', pickle('NN'), 'BAD_PICKLE', /ends with 2 values/],
    ['an unset memo', pickle('h', 9), 'BAD_PICKLE', /memo 9/],
    ['a call of a number', pickle('K', 1, ')', 'R'), 'BAD_PICKLE', /no function/],
    ['a call of a dtype', pickle(global('torch', 'float32'), ')', 'R'), 'BAD_PICKLE', /no function/],
    ['a call with a number', pickle(global('collections', 'OrderedDict'), 'N', 'R'), 'BAD_PICKLE', /no function/],
    ['a state for a number', pickle('K', 1, '}', 'b'), 'BAD_PICKLE', /state/],
    ['an element for a tuple', pickle(')', 'N', 'a'), 'BAD_PICKLE', /no list/],
    ['an odd number of items', pickle('}', '(', 'N', 'u'), 'BAD_PICKLE', /no dict/],
    ['an item for a list', pickle(']', 'NN', 's'), 'BAD_PICKLE', /no dict/],
    ['an item for what is no set', pickle(']', '(', 'N', 0x90), 'BAD_PICKLE', /no set/],
    ['text that is not UTF-8', pickle(0x8c, 1, [0xff]), 'BAD_PICKLE', /not UTF-8/],
    ['a global without a name', pickle('N', 'N', 0x93), 'BAD_PICKLE', /without a name/],
    ['a persistent id', pickle('N', 'Q'), 'BAD_PICKLE', /persistent id/],
    ['a buffer out of band', pickle(0x97), 'UNSUPPORTED_PICKLE', /out of band/],
    ['an extension', pickle(0x82, 1), 'UNSUPPORTED_PICKLE', /extension/],
    ['keywords', pickle(global('collections', 'OrderedDict'), ')', '}', 'NN', 's', 0x92), 'UNSUPPORTED_PICKLE', /keyword/],
    ['a number for a checkpoint', pickle('K', 1), 'BAD_CHECKPOINT', /something else than a dict/],
    ['an empty dict', pickle('}'), 'BAD_CHECKPOINT', /no tensors/],
    ['a dict of numbers', pickle('}', text('epoch'), 'K', 1, 's'), 'BAD_CHECKPOINT', /the entry "epoch" is no tensor/],
    ['an encoding', pickle(global('_codecs', 'encode'), text('a'), text('rot13'), 0x86, 'R'), 'BAD_PICKLE', /latin1/],
    ['a tensor without storage', pickle(global('torch._utils', '_rebuild_tensor_v2'), 'NNN', 0x87, 'R'), 'BAD_PICKLE', /storage/],
    [
      'a type that rebuilds itself',
      pickle(global('torch._tensor', '_rebuild_from_type_v2'), 0x94, 'h', 0, 'N', ')', 0x87, 'R'),
      'BAD_PICKLE',
      /no known type/,
    ],
  ])('%s', (_what, bytes, code, message) => {
    const error = refusal(bytes);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });
});

describe('damage', () => {
  const SMALL = Object.keys(FIXTURES).filter((name) => name.startsWith('small'));

  it.each(SMALL)('every truncation of %s is a named error', (name) => {
    const bytes = readFixture(name);
    readCheckpoint(bytes);
    for (let length = 0; length < bytes.length; length++) {
      let error: unknown;
      try {
        const checkpoint = readCheckpoint(bytes.subarray(0, length));
        for (const tensor of checkpoint.tensors.values()) tensor.contiguous();
      } catch (caught) {
        error = caught;
      }
      expect(error, `${length} of ${bytes.length} bytes`).toBeInstanceOf(WeightsError);
    }
  });

  it.each(Object.keys(FIXTURES))('truncations of %s are named errors', async (name) => {
    const bytes = readFixture(name);
    const lengths = Array.from({ length: 60 }, (_, i) => Math.floor((bytes.length * i) / 60) + (i % 3));
    for (const length of [...lengths, bytes.length - 1]) {
      await expect(convert(bytes.slice(0, length), fixtureOptions(name)), `${length}`).rejects.toBeInstanceOf(WeightsError);
    }
  });

  it.each([...SMALL, 'lists.onnx', 'mixed.safetensors', 'mixed.pt'])('mutations of %s are read or named errors', async (name) => {
    const original = readFixture(name);
    const mutation = fc.record({ at: fc.nat(Math.min(original.length, 4000) - 1), byte: fc.nat(255), fromEnd: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
        const bytes = original.slice();
        for (const { at, byte, fromEnd } of mutations) bytes[fromEnd ? bytes.length - 1 - at : at] = byte;
        const start = performance.now();
        try {
          await convert(bytes, fixtureOptions(name));
        } catch (error) {
          if (!(error instanceof WeightsError)) throw error;
        }
        expect(performance.now() - start).toBeLessThan(1000 * SECONDS);
      }),
      { numRuns: name.startsWith('small') ? 3000 : 300 },
    );
  });

  it('random bytes behind the beginning of a pickle are read or named errors', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (tail) => {
        try {
          unpickle(bytesOf(0x80, 4, tail, '.'));
        } catch (error) {
          if (!(error instanceof WeightsError)) throw error;
        }
      }),
      { numRuns: 20_000 },
    );
  });
});
