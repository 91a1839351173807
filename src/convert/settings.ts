import { CHALLENGE_CLASSES, type DiagnosisClass, parseClasses } from '../classes.js';
import { type NetworkConfig, PRESETS, parseConfig } from '../config.js';
import type { EcgRecord } from '../ecg.js';
import { WeightsError } from '../errors.js';
import type { Checkpoint } from './checkpoint.js';
import { checkFit, countOutputs, inferPreset, type Tensors } from './fit.js';

// What a weight file says beside its tensors: from the options, else from the checkpoint, else inferred or a default that the report names.

export type PresetName = keyof typeof PRESETS;

export interface ConvertOptions {
  /** Which network it is. Default: what the checkpoint says, else the preset that has its tensors. */
  preset?: PresetName;
  /** A config of your own, instead of `preset`. */
  config?: NetworkConfig;
  /** One for each output: codes, or { code, abbreviation, name }. Default: what the checkpoint says, else the challenge's for 26 outputs. */
  classes?: readonly (string | DiagnosisClass)[];
  /** On the logit scale: one for each class, or a list of { leads, values }. Default: what the checkpoint says, else 0. */
  thresholds?: readonly unknown[];
  /** Name of the weight file. Default: what a leadwise file says, else "unnamed". */
  name?: string;
  /** int8 weights with int16 activations, or f32 (default). */
  quantize?: 'none' | 'int8';
  /** For int8: recordings like those that the network will see. Default: simulated ones, and the report says so. */
  records?: readonly EcgRecord[];
}

/** Where a setting comes from. */
export type SettingSource = 'option' | 'checkpoint' | 'inferred' | 'default';

export interface Settings {
  name: string;
  config: NetworkConfig;
  /** As a weight file lists them: the code alone for classes of the challenge. */
  classes: (string | DiagnosisClass)[];
  /** A list, whose entries are checked with the file. */
  thresholds: unknown;
  /** Undefined: probabilities are the logistic function of the logits. */
  calibration: unknown;
  from: { config: SettingSource; classes: SettingSource; thresholds: SettingSource; calibration: SettingSource };
}

// The published training weighted negatives by 0.1, which leaves the logits ln(10) too high (docs/network.md).
const PUBLISHED_CALIBRATION = { temperature: 1, shift: -Math.LN10 };

/** @throws TypeError, RangeError */
export function checkOptions({ preset, config, name, quantize, classes, thresholds }: ConvertOptions): void {
  if (preset !== undefined && config !== undefined) throw new TypeError('"preset" and "config" exclude each other');
  if (preset !== undefined && !Object.hasOwn(PRESETS, preset)) {
    throw new RangeError(`"preset" expected ${Object.keys(PRESETS).join(', ')}, got ${JSON.stringify(preset)}`);
  }
  if (name !== undefined && typeof name !== 'string') throw new TypeError(`"name" expected a string, got ${typeof name}`);
  for (const [key, list] of Object.entries({ classes, thresholds })) {
    if (list !== undefined && !Array.isArray(list)) throw new TypeError(`"${key}" expected a list, got ${typeof list}`);
  }
  if (quantize !== undefined && quantize !== 'none' && quantize !== 'int8') {
    throw new RangeError(`"quantize" expected "none" or "int8", got ${JSON.stringify(quantize)}`);
  }
}

/**
 * The settings, with a config whose tensors these are.
 * @throws WeightsError `BAD_CONFIG`, `BAD_METADATA`, `CLASSES_REQUIRED`, and those of `checkFit`
 */
export function chooseSettings(options: ConvertOptions, checkpoint: Checkpoint, tensors: Tensors): Settings {
  const { config, configFrom } = chooseConfig(options, checkpoint, tensors);
  checkFit(tensors, config, checkpoint.kind);
  const outputs = countOutputs(tensors)!;
  const { classes, classesFrom } = chooseClasses(options, checkpoint, outputs);
  const given = options.thresholds ?? checkpoint.extra('thresholds');
  const calibration = checkpoint.published ? PUBLISHED_CALIBRATION : checkpoint.extra('calibration');
  return {
    name: options.name ?? checkpoint.name ?? 'unnamed',
    config,
    classes,
    thresholds: given ?? new Array<number>(outputs).fill(0),
    calibration,
    from: {
      config: configFrom,
      classes: classesFrom,
      thresholds: options.thresholds ? 'option' : given === undefined ? 'default' : 'checkpoint',
      calibration: calibration === undefined ? 'default' : 'checkpoint',
    },
  };
}

function chooseConfig(
  { preset, config }: ConvertOptions,
  checkpoint: Checkpoint,
  tensors: Tensors,
): { config: NetworkConfig; configFrom: SettingSource } {
  if (config !== undefined) return { config: parseConfig(config), configFrom: 'option' };
  if (preset !== undefined) return { config: PRESETS[preset], configFrom: 'option' };
  const stored = checkpoint.extra('config');
  // Many training scripts keep settings of their own under this name.
  if (typeof stored === 'object' && stored !== null && 'stem' in stored) return { config: parseConfig(stored), configFrom: 'checkpoint' };
  return { config: inferPreset(tensors, checkpoint.kind), configFrom: 'inferred' };
}

function chooseClasses(
  options: ConvertOptions,
  checkpoint: Checkpoint,
  outputs: number,
): { classes: Settings['classes']; classesFrom: SettingSource } {
  const given = options.classes ?? checkpoint.extra('classes');
  const classesFrom = options.classes ? 'option' : given === undefined ? 'default' : 'checkpoint';
  if (given === undefined && outputs !== CHALLENGE_CLASSES.length) {
    throw new WeightsError(
      'CLASSES_REQUIRED',
      `The network has ${outputs} outputs, and nothing says what they are: give a list of their codes, or of { code, abbreviation, name }`,
    );
  }
  const classes = given === undefined ? CHALLENGE_CLASSES : parseClasses(Array.isArray(given) ? given.map(plainCode) : given);
  if (classes.length !== outputs) {
    throw new WeightsError('BAD_METADATA', `"classes" expected one for each of the ${outputs} outputs, got ${classes.length}`);
  }
  return { classes: classes.map((entry) => (CHALLENGE_CLASSES.includes(entry) ? entry.code : entry)), classesFrom };
}

/** Codes as the challenge's tables write them: whole numbers, and merged pairs as `733534002|164909002`. */
function plainCode(entry: unknown): unknown {
  if (typeof entry === 'number') return String(entry);
  return typeof entry === 'string' && /^\d+(\|\d+)+$/.test(entry) ? entry.slice(0, entry.indexOf('|')) : entry;
}
