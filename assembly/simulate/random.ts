// SplitMix32: a counter stepped by the golden ratio and mixed by MurmurHash3's fmix32 (Steele, Lea, Flood 2014; Appleby 2011).
// Draw i of a seed needs no state, so a record comes out the same whatever the block size.

const GOLDEN: u32 = 0x9e3779b9;

// Each purpose has a stream of its own: switching one noise off moves nothing else.
export const STREAM_RHYTHM: u32 = 0;
export const STREAM_FIBRILLATION: u32 = 1;
export const STREAM_WANDER: u32 = 2;
export const STREAM_MAINS: u32 = 3;
export const STREAM_MUSCLE: u32 = 16; // and the 8 above it, one for each electrode

/** Draw `index` of `seed`: fmix32(seed + (index + 1) * golden ratio). */
export function u32_random(seed: u32, index: u32): u32 {
  let h = seed + (index + 1) * GOLDEN;
  h = (h ^ (h >> 16)) * 0x85ebca6b;
  h = (h ^ (h >> 13)) * 0xc2b2ae35;
  return h ^ (h >> 16);
}

/** Uniform on [0, 1), a multiple of 2^-32. */
export function uniform(seed: u32, index: u32): f64 {
  return <f64>u32_random(seed, index) * (1.0 / 4294967296.0);
}

/** Normal deviate of variance 1 by the sum of twelve uniforms (Irwin-Hall): no logarithm, no rejection, |x| < 6. */
export function normal(seed: u32, index: u32): f64 {
  let sum: f64 = -6;
  for (let draw: u32 = 0; draw < 12; draw++) sum += uniform(seed, index * 12 + draw);
  return sum;
}
