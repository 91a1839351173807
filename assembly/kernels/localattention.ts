import { f32_softmax } from './activations';

// L leads, T time steps, C channels; c = C / heads channels of a head. Query, key and value are f32[L][T][C].
// A token is one time step: the c channels of all leads together, L * c values with index l * c + i.

/**
 * Local lead-attention of the tokens start … start + steps - 1 and all heads:
 *   score(t, u) = scale * query token t . key token u
 *   o(t) = sum over u of softmax(score(t, .))(u) * value token u
 * with u within reach of t on both sides. output may be query: a token's query is read before its output is written.
 * The dot product keeps four partial sums (index modulo 4) of each lead, adds those of all leads up, and joins them (0 + 2) + (1 + 3), in both
 * variants: sums of sums lose less than one long sum. c is a multiple of 4.
 * With `leadMajor` = 0 head output l * c + i goes to lead l, channel i of the head; with 1 ("published") index f goes to lead f mod L,
 * channel f / L, as the published code reads it back.
 * weights: scratch for f32[2][min(T, 2 reach + 2) + 8]; tokens: scratch for f32[2 min(T, steps + 2 reach) + 2][L * c].
 */
export function f32_local_attention(
  query: usize,
  key: usize,
  value: usize,
  output: usize,
  weights: usize,
  tokens: usize,
  leads: i32,
  timeSteps: i32,
  channels: i32,
  headChannels: i32,
  reach: i32,
  start: i32,
  steps: i32,
  scale: f32,
  leadMajor: i32,
): void {
  const rowBytes = (<usize>channels) << 2;
  const leadBytes = <usize>timeSteps * rowBytes;
  const headBytes = (<usize>headChannels) << 2;
  const tokenBytes = <usize>leads * headBytes;
  const first = max(0, start - reach);
  const count = min(timeSteps - 1, start + steps - 1 + reach) - first + 1;
  const keys = tokens + 2 * tokenBytes;
  const values = keys + <usize>count * tokenBytes;
  const weightsBytes = (<usize>(min(timeSteps, 2 * reach + 2) + 8)) << 2;
  for (let head: usize = 0; head < rowBytes; head += headBytes) {
    // The rows of a token lie a lead apart, often by a multiple of 4096 bytes, where they evict each other from the first cache level:
    // each token is read that way once, not once for every neighbour.
    const window = <usize>first * rowBytes + head;
    for (let u = 0; u < count; u++) {
      const row = window + <usize>u * rowBytes;
      gather(key + row, keys + <usize>u * tokenBytes, leads, headBytes, leadBytes);
      gather(value + row, values + <usize>u * tokenBytes, leads, headBytes, leadBytes);
    }
    // Two tokens at a time: the keys and values in reach of either are read once for both.
    for (let t = start; t < start + steps; t += 2) {
      const last = min(t + 1, start + steps - 1);
      const from = max(0, t - reach);
      const inReach = min(timeSteps - 1, last + reach) - from + 1;
      const skipped = <usize>(from - first) * tokenBytes;
      const row0 = <usize>t * rowBytes + head;
      const row1 = <usize>last * rowBytes + head;
      gather(query + row0, tokens, leads, headBytes, leadBytes);
      gather(query + row1, tokens + tokenBytes, leads, headBytes, leadBytes);
      score(tokens, keys + skipped, weights, inReach, tokenBytes, headBytes, weightsBytes, scale);
      weigh(weights, t, from, inReach, reach, timeSteps);
      weigh(weights + weightsBytes, last, from, inReach, reach, timeSteps);
      mix(values + skipped, weights, tokens, inReach, tokenBytes, weightsBytes);
      put(tokens, output + row0, leads, headBytes, leadBytes, leadMajor);
      if (last > t) put(tokens + tokenBytes, output + row1, leads, headBytes, leadBytes, leadMajor);
    }
  }
}

