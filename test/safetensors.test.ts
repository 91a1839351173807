import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSafetensors } from '../src/convert/format-safetensors.js';
import { type Dtype, parseSafetensors, type StoredTensor, tensorValues } from '../src/safetensors.js';

const SIZES: Record<Dtype, number> = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1 };

/** Names that are keys with a meaning somewhere, or are hard to write. */
const awkward = fc.constantFrom('__proto__', 'constructor', 'toString', '0', '17', '', ' ', 'a.b.0.weight', 'ü', '\u0000', '"', '😀');
const name = fc.oneof(fc.string(), awkward).filter((text) => text !== '__metadata__');

const tensor: fc.Arbitrary<StoredTensor> = fc
  .record({
    dtype: fc.constantFrom(...(Object.keys(SIZES) as Dtype[])),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
    seed: fc.integer({ min: 0, max: 255 }),
  })
  .map(({ dtype, shape, seed }) => {
    const byteLength = shape.reduce((product, size) => product * size, SIZES[dtype]);
    return { dtype, shape, bytes: Uint8Array.from({ length: byteLength }, (_, i) => seed + i) };
  });

const file = fc.record({
  metadata: fc.array(fc.tuple(fc.oneof(fc.string(), awkward), fc.string())).map((entries) => Object.fromEntries(entries)),
  tensors: fc.array(fc.tuple(name, tensor), { maxLength: 8 }).map((entries) => new Map(entries)),
});

describe('formatSafetensors, then parseSafetensors', () => {
  it('gives back what was there', () => {
    fc.assert(
      fc.property(file, fc.integer({ min: 0, max: 9 }), ({ metadata, tensors }, offset) => {
        const bytes = formatSafetensors(metadata, tensors);
        expect(formatSafetensors(metadata, tensors)).toEqual(bytes);
        const larger = new Uint8Array(bytes.length + offset);
        larger.set(bytes, offset);
        const parsed = parseSafetensors(larger.subarray(offset));
        expect(Object.entries(parsed.metadata).sort()).toEqual(Object.entries(metadata).sort());
        expect(new Set(parsed.tensors.keys())).toEqual(new Set(tensors.keys()));
        for (const [key, expected] of tensors) {
          const { dtype, shape, bytes: values } = parsed.tensors.get(key)!;
          expect({ dtype, shape, values: Array.from(values) }).toEqual({
            dtype,
            shape: expected.shape,
            values: Array.from(expected.bytes),
          });
        }
      }),
      { numRuns: 200 },
    );
  });

  it('begins the tensors on a boundary of 8 bytes, one behind the other in the order given', () => {
    const one = { dtype: 'U8', shape: [3], bytes: Uint8Array.of(1, 2, 3) } as const;
    const two = { dtype: 'F64', shape: [], bytes: new Uint8Array(Float64Array.of(-0.1).buffer) } as const;
    const bytes = formatSafetensors(
      { a: 'b' },
      new Map<string, StoredTensor>([
        ['z', one],
        ['a', two],
      ]),
    );
    const headerBytes = new DataView(bytes.buffer).getUint32(0, true);
    expect(headerBytes % 8).toBe(0);
    expect(Array.from(bytes.subarray(8 + headerBytes, 8 + headerBytes + 3))).toEqual([1, 2, 3]);
    expect(tensorValues(parseSafetensors(bytes).tensors.get('a')!)).toEqual(Float64Array.of(-0.1));
  });
});
