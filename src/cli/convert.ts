import { basename, extname, resolve } from 'node:path';
import {
  type ConversionReport,
  type ConvertOptions,
  convert,
  type PresetName,
  type QuantizationReport,
  type SettingSource,
} from '../convert/index.js';
import type { EcgRecord } from '../ecg.js';
import { FormatError } from '../errors.js';
import { PRESETS } from '../index.js';
import { choiceFlag, type Flags, parseArguments, UsageError } from './arguments.js';
import { renderComparison } from './compare.js';
import { checkOutput, report as note, readInput, writeOutput } from './console.js';
import { describeFailure, expandRecords, readArgument } from './records.js';

export const CONVERT_HELP = `leadwise convert CHECKPOINT --output FILE [options]

Makes a weight file of a trained checkpoint, without Python: what torch.save wrote (a state_dict, or a dict with one under state_dict,
model_state_dict or model), the published plain pickle, safetensors, or ONNX with the network's own names. Nothing in the checkpoint is run.

  -o, --output FILE   the weight file (.safetensors)
  --preset NAME       published, compact or edge (default: what the checkpoint says, else the one that has its tensors)
  --config FILE       a config of your own as JSON, instead of a preset
  --classes FILE      JSON list, one entry for each output: a code, or { code, abbreviation, name }
  --thresholds FILE   JSON list on the logit scale: one number for each class, or { leads, values } (default: the checkpoint's, else 0)
  --quantize MODE     int8 (default): a quarter of the size, int16 activations; none: f32
  --calibrate PATH    recordings for int8, a file or a folder, any number of times (default: simulated ones; real ones are better)
  --report FILE       what was converted, and from what, as JSON
  --force             overwrite files

Exit code 0: converted; 1: the checkpoint cannot be used; 2: wrong call.`;

const FLAGS: Flags = {
  output: 'value',
  preset: 'value',
  config: 'value',
  classes: 'value',
  thresholds: 'value',
  quantize: 'value',
  report: 'value',
  calibrate: 'list',
  force: 'switch',
};

/** Runs the command; returns the exit code. */
export async function convertCommand(args: string[]): Promise<number> {
  const parsed = parseArguments(
    args.map((argument) => (argument === '-o' ? '--output' : argument)),
    FLAGS,
  );
  const { files, values, switches } = parsed;
  const [checkpoint] = files;
  if (checkpoint === undefined || files.length > 1) throw new UsageError(`convert takes one CHECKPOINT, got ${files.length}`);
  const { output, report: reportFile } = values;
  if (output === undefined) throw new UsageError('convert needs --output FILE');
  if (values['preset'] !== undefined && values['config'] !== undefined) throw new UsageError('--preset and --config exclude each other');
  const targets = [output, ...(reportFile === undefined ? [] : [reportFile])];
  checkTargets(checkpoint, targets);
  const quantize = choiceFlag(parsed, 'quantize', ['none', 'int8']) ?? 'int8';
  const paths = parsed.lists['calibrate'];
  if (paths && quantize === 'none') throw new UsageError('--calibrate is for --quantize int8');
  const preset = choiceFlag<PresetName>(parsed, 'preset', Object.keys(PRESETS) as PresetName[]);
  const inputs = [checkpoint, values['config'], values['classes'], values['thresholds'], ...(paths ?? [])];
  for (const target of targets) await checkOutput(target, { force: switches['force'], inputs });
  const options = {
    name: basename(checkpoint, extname(checkpoint)),
    ...(preset === undefined ? {} : { preset }),
    ...(await readSettings(values)),
    quantize,
    ...(paths ? { records: await readRecords(paths) } : {}),
  };
  const { file, report } = await convert(await readInput(checkpoint), options);
  await writeOutput(output, file, switches['force']);
  if (reportFile !== undefined) await writeOutput(reportFile, `${JSON.stringify(report, null, 2)}\n`, switches['force']);
  process.stdout.write(renderReport(checkpoint, report));
  note(`wrote ${targets.join(', ')}`);
  return 0;
}

/** Calibration records; one that cannot be read is left out, with a word about it. */
async function readRecords(paths: string[]): Promise<EcgRecord[]> {
  const records: EcgRecord[] = [];
  for (const path of await expandRecords(paths)) {
    try {
      records.push(await readArgument(path));
    } catch (error) {
      const { message, code } = describeFailure(path, error).error;
      note(`left out of the calibration: ${path}: ${message} [${code}]`);
    }
  }
  if (records.length === 0) throw new FormatError('NO_RECORDS', 'None of the calibration records could be read');
  note(`calibrating on ${records.length} records`);
  return records;
}

