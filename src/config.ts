import { STANDARD_LEADS } from './ecg.js';
import { WeightsError } from './errors.js';
import filters from './filters.json' with { type: 'json' };
import presets from './presets.json' with { type: 'json' };

/** One block of the stem: channels in and out, stride of its second convolution, number of residual convolutions. */
export type StemBlock = readonly [inChannels: number, outChannels: number, stride: number, depth: number];

/** Everything that tells one network of the family from another; it travels inside the weight file. */
export interface NetworkConfig {
  readonly preset: string;
  /** Samples a second that the network sees. */
  readonly fs: number;
  readonly windowSamples: number;
  readonly leads: readonly string[];
  readonly stem: readonly StemBlock[];
  /** Time steps after the stem, by linear interpolation. */
  readonly resizeTo: number;
  /** Channels of the transformer. */
  readonly dim: number;
  readonly heads: number;
  readonly fullRateBlocks: number;
  readonly stridedBlocks: number;
  /** Attention window of each block: odd, or -1 for all time steps. */
  readonly windows: readonly number[];
  readonly mlpRatio: number;
  /** How head outputs are laid out over leads: as the published code does, or straight. */
  readonly headOrder: 'published' | 'leads';
  /** One query, key and value matrix for all leads, or one for each. */
  readonly leadProjection: 'shared' | 'perLead';
}

/** Layout of the published family that no config changes. */
export const STEM_KERNEL = 9;
export const EMBEDDING_KERNEL = 5;
export const EMBEDDING_LAYERS = 2;
export const PROJECTION_KERNEL = 3;
export const HEAD_HIDDEN = 32;
export const HEAD_FEATURES = 128;

/** The frozen presets of docs/network: `published`, `compact`, `edge`. */
export const PRESETS: Readonly<Record<'published' | 'compact' | 'edge', NetworkConfig>> = presets as unknown as Record<
  'published' | 'compact' | 'edge',
  NetworkConfig
>;

const CONFIG_KEYS = Object.keys(presets.published) as (keyof NetworkConfig)[];

/**
 * Checks a parsed JSON value and returns it as a config.
 * @throws WeightsError `BAD_CONFIG` that names the key, what it expected and what it got.
 */
export function parseConfig(value: unknown): NetworkConfig {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail('config', 'an object', value);
  const config = value as NetworkConfig;
  for (const key of CONFIG_KEYS) if (!(key in config)) fail(key, 'a value', undefined);
  for (const key of Object.keys(config)) if (!CONFIG_KEYS.includes(key as keyof NetworkConfig)) fail(key, 'to be absent', 'an unknown key');
  if (typeof config.preset !== 'string') fail('preset', 'a name', config.preset);
  if (typeof config.fs !== 'number' || !Object.hasOwn(filters, config.fs))
    fail('fs', `a rate with filter coefficients (${Object.keys(filters).join(', ')} Hz)`, config.fs);
  checkWhole('windowSamples', config.windowSamples, 32, 1 << 17);
  checkLeads(config.leads);
  checkStem(config.stem);
  checkWhole('resizeTo', config.resizeTo, 1, 1 << 14);
  checkWhole('dim', config.dim, 4, 1024);
  checkWhole('heads', config.heads, 1, 64);
  if (config.dim % (4 * config.heads) !== 0)
    fail('heads', 'heads of a multiple of 4 channels', `dim ${config.dim} / heads ${config.heads}`);
  checkWhole('fullRateBlocks', config.fullRateBlocks, 0, 64);
  checkWhole('stridedBlocks', config.stridedBlocks, 0, 64);
  checkWindows(config);
  checkWhole('mlpRatio', config.mlpRatio, 1, 16);
  if (config.headOrder !== 'published' && config.headOrder !== 'leads') fail('headOrder', '"published" or "leads"', config.headOrder);
  if (config.leadProjection !== 'shared' && config.leadProjection !== 'perLead')
    fail('leadProjection', '"shared" or "perLead"', config.leadProjection);
  stemTimeSteps(config);
  return config;
}

/** Time steps after each stem block. @throws WeightsError `BAD_CONFIG` when the window is too short for the stem. */
export function stemTimeSteps(config: NetworkConfig): number[] {
  let steps = config.windowSamples;
  return config.stem.map(([, , stride], index) => {
    steps = convolvedSteps(convolvedSteps(steps, STEM_KERNEL, 1, 0), STEM_KERNEL, stride, 0);
    if (steps < 1) fail('windowSamples', `a window that is long enough for stem block ${index}`, config.windowSamples);
    return steps;
  });
}

/** Time steps at the end of the transformer: each strided block halves, rounding up. */
export function finalTimeSteps(config: NetworkConfig): number {
  let steps = config.resizeTo;
  for (let block = 0; block < config.stridedBlocks; block++) steps = Math.ceil(steps / 2);
  return steps;
}

/** Time steps of a convolution's output. */
export function convolvedSteps(timeSteps: number, kernelSize: number, stride: number, pad: number): number {
  return Math.floor((timeSteps + 2 * pad - kernelSize) / stride) + 1;
}

function checkLeads(leads: unknown): void {
  const known: readonly string[] = STANDARD_LEADS;
  if (!Array.isArray(leads) || leads.length === 0) fail('leads', 'a list of lead names', leads);
  const list = leads as string[];
  const wrong = list.find((lead) => !known.includes(lead));
  if (wrong !== undefined) fail('leads', `names out of ${known.join(' ')}`, wrong);
  if (new Set(list).size !== list.length) fail('leads', 'each lead once', list.join(' '));
}

function checkStem(stem: unknown): void {
  if (!Array.isArray(stem) || stem.length === 0 || stem.length > 16) fail('stem', 'a list of 1 to 16 blocks', stem);
  let channels = 1;
  (stem as unknown[]).forEach((block, index) => {
    if (!Array.isArray(block) || block.length !== 4) fail(`stem[${index}]`, '[in, out, stride, depth]', block);
    const [inChannels, outChannels, stride, depth] = block as number[];
    if (inChannels !== channels) fail(`stem[${index}][0]`, `${channels} channels from the step before`, inChannels);
    checkWhole(`stem[${index}][1]`, outChannels, 1, 1024);
    if (outChannels! % inChannels! !== 0) fail(`stem[${index}][1]`, `a multiple of ${inChannels} channels`, outChannels);
    checkWhole(`stem[${index}][2]`, stride, 1, 8);
    checkWhole(`stem[${index}][3]`, depth, 0, 64);
    channels = outChannels!;
  });
}

function checkWindows(config: NetworkConfig): void {
  const blocks = config.fullRateBlocks + config.stridedBlocks;
  if (!Array.isArray(config.windows) || config.windows.length !== blocks)
    fail('windows', `one for each of the ${blocks} blocks`, config.windows);
  config.windows.forEach((window, index) => {
    if (window === -1) return;
    checkWhole(`windows[${index}]`, window, 1, 1 << 15);
    if (window % 2 === 0) fail(`windows[${index}]`, 'an odd number, or -1 for all time steps', window);
  });
}

function checkWhole(key: string, value: unknown, least: number, most: number): void {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
    fail(key, `a whole number from ${least} to ${most}`, value);
}

function fail(key: string, expected: string, got: unknown): never {
  throw new WeightsError('BAD_CONFIG', `"config.${key}" expected ${expected}, got ${shown(got)}`);
}

function shown(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)?.slice(0, 80);
  } catch {
    return 'a value that is nested too deeply to show';
  }
}
