import { f32_softmax } from './activations';

// L leads, T time steps, C channels; c = C / heads channels of a head. Query, key and value are f32[L][T][C].
// A token is one time step: the c channels of all leads together, L * c values with index l * c + i.

/**
 * Local lead-attention of the tokens start … start + steps - 1 and all heads:
 *   score(t, u) = scale * query token t . key token u
 *   o(t) = sum over u of softmax(score(t, .))(u) * value token u
 * with u within reach of t on both sides. output may be query: a token's query is read before its output is written.
 * The dot product keeps four partial sums (index modulo 4), joined (0 + 2) + (1 + 3), in both variants; c is a multiple of 4.
 * With `leadMajor` = 0 head output l * c + i goes to lead l, channel i of the head; with 1 ("published") index f goes to lead f mod L,
 * channel f / L, as the published code reads it back.
 * weights: scratch for f32[min(T, 2 reach + 1)]; tokens: scratch for f32[2 min(T, steps + 2 reach) + 1][L * c].
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
  const keys = tokens + tokenBytes;
  const values = keys + <usize>count * tokenBytes;
  for (let head: usize = 0; head < rowBytes; head += headBytes) {
    // The rows of a token lie a lead apart, often by a multiple of 4096 bytes, where they evict each other from the first cache level:
    // each token is read that way once, not once for every neighbour.
    const window = <usize>first * rowBytes + head;
    for (let u = 0; u < count; u++) {
      const row = window + <usize>u * rowBytes;
      gather(key + row, keys + <usize>u * tokenBytes, leads, headBytes, leadBytes);
      gather(value + row, values + <usize>u * tokenBytes, leads, headBytes, leadBytes);
    }
    for (let t = start; t < start + steps; t++) {
      const from = max(0, t - reach);
      const inReach = min(timeSteps - 1, t + reach) - from + 1;
      const skipped = <usize>(from - first) * tokenBytes;
      const row = <usize>t * rowBytes + head;
      gather(query + row, tokens, leads, headBytes, leadBytes);
      for (let u = 0; u < inReach; u++) {
        store<f32>(weights + ((<usize>u) << 2), scale * dot(tokens, keys + skipped + <usize>u * tokenBytes, tokenBytes));
      }
      f32_softmax(weights, inReach);
      mix(values + skipped, weights, tokens, inReach, tokenBytes);
      if (leadMajor) scatterLeadMajor(tokens, output + row, leads, headBytes, leadBytes);
      else scatter(tokens, output + row, leads, headBytes, leadBytes);
    }
  }
}

function dot(left: usize, right: usize, bytes: usize): f32 {
  const end = left + bytes;
  if (ASC_FEATURE_SIMD) {
    let vsum = f32x4.splat(0);
    for (; left < end; left += 16) {
      vsum = f32x4.add(vsum, f32x4.mul(v128.load(left), v128.load(right)));
      right += 16;
    }
    return f32x4.extract_lane(vsum, 0) + f32x4.extract_lane(vsum, 2) + (f32x4.extract_lane(vsum, 1) + f32x4.extract_lane(vsum, 3));
  }
  let sum0: f32 = 0;
  let sum1: f32 = 0;
  let sum2: f32 = 0;
  let sum3: f32 = 0;
  for (; left < end; left += 16) {
    sum0 += load<f32>(left) * load<f32>(right);
    sum1 += load<f32>(left, 4) * load<f32>(right, 4);
    sum2 += load<f32>(left, 8) * load<f32>(right, 8);
    sum3 += load<f32>(left, 12) * load<f32>(right, 12);
    right += 16;
  }
  return sum0 + sum2 + (sum1 + sum3);
}

/** mixed token = sum over u of weights[u] * value token u. */
function mix(values: usize, weights: usize, mixed: usize, count: i32, tokenBytes: usize): void {
  let at: usize = 0;
  if (ASC_FEATURE_SIMD) {
    for (; at < tokenBytes; at += 16) {
      let vsum = f32x4.splat(0);
      let from = values + at;
      for (let u = 0; u < count; u++) {
        vsum = f32x4.add(vsum, f32x4.mul(v128.load32_splat(weights + ((<usize>u) << 2)), v128.load(from)));
        from += tokenBytes;
      }
      v128.store(mixed + at, vsum);
    }
  }
  for (; at < tokenBytes; at += 4) {
    let sum: f32 = 0;
    let from = values + at;
    for (let u = 0; u < count; u++) {
      sum += load<f32>(weights + ((<usize>u) << 2)) * load<f32>(from);
      from += tokenBytes;
    }
    store<f32>(mixed + at, sum);
  }
}

/** The rows of one head of all leads, side by side. */
function gather(rows: usize, token: usize, leads: i32, headBytes: usize, leadBytes: usize): void {
  for (let lead = 0; lead < leads; lead++) {
    for (let at: usize = 0; at < headBytes; at += 8) store<u64>(token + at, load<u64>(rows + at));
    token += headBytes;
    rows += leadBytes;
  }
}

function scatter(token: usize, rows: usize, leads: i32, headBytes: usize, leadBytes: usize): void {
  for (let lead = 0; lead < leads; lead++) {
    for (let at: usize = 0; at < headBytes; at += 8) store<u64>(rows + at, load<u64>(token + at));
    token += headBytes;
    rows += leadBytes;
  }
}

function scatterLeadMajor(token: usize, rows: usize, leads: i32, headBytes: usize, leadBytes: usize): void {
  for (let channel: usize = 0; channel < headBytes; channel += 4) {
    let to = rows + channel;
    for (let lead = 0; lead < leads; lead++) {
      store<f32>(to, load<f32>(token));
      token += 4;
      to += leadBytes;
    }
  }
}