/** weights f32[2][…]: scale * query token . key token, for two query tokens and `count` key tokens; up to three values behind are scratch. */
function score(
  queries: usize,
  keys: usize,
  weights: usize,
  count: i32,
  tokenBytes: usize,
  headBytes: usize,
  weightsBytes: usize,
  scale: f32,
): void {
  if (ASC_FEATURE_SIMD) {
    const vscale = f32x4.splat(scale);
    // In the last round up to three rows behind the keys are multiplied, too: the values stand there, and nobody reads the products.
    for (let u = 0; u < count; u += 4) {
      let vsum00 = f32x4.splat(0);
      let vsum01 = vsum00;
      let vsum02 = vsum00;
      let vsum03 = vsum00;
      let vsum10 = vsum00;
      let vsum11 = vsum00;
      let vsum12 = vsum00;
      let vsum13 = vsum00;
      let query = queries;
      let key = keys;
      const end = queries + tokenBytes;
      while (query < end) {
        let v00 = f32x4.splat(0);
        let v01 = v00;
        let v02 = v00;
        let v03 = v00;
        let v10 = v00;
        let v11 = v00;
        let v12 = v00;
        let v13 = v00;
        for (const leadEnd = query + headBytes; query < leadEnd; query += 16) {
          const vq0 = v128.load(query);
          const vq1 = v128.load(query + tokenBytes);
          const vk0 = v128.load(key);
          v00 = f32x4.add(v00, f32x4.mul(vq0, vk0));
          v10 = f32x4.add(v10, f32x4.mul(vq1, vk0));
          const vk1 = v128.load(key + tokenBytes);
          v01 = f32x4.add(v01, f32x4.mul(vq0, vk1));
          v11 = f32x4.add(v11, f32x4.mul(vq1, vk1));
          const vk2 = v128.load(key + 2 * tokenBytes);
          v02 = f32x4.add(v02, f32x4.mul(vq0, vk2));
          v12 = f32x4.add(v12, f32x4.mul(vq1, vk2));
          const vk3 = v128.load(key + 3 * tokenBytes);
          v03 = f32x4.add(v03, f32x4.mul(vq0, vk3));
          v13 = f32x4.add(v13, f32x4.mul(vq1, vk3));
          key += 16;
        }
        vsum00 = f32x4.add(vsum00, v00);
        vsum01 = f32x4.add(vsum01, v01);
        vsum02 = f32x4.add(vsum02, v02);
        vsum03 = f32x4.add(vsum03, v03);
        vsum10 = f32x4.add(vsum10, v10);
        vsum11 = f32x4.add(vsum11, v11);
        vsum12 = f32x4.add(vsum12, v12);
        vsum13 = f32x4.add(vsum13, v13);
      }
      const to = weights + ((<usize>u) << 2);
      v128.store(to, f32x4.mul(vscale, join(vsum00, vsum01, vsum02, vsum03)));
      v128.store(to + weightsBytes, f32x4.mul(vscale, join(vsum10, vsum11, vsum12, vsum13)));
      keys += 4 * tokenBytes;
    }
    return;
  }
  for (let u = 0; u < count; u++) {
    const to = weights + ((<usize>u) << 2);
    store<f32>(to, scale * dot(queries, keys, tokenBytes, headBytes));
    store<f32>(to + weightsBytes, scale * dot(queries + tokenBytes, keys, tokenBytes, headBytes));
    keys += tokenBytes;
  }
}

/** The four sums (0 + 2) + (1 + 3) of the lanes of four vectors. */
function join(v0: v128, v1: v128, v2: v128, v3: v128): v128 {
  const v01 = f32x4.add(v128.shuffle<f32>(v0, v1, 0, 1, 4, 5), v128.shuffle<f32>(v0, v1, 2, 3, 6, 7));
  const v23 = f32x4.add(v128.shuffle<f32>(v2, v3, 0, 1, 4, 5), v128.shuffle<f32>(v2, v3, 2, 3, 6, 7));
  return f32x4.add(v128.shuffle<f32>(v01, v23, 0, 2, 4, 6), v128.shuffle<f32>(v01, v23, 1, 3, 5, 7));
}

function dot(left: usize, right: usize, tokenBytes: usize, headBytes: usize): f32 {
  let sum0: f32 = 0;
  let sum1: f32 = 0;
  let sum2: f32 = 0;
  let sum3: f32 = 0;
  const end = left + tokenBytes;
  while (left < end) {
    let lead0: f32 = 0;
    let lead1: f32 = 0;
    let lead2: f32 = 0;
    let lead3: f32 = 0;
    for (const leadEnd = left + headBytes; left < leadEnd; left += 16) {
      lead0 += load<f32>(left) * load<f32>(right);
      lead1 += load<f32>(left, 4) * load<f32>(right, 4);
      lead2 += load<f32>(left, 8) * load<f32>(right, 8);
      lead3 += load<f32>(left, 12) * load<f32>(right, 12);
      right += 16;
    }
    sum0 += lead0;
    sum1 += lead1;
    sum2 += lead2;
    sum3 += lead3;
  }
  return sum0 + sum2 + (sum1 + sum3);
}

/** Softmax of the scores in reach of token t; `weights` begins at token `from`. Those out of reach become 0. */
function weigh(weights: usize, t: i32, from: i32, count: i32, reach: i32, timeSteps: i32): void {
  const before = max(0, t - reach) - from;
  const inReach = min(timeSteps - 1, t + reach) - from - before + 1;
  for (let u = 0; u < before; u++) store<f32>(weights + ((<usize>u) << 2), 0);
  f32_softmax(weights + ((<usize>before) << 2), inReach);
  for (let u = before + inReach; u < count; u++) store<f32>(weights + ((<usize>u) << 2), 0);
}

