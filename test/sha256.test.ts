import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../src/sha256.js';
import { splitmix32 } from '../src/splitmix32.js';

function bytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => splitmix32(length, i));
}

function reference(input: Uint8Array): string {
  return createHash('sha256').update(input).digest('hex');
}

describe('sha256', () => {
  // FIPS 180-4, examples of the Secure Hash Standard.
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1'],
  ])('of %j', (text, digest) => expect(sha256(new TextEncoder().encode(text))).toBe(digest));

  it('agrees with node:crypto for every length from 0 to 200', () => {
    for (let length = 0; length <= 200; length++) expect(sha256(bytes(length)), `${length}`).toBe(reference(bytes(length)));
  });

  it.each([4095, 4096, 1_000_000])('agrees with node:crypto for %d bytes', (length) => {
    expect(sha256(bytes(length))).toBe(reference(bytes(length)));
  });

  it('takes a part of a larger buffer, and a Buffer', () => {
    const larger = bytes(300);
    for (const [from, to] of [
      [1, 2],
      [3, 130],
      [7, 300],
    ] as const) {
      expect(sha256(larger.subarray(from, to))).toBe(reference(larger.slice(from, to)));
      expect(sha256(Buffer.from(larger).subarray(from, to))).toBe(reference(larger.slice(from, to)));
    }
  });
});
