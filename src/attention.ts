// Attention weights as raw data: what a block gives to which time step. All leads share them, so they say nothing about a lead, and behind the first
// block a time step holds what earlier blocks have mixed into it: for what speaks for a finding there is `explain`.

import type { NetworkConfig } from './config.js';

/** f32[heads][timeSteps][offsets]: of each time step t the weight of t - reach … t + reach, 0 beyond the ends; of a global block, of all time steps. */
export interface AttentionWeights {
  /** `transformer.stem.0`, … */
  readonly block: string;
  /** [heads, timeSteps, offsets] */
  readonly shape: readonly [number, number, number];
  readonly values: Float32Array;
}

interface Projection {
  /** [leads, timeSteps, channels] */
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The window of a block by its name, as the config counts them. */
function windowOf(config: NetworkConfig, block: string): number {
  const [, kind, index] = /^transformer\.(stem|branch)\.(\d+)$/.exec(block)!;
  return config.windows[Number(index) + (kind === 'branch' ? config.fullRateBlocks : 0)]!;
}

/**
 * softmax over u of (1 / sqrt(c)) * sum over leads and channels of query[t] . key[u], in double precision. The kernel computes the same in f32 and keeps none of it.
 * @param sigmoid the logistic function, the same in every engine: e^x = s / (1 - s)
 */
function attentionWeights(
  config: NetworkConfig,
  block: string,
  { query, key }: { query: Projection; key: Projection },
  sigmoid: (x: number) => number,
): AttentionWeights {
  const [leads, timeSteps, channels] = query.shape as [number, number, number];
  const { heads } = config;
  const headChannels = channels / heads;
  const window = windowOf(config, block);
  const isGlobal = window === -1;
  const reach = isGlobal ? timeSteps : (window - 1) / 2;
  const offsets = isGlobal ? timeSteps : window;
  const values = new Float32Array(heads * timeSteps * offsets);
  const scores = new Float64Array(offsets);
  for (let head = 0; head < heads; head++) {
    for (let t = 0; t < timeSteps; t++) {
      const from = Math.max(0, t - reach);
      const to = Math.min(timeSteps - 1, t + reach);
      let highest = Number.NEGATIVE_INFINITY;
      for (let u = from; u <= to; u++) {
        let sum = 0;
        for (let lead = 0; lead < leads; lead++) {
          const row = lead * timeSteps;
          const [q, k] = [(row + t) * channels + head * headChannels, (row + u) * channels + head * headChannels];
          for (let c = 0; c < headChannels; c++) sum += query.values[q + c]! * key.values[k + c]!;
        }
        scores[u - from] = sum / Math.sqrt(headChannels);
        highest = Math.max(highest, scores[u - from]!);
      }
      let total = 0;
      for (let u = from; u <= to; u++) {
        const s = sigmoid(scores[u - from]! - highest);
        scores[u - from] = s / (1 - s);
        total += scores[u - from]!;
      }
      const row = (head * timeSteps + t) * offsets + (isGlobal ? 0 : reach - t);
      for (let u = from; u <= to; u++) values[row + u] = scores[u - from]! / total;
    }
  }
  return { block, shape: [heads, timeSteps, offsets], values };
}

/** Takes the layers of a run in their order, and gives the weights of each block when its query and key are there. */
export function attentionCollector(
  config: NetworkConfig,
  onAttention: (weights: AttentionWeights) => void,
  sigmoid: (x: number) => number,
): (layer: string, shape: readonly number[], values: () => Float32Array) => void {
  let query: Projection | undefined;
  return (layer, shape, values) => {
    const [, block, projection] = /^(.*)\.attn\.(query|key)$/.exec(layer) ?? [];
    if (projection === 'query') query = { shape, values: values() };
    else if (projection === 'key')
      onAttention(attentionWeights(config, block!, { query: query!, key: { shape, values: values() } }, sigmoid));
  };
}
