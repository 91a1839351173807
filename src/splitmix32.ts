// The named generator of all seeded values, as in training/test_weights.py: SplitMix32, counter based, with MurmurHash3's finaliser.

/** FNV-1a, 32 bits, of the UTF-8 bytes of a name. */
export function fnv1a32(text: string): number {
  let value = 2166136261;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 16777619) >>> 0;
  return value;
}

/** z_i, an unsigned 32-bit integer. */
export function splitmix32(seed: number, i: number): number {
  let z = (seed + Math.imul(i + 1, 0x9e3779b9)) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

/** u_i = (z_i >>> 8) 2^-23 - 1, in [-1, 1). */
export function uniform(seed: number, i: number): number {
  return (splitmix32(seed, i) >>> 8) * 2 ** -23 - 1;
}
