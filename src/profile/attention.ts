// Attention weights as raw data: what a block gives to which time step. All leads share them, so they say nothing about a lead, and behind the first
// block a time step holds what earlier blocks have mixed into it: for what speaks for a finding there is `explain`.

import type { NetworkConfig } from '../config.js';

/** f32[heads][timeSteps][offsets]: of each time step t the weight of t - reach … t + reach, 0 beyond the ends; of a global block, of all time steps. */
export interface AttentionWeights {
  /** `transformer.stem.0`, … */
  readonly block: string;
  /** [heads, timeSteps, offsets] */
  readonly shape: readonly [number, number, number];
  readonly values: Float32Array;
}

/** A layer's values. */
export interface Activation {
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
 * The attention weights of every block whose query and key are among the layers of a run. softmax over u of (1 / sqrt(c)) * sum over leads and channels of
 * query[t] . key[u], in double precision: the kernel computes the same in f32 and keeps none of it.
 * @param config of the model
 * @param layers what `forward` gives to `onActivation`, by name
 */
export function attentionWeights(config: NetworkConfig, layers: ReadonlyMap<string, Activation>): AttentionWeights[] {
  const blocks = [...layers.keys()].flatMap((name) => (name.endsWith('.attn.query') ? [name.slice(0, -'.attn.query'.length)] : []));
  return blocks.flatMap((block) => {
    const [query, key] = [layers.get(`${block}.attn.query`)!, layers.get(`${block}.attn.key`)];
    return key ? [weightsOf(config, block, { query, key })] : [];
  });
}

function weightsOf(config: NetworkConfig, block: string, { query, key }: { query: Activation; key: Activation }): AttentionWeights {
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
        scores[u - from] = exponential(scores[u - from]! - highest);
        total += scores[u - from]!;
      }
      const row = (head * timeSteps + t) * offsets + (isGlobal ? 0 : reach - t);
      for (let u = from; u <= to; u++) values[row + u] = scores[u - from]! / total;
    }
  }
  return { block, shape: [heads, timeSteps, offsets], values };
}

/** e^x for x <= 0, the same bits in every engine: its series at x / 1024, squared ten times. */
function exponential(x: number): number {
  if (x < -700) return 0; // nothing beside 1, and where the series still holds
  let term = 1;
  let sum = 1;
  for (let n = 1; n <= 14; n++) {
    term *= x / 1024 / n;
    sum += term;
  }
  for (let n = 0; n < 10; n++) sum *= sum;
  return sum;
}
