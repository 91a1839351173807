// Files that were cut, damaged or made up: a WeightsError with a known code or a working model, never anything else, and at once.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadModel, WeightsError } from '../../src/index.js';
import { parseWeights } from '../../src/weights.js';
import { TINY_FILE, tinyRecord } from '../tiny-network.js';

const CODES = new Set([
  'BAD_SAFETENSORS',
  'BAD_METADATA',
  'BAD_CONFIG',
  'UNKNOWN_TENSOR',
  'MISSING_TENSOR',
  'MISSHAPEN_TENSOR',
  'UNSUPPORTED_DTYPE',
  'BAD_TENSOR_VALUE',
]);
const HEADER_BYTES = new DataView(TINY_FILE.buffer, TINY_FILE.byteOffset).getUint32(0, true);
const SLOWEST_MS = 1000;

/** The code of the refusal, or undefined for a file that was read. */
function outcome(bytes: Uint8Array): string | undefined {
  const start = performance.now();
  const code = codeOf(bytes);
  expect(performance.now() - start).toBeLessThan(SLOWEST_MS);
  return code;
}

function codeOf(bytes: Uint8Array): string | undefined {
  try {
    parseWeights(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof WeightsError && CODES.has(error.code)) return error.code;
    throw error;
  }
}

function withHeaderLength(bytes: Uint8Array, length: number): Uint8Array {
  const file = bytes.slice();
  new DataView(file.buffer).setUint32(0, length, true);
  return file;
}

describe('a file that ends early', () => {
  it('anywhere in the header', () => {
    for (let length = 0; length <= 8 + HEADER_BYTES; length++)
      expect(outcome(TINY_FILE.subarray(0, length)), `${length}`).toBe('BAD_SAFETENSORS');
  });

  it('anywhere in the header, which says so', () => {
    for (let length = 8; length < 8 + HEADER_BYTES; length += 13) {
      expect(outcome(withHeaderLength(TINY_FILE.subarray(0, length), length - 8)), `${length}`).toBe('BAD_SAFETENSORS');
    }
  });

  it('in the body', () => {
    for (let length = 8 + HEADER_BYTES; length < TINY_FILE.length; length += 97) {
      expect(outcome(TINY_FILE.subarray(0, length)), `${length}`).toBe('BAD_SAFETENSORS');
    }
    expect(outcome(TINY_FILE.subarray(0, TINY_FILE.length - 1))).toBe('BAD_SAFETENSORS');
    expect(outcome(TINY_FILE)).toBeUndefined();
  });

  it('is one that goes on too long, too', () => {
    for (const more of [1, 4, 1000]) {
      const longer = new Uint8Array(TINY_FILE.length + more);
      longer.set(TINY_FILE);
      expect(outcome(longer)).toBe('BAD_SAFETENSORS');
    }
  });
});

describe('a damaged file', () => {
  it('with any byte of the header changed', () => {
    const counts = new Map<string | undefined, number>();
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 7 + HEADER_BYTES }), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        (changes) => {
          const file = TINY_FILE.slice();
          for (const [at, value] of changes) file[at] = value;
          const code = outcome(file);
          counts.set(code, (counts.get(code) ?? 0) + 1);
        },
      ),
      { numRuns: 1000 },
    );
    expect(counts.size).toBeGreaterThan(3); // the damage reaches beyond the JSON parser
  });

  it('with another word in place of a word', () => {
    const text = new TextDecoder().decode(TINY_FILE.subarray(8, 8 + HEADER_BYTES));
    const words = [...new Set(text.match(/\\?"[^"\\]*\\?"|-?\d+/g))];
    const others = fc.oneof(
      fc.constantFrom(...words),
      fc.json({ maxDepth: 2 }),
      fc.constantFrom('null', '[]', '{}', '-1', '1e308', '9007199254740993'),
    );
    fc.assert(
      fc.property(fc.constantFrom(...words), fc.nat(30), others, (word, occurrence, other) => {
        let at = -1;
        for (let i = 0; i <= occurrence; i++) at = text.indexOf(word, at + 1);
        if (at < 0) at = text.indexOf(word);
        const header = new TextEncoder().encode(text.slice(0, at) + other + text.slice(at + word.length));
        const file = new Uint8Array(8 + header.length + TINY_FILE.length - 8 - HEADER_BYTES);
        file.set(header, 8);
        file.set(TINY_FILE.subarray(8 + HEADER_BYTES), 8 + header.length);
        outcome(withHeaderLength(file, header.length));
      }),
      { numRuns: 500 },
    );
  });

  it('with bytes of the body changed loads, or names the value', async () => {
    const record = tinyRecord(3);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(TINY_FILE.length - 9 - HEADER_BYTES), fc.nat(255)), { minLength: 1, maxLength: 20 }),
        async (changes) => {
          const file = TINY_FILE.slice();
          for (const [at, value] of changes) file[8 + HEADER_BYTES + at] = value;
          const code = outcome(file);
          expect([undefined, 'BAD_TENSOR_VALUE']).toContain(code);
          if (code !== undefined) return;
          const model = await loadModel(file);
          try {
            expect(model.classify(record).logits.every(Number.isFinite)).toBe(true);
          } catch (error) {
            expect(error).toMatchObject({ code: 'OVERFLOW' });
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a made-up file', () => {
  it('of random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(outcome(bytes)).toBe('BAD_SAFETENSORS');
      }),
      { numRuns: 1000 },
    );
  });

  it('of random JSON', () => {
    const entry = fc.record(
      {
        dtype: fc.oneof(fc.constantFrom('F32', 'I8', 'U8', 'constructor'), fc.jsonValue()),
        shape: fc.oneof(fc.array(fc.oneof(fc.nat(4), fc.maxSafeInteger())), fc.jsonValue()),
        data_offsets: fc.oneof(fc.tuple(fc.nat(64), fc.nat(64)), fc.array(fc.maxSafeInteger()), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const header = fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom('__metadata__', '__proto__', 'linear1.weight')),
      fc.oneof(entry, fc.jsonValue()),
    );
    fc.assert(
      fc.property(header, fc.nat(64), (value, bodyBytes) => {
        const json = new TextEncoder().encode(JSON.stringify(value));
        const file = new Uint8Array(8 + json.length + bodyBytes);
        file.set(json, 8);
        expect(outcome(withHeaderLength(file, json.length))).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });

  it('takes no memory for what it only claims', () => {
    const before = process.memoryUsage();
    const header = JSON.stringify({
      a: { dtype: 'F32', shape: [1e9, 1e9], data_offsets: [0, 4e18] },
      b: { dtype: 'F32', shape: [2 ** 30], data_offsets: [0, 2 ** 32] },
    });
    const file = new Uint8Array(8 + header.length);
    file.set(new TextEncoder().encode(header), 8);
    for (const length of [header.length, 99_999_999, 2 ** 32 - 1]) outcome(withHeaderLength(file, length));
    expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(1 << 20);
  });
});