/** mixed f32[2][…] = sum over u of weights[u] * value token u, for two rows of weights. */
function mix(values: usize, weights: usize, mixed: usize, count: i32, tokenBytes: usize, weightsBytes: usize): void {
  const end = weights + ((<usize>count) << 2);
  let at: usize = 0;
  if (ASC_FEATURE_SIMD) {
    for (; at + 64 <= tokenBytes; at += 64) {
      let v00 = f32x4.splat(0);
      let v01 = v00;
      let v02 = v00;
      let v03 = v00;
      let v10 = v00;
      let v11 = v00;
      let v12 = v00;
      let v13 = v00;
      let from = values + at;
      for (let weight = weights; weight < end; weight += 4) {
        const vw0 = v128.load32_splat(weight);
        const vw1 = v128.load32_splat(weight + weightsBytes);
        const vx0 = v128.load(from);
        v00 = f32x4.add(v00, f32x4.mul(vw0, vx0));
        v10 = f32x4.add(v10, f32x4.mul(vw1, vx0));
        const vx1 = v128.load(from, 16);
        v01 = f32x4.add(v01, f32x4.mul(vw0, vx1));
        v11 = f32x4.add(v11, f32x4.mul(vw1, vx1));
        const vx2 = v128.load(from, 32);
        v02 = f32x4.add(v02, f32x4.mul(vw0, vx2));
        v12 = f32x4.add(v12, f32x4.mul(vw1, vx2));
        const vx3 = v128.load(from, 48);
        v03 = f32x4.add(v03, f32x4.mul(vw0, vx3));
        v13 = f32x4.add(v13, f32x4.mul(vw1, vx3));
        from += tokenBytes;
      }
      const to = mixed + at;
      v128.store(to, v00);
      v128.store(to, v01, 16);
      v128.store(to, v02, 32);
      v128.store(to, v03, 48);
      v128.store(to + tokenBytes, v10);
      v128.store(to + tokenBytes, v11, 16);
      v128.store(to + tokenBytes, v12, 32);
      v128.store(to + tokenBytes, v13, 48);
    }
  }
  for (; at < tokenBytes; at += 4) {
    let sum0: f32 = 0;
    let sum1: f32 = 0;
    let from = values + at;
    for (let weight = weights; weight < end; weight += 4) {
      const x = load<f32>(from);
      sum0 += load<f32>(weight) * x;
      sum1 += load<f32>(weight + weightsBytes) * x;
      from += tokenBytes;
    }
    store<f32>(mixed + at, sum0);
    store<f32>(mixed + at + tokenBytes, sum1);
  }
}

/** The rows of one head of all leads, side by side. */
function gather(rows: usize, token: usize, leads: i32, headBytes: usize, leadBytes: usize): void {
  for (let lead = 0; lead < leads; lead++) {
    for (let at: usize = 0; at < headBytes; at += 16) copy16(rows + at, token + at);
    token += headBytes;
    rows += leadBytes;
  }
}

/** A token's values to the rows of its leads, in one of the two orders. */
function put(token: usize, rows: usize, leads: i32, headBytes: usize, leadBytes: usize, leadMajor: i32): void {
  if (!leadMajor) {
    for (let lead = 0; lead < leads; lead++) {
      for (let at: usize = 0; at < headBytes; at += 16) copy16(token + at, rows + at);
      token += headBytes;
      rows += leadBytes;
    }
    return;
  }
  const strideBytes = (<usize>leads) << 2;
  let lead = 0;
  if (ASC_FEATURE_SIMD) {
    for (; lead + 4 <= leads; lead += 4) {
      let from = token + ((<usize>lead) << 2);
      for (let to = rows, end = rows + headBytes; to < end; to += 16) {
        const v0 = v128.load(from);
        const v1 = v128.load(from + strideBytes);
        const v2 = v128.load(from + 2 * strideBytes);
        const v3 = v128.load(from + 3 * strideBytes);
        const v01low = v128.shuffle<f32>(v0, v1, 0, 4, 1, 5);
        const v01high = v128.shuffle<f32>(v0, v1, 2, 6, 3, 7);
        const v23low = v128.shuffle<f32>(v2, v3, 0, 4, 1, 5);
        const v23high = v128.shuffle<f32>(v2, v3, 2, 6, 3, 7);
        v128.store(to, v128.shuffle<f32>(v01low, v23low, 0, 1, 4, 5));
        v128.store(to + leadBytes, v128.shuffle<f32>(v01low, v23low, 2, 3, 6, 7));
        v128.store(to + 2 * leadBytes, v128.shuffle<f32>(v01high, v23high, 0, 1, 4, 5));
        v128.store(to + 3 * leadBytes, v128.shuffle<f32>(v01high, v23high, 2, 3, 6, 7));
        from += 4 * strideBytes;
      }
      rows += 4 * leadBytes;
    }
  }
  for (; lead < leads; lead++) {
    let from = token + ((<usize>lead) << 2);
    for (let at: usize = 0; at < headBytes; at += 4) {
      store<f32>(rows + at, load<f32>(from));
      from += strideBytes;
    }
    rows += leadBytes;
  }
}

function copy16(from: usize, to: usize): void {
  if (ASC_FEATURE_SIMD) v128.store(to, v128.load(from));
  else {
    store<u64>(to, load<u64>(from));
    store<u64>(to, load<u64>(from, 8), 8);
  }
}
