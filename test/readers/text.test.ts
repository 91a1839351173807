import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeText } from '../../src/readers/text.js';

it('decodes UTF-8 as TextDecoder does', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.boolean(), (text, mark) => {
      const bytes = new TextEncoder().encode(`${mark ? '\ufeff' : ''}${text}`);
      expect(decodeText(bytes)).toBe(new TextDecoder().decode(bytes));
    }),
  );
  const long = 'aµ心💓'.repeat(20_000);
  expect(decodeText(new TextEncoder().encode(long))).toBe(long);
});

it('takes what is no UTF-8 as ISO-8859-1', () => {
  const sequences = fc.oneof(
    fc.constantFrom(
      [0xb5],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xe2, 0x82],
      [0xf5, 0x80, 0x80, 0x80],
      [0xe0, 0x80, 0x80],
    ),
    fc.array(fc.nat(255), { maxLength: 6 }),
  );
  fc.assert(
    fc.property(sequences, (sequence) => {
      const bytes = Uint8Array.from([0x61, ...sequence, 0x62]);
      let expected = String.fromCharCode(...bytes);
      try {
        expected = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      } catch {}
      expect(decodeText(bytes)).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});

it('knows both orders of UTF-16', () => {
  expect(decodeText(Uint8Array.of(0xff, 0xfe, 0x49, 0, 0x3d, 0xd8, 0x93, 0xdc))).toBe('I💓');
  expect(decodeText(Uint8Array.of(0xfe, 0xff, 0, 0x49, 0xd8, 0x3d, 0xdc, 0x93))).toBe('I💓');
});
