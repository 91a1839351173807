import { f32_softmax } from './activations';

// L leads, T time steps, C channels; c = C / heads channels of a head. Query, key and value are f32[L][T][C].
// A token is one time step: the c channels of all leads together.

/**
 * Local lead-attention of the tokens start … start + steps - 1 and all heads:
 *   score(t, u) = scale * sum over leads and channels of query[l][t] . key[l][u]
 *   o[l][t] = sum over u of softmax(score(t, .))(u) * value[l][u]
 * with u within reach of t on both sides. output may be query: a token's query is read before its output is written.
 * The dot product keeps four partial sums (channel modulo 4), joined (0 + 2) + (1 + 3), in both variants; c is a multiple of 4.
 * With `leadMajor` = 0 head output o[l][i] goes to lead l, channel i of the head; with 1 ("published") flat index f = l * c + i goes to
 * lead f mod L, channel f / L of the head, as the published code reads it back.
 * weights: scratch for f32[2 reach + 1] attention weights, mixed: scratch for f32[L][c].
 */
export function f32_local_attention(
  query: usize,
  key: usize,
  value: usize,
  output: usize,
  weights: usize,
  mixed: usize,
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
  const leadBytes = (<usize>(timeSteps * channels)) << 2;
  const rowBytes = (<usize>channels) << 2;
  for (let t = start; t < start + steps; t++) {
    const from = max(0, t - reach);
    const count = min(timeSteps - 1, t + reach) - from + 1;
    const row = <usize>t * rowBytes;
    const window = <usize>from * rowBytes;
    for (let head = 0; head < channels; head += headChannels) {
      const at = (<usize>head) << 2;
      for (let u = 0; u < count; u++) {
        const score = scale * dotOverLeads(query + row + at, key + window + <usize>u * rowBytes + at, leads, headChannels, leadBytes);
        store<f32>(weights + ((<usize>u) << 2), score);
      }
      f32_softmax(weights, count);
      mixValues(value + window + at, weights, mixed, leads, headChannels, count, leadBytes, rowBytes);
      if (leadMajor) scatterLeadMajor(mixed, output + row + at, leads, headChannels, leadBytes);
      else scatterByLead(mixed, output + row + at, leads, headChannels, leadBytes);
    }
  }
}

function dotOverLeads(query: usize, key: usize, leads: i32, headChannels: i32, leadBytes: usize): f32 {
  const bytes = (<usize>headChannels) << 2;
  if (ASC_FEATURE_SIMD) {
    let vsum = f32x4.splat(0);
    for (let lead = 0; lead < leads; lead++) {
      for (let at: usize = 0; at < bytes; at += 16) {
        vsum = f32x4.add(vsum, f32x4.mul(v128.load(query + at), v128.load(key + at)));
      }
      query += leadBytes;
      key += leadBytes;
    }
    return f32x4.extract_lane(vsum, 0) + f32x4.extract_lane(vsum, 2) + (f32x4.extract_lane(vsum, 1) + f32x4.extract_lane(vsum, 3));
  }
  let sum0: f32 = 0;
  let sum1: f32 = 0;
  let sum2: f32 = 0;
  let sum3: f32 = 0;
  for (let lead = 0; lead < leads; lead++) {
    for (let at: usize = 0; at < bytes; at += 16) {
      sum0 += load<f32>(query + at) * load<f32>(key + at);
      sum1 += load<f32>(query + at, 4) * load<f32>(key + at, 4);
      sum2 += load<f32>(query + at, 8) * load<f32>(key + at, 8);
      sum3 += load<f32>(query + at, 12) * load<f32>(key + at, 12);
    }
    query += leadBytes;
    key += leadBytes;
  }
  return sum0 + sum2 + (sum1 + sum3);
}

/** mixed[l][i] = sum over u of weights[u] * value[l][u][i]. */
function mixValues(
  value: usize,
  weights: usize,
  mixed: usize,
  leads: i32,
  headChannels: i32,
  count: i32,
  leadBytes: usize,
  rowBytes: usize,
): void {
  const bytes = (<usize>headChannels) << 2;
  for (let lead = 0; lead < leads; lead++) {
    let at: usize = 0;
    if (ASC_FEATURE_SIMD) {
      for (; at < bytes; at += 16) {
        let vsum = f32x4.splat(0);
        let from = value + at;
        for (let u = 0; u < count; u++) {
          vsum = f32x4.add(vsum, f32x4.mul(v128.load32_splat(weights + ((<usize>u) << 2)), v128.load(from)));
          from += rowBytes;
        }
        v128.store(mixed + at, vsum);
      }
    }
    for (; at < bytes; at += 4) {
      let sum: f32 = 0;
      let from = value + at;
      for (let u = 0; u < count; u++) {
        sum += load<f32>(weights + ((<usize>u) << 2)) * load<f32>(from);
        from += rowBytes;
      }
      store<f32>(mixed + at, sum);
    }
    value += leadBytes;
    mixed += bytes;
  }
}

function scatterByLead(mixed: usize, output: usize, leads: i32, headChannels: i32, leadBytes: usize): void {
  const bytes = (<usize>headChannels) << 2;
  for (let lead = 0; lead < leads; lead++) {
    memory.copy(output, mixed, bytes);
    output += leadBytes;
    mixed += bytes;
  }
}

function scatterLeadMajor(mixed: usize, output: usize, leads: i32, headChannels: i32, leadBytes: usize): void {
  for (let channel = 0; channel < headChannels; channel++) {
    let to = output + ((<usize>channel) << 2);
    for (let lead = 0; lead < leads; lead++) {
      store<f32>(to, load<f32>(mixed));
      mixed += 4;
      to += leadBytes;
    }
  }
}
