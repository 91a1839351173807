// Valid files with something wrong in them, through the fuzzer's targets: cut off, bytes changed, numbers made extreme, two files mixed.

import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { seeds } from './seeds.js';
import * as functions from './targets/index.js';

type Target = (input: Uint8Array) => void | Promise<void>;

const TARGETS = new Map<string, unknown>(Object.entries(functions));

const inputs = seeds(fileURLToPath(new URL('..', import.meta.url)));
const SEED = 20261126;
/** Longer seeds make slow runs, and most of them are samples. */
const LONGEST = 8192;
/** Of the targets that run commands, or a decoder of their own each time. */
const SLOW = ['commandLine', 'recordFile', 'flacStream', 'conversion', 'dispatch'];

const EXTREME_TEXTS = [
  '',
  '0',
  '-1',
  '-0',
  '1e9',
  '2147483648',
  '4294967296',
  '9007199254740993',
  '1e308',
  '1e-320',
  '1e400',
  '0x1F',
  'NaN',
  '00000',
  '1'.repeat(400),
];
const EXTREME_INTEGERS = [0, 1, -1, 127, 128, 32_767, -32_768, 65_535, 2 ** 31 - 1, -(2 ** 31), 0xffff];

/** A number between 0 and 1 says where, so that one generator fits files of all lengths. */
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const change = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: place }),
  fc.record({ kind: fc.constant('bytes' as const), at: place, bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }) }),
  fc.record({ kind: fc.constant('remove' as const), at: place, count: fc.integer({ min: 1, max: 64 }) }),
  fc.record({ kind: fc.constant('repeat' as const), at: place, count: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ kind: fc.constant('text' as const), at: place, text: fc.constantFrom(...EXTREME_TEXTS) }),
  fc.record({
    kind: fc.constant('integer' as const),
    at: place,
    value: fc.constantFrom(...EXTREME_INTEGERS),
    width: fc.constantFrom(1, 2, 4),
  }),
  fc.record({ kind: fc.constant('mix' as const), at: place, other: place, from: place }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function apply(file: Uint8Array, edit: Change, others: Uint8Array[]): Uint8Array {
  const at = Math.floor(edit.at * file.length);
  const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
  const [before, behind] = [file.subarray(0, at), file.subarray(at)];
  switch (edit.kind) {
    case 'cut':
      return before.slice();
    case 'bytes':
      return join(before, edit.bytes, behind.subarray(edit.bytes.length));
    case 'remove':
      return join(before, behind.subarray(edit.count));
    case 'repeat':
      return join(before, behind.subarray(0, edit.count), behind);
    case 'integer': {
      const field = new Uint8Array(4);
      new DataView(field.buffer).setInt32(0, edit.value | 0, true);
      return join(before, field.subarray(0, edit.width), behind.subarray(edit.width));
    }
    case 'mix': {
      const other = others[Math.floor(edit.other * others.length)]!;
      return join(before, other.subarray(Math.floor(edit.from * other.length)));
    }
    case 'text':
      return replaceNumber(file, at, edit.text);
  }
}

/** The next run of digits behind `at`, with sign and decimals, as something else. */
function replaceNumber(file: Uint8Array, at: number, text: string): Uint8Array {
  const latin1 = Buffer.from(file.buffer, file.byteOffset, file.length).toString('latin1');
  const numbers = /-?\d[\d.]*/g;
  numbers.lastIndex = at;
  const found = numbers.exec(latin1);
  if (!found) return file;
  return new Uint8Array(Buffer.from(latin1.slice(0, found.index) + text + latin1.slice(found.index + found[0].length), 'latin1'));
}

describe.each([...inputs.keys()].sort())('%s', (name) => {
  const target = TARGETS.get(name) as Target;
  const files = inputs.get(name)!.filter(({ length }) => length <= LONGEST);

  it('takes a damaged file for what it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), fc.array(change, { minLength: 1, maxLength: 4 }), async (file, changes) => {
        await target(changes.reduce((damaged, edit) => apply(damaged, edit, files), file));
      }),
      { numRuns: SLOW.includes(name) ? 60 : 250, seed: SEED },
    );
  });

  it('takes any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => target(bytes)),
      { numRuns: SLOW.includes(name) ? 20 : 200, seed: SEED },
    );
  });
});