/** The JSON files among the options; `convert` checks what they hold. */
async function readSettings(values: Readonly<Record<string, string | undefined>>): Promise<ConvertOptions> {
  const settings: Record<string, unknown> = {};
  for (const key of ['config', 'classes', 'thresholds']) {
    const file = values[key];
    if (file === undefined) continue;
    const text = new TextDecoder().decode(await readInput(file));
    try {
      settings[key] = JSON.parse(text);
    } catch {
      throw new FormatError('BAD_JSON', `--${key} is not JSON`, { file });
    }
  }
  return settings as ConvertOptions;
}

function checkTargets(checkpoint: string, targets: readonly string[]): void {
  const paths = [checkpoint, ...targets].map((path) => resolve(path));
  if (new Set(paths).size !== paths.length) throw new UsageError('the checkpoint, --output and --report are to be different files');
}

const KIND_NAMES: Readonly<Record<ConversionReport['source']['kind'], string>> = {
  pickle: 'a plain pickle',
  'torch-zip': 'torch.save',
  'torch-legacy': 'torch.save before PyTorch 1.6',
  safetensors: 'safetensors',
  onnx: 'ONNX',
};

function renderReport(
  checkpoint: string,
  { name, source, config, classes, from, tensors, parameters, quantization, file }: ConversionReport,
): string {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
  const codes = classes.map((entry) => (typeof entry === 'string' ? entry : entry.code));
  const shown = codes.length > 4 ? `${codes.slice(0, 4).join(' ')} …` : codes.join(' ');
  const rows: [string, string][] = [
    [
      'checkpoint',
      `${source.published ? 'the published layout, ' : ''}${KIND_NAMES[source.kind]}, ${megabytes(source.bytes)}, ${source.dtypes.join(' ')}`,
    ],
    ['config', `${config.preset} (${describeSource(from.config)})`],
    ['classes', `${classes.length}: ${shown} (${describeSource(from.classes)})`],
    ['thresholds', from.thresholds === 'default' ? '0 for every class: nothing else was given' : describeSource(from.thresholds)],
    [
      'calibration',
      from.calibration === 'default' ? 'none: probabilities are the logistic function of the logits' : calibrationOf(source.published),
    ],
    [
      'tensors',
      `${tensors} of ${parameters.toLocaleString('en')} parameters; ${source.dropped.length} not needed${source.prefix && `; names without "${source.prefix}"`}`,
    ],
    ['weight file', `${name}, ${quantization === 'none' ? 'f32' : 'int8'}, ${megabytes(file.bytes)}, sha256 ${file.sha256}`],
  ];
  const summary = `${checkpoint}\n\n${rows.map(([key, text]) => `  ${key.padEnd(16)} ${text}`).join('\n')}\n`;
  return quantization === 'none' ? summary : `${summary}\n${renderQuantization(quantization)}`;
}

function renderQuantization({ calibration, bytes, layers, comparison, saturated }: QuantizationReport): string {
  const worst = layers.reduce((lowest, layer) => (layer.snr < lowest.snr ? layer : lowest));
  const last = layers.filter(({ name }) => /^transformer\.(stem|branch)\.\d+$/.test(name)).at(-1);
  const lines = [
    calibration.source === 'simulator'
      ? `Calibrated on ${calibration.records} SIMULATED records: give real ones with --calibrate for figures that mean something.`
      : `Calibrated on ${calibration.records} records.`,
    `${bytes.before} bytes in f32, ${bytes.after} in int8. Against f32, on the calibration records:`,
    `  signal to noise  ${last ? `${last.snr.toFixed(1)} dB after ${last.name}, ` : ''}lowest ${worst.snr.toFixed(1)} dB at ${worst.name} (first record)`,
    `  clamped          ${saturated} activations`,
  ];
  return `${lines.join('\n')}\n${renderComparison(comparison)}`;
}

function calibrationOf(published: boolean): string {
  return published ? 'logit - ln(10), for the published training' : describeSource('checkpoint');
}

function describeSource(source: SettingSource): string {
  return { option: 'as given', checkpoint: "the checkpoint's", inferred: 'inferred from the shapes', default: "the challenge's" }[source];
}
