import { writeFile } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { type ConversionReport, type ConvertOptions, convert, type PresetName, type SettingSource } from '../convert/index.js';
import { FormatError, LeadwiseError, UnsupportedError } from '../errors.js';
import { PRESETS } from '../index.js';
import { choiceFlag, type Flags, parseArguments, UsageError } from './arguments.js';
import { report as note, readInput } from './console.js';

export const CONVERT_HELP = `leadwise convert CHECKPOINT --output FILE [options]

Makes a weight file of a trained checkpoint, without Python: what torch.save wrote (a state_dict, or a dict with one under state_dict,
model_state_dict or model), the published plain pickle, safetensors, or ONNX with the network's own names. Nothing in the checkpoint is run.

  -o, --output FILE   the weight file (.safetensors)
  --preset NAME       published, compact or edge (default: what the checkpoint says, else the one that has its tensors)
  --config FILE       a config of your own as JSON, instead of a preset
  --classes FILE      JSON list, one entry for each output: a code, or { code, abbreviation, name }
  --thresholds FILE   JSON list on the logit scale: one number for each class, or { leads, values } (default: the checkpoint's, else 0)
  --quantize MODE     none: f32 (default in this version). int8 comes with the next version, and will be the default then
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
  if (choiceFlag(parsed, 'quantize', ['none', 'int8']) === 'int8') {
    throw new UnsupportedError('UNSUPPORTED', 'Quantization to int8 comes with the next version: --quantize none writes f32');
  }
  const preset = choiceFlag<PresetName>(parsed, 'preset', Object.keys(PRESETS) as PresetName[]);
  const options = {
    name: basename(checkpoint, extname(checkpoint)),
    ...(preset === undefined ? {} : { preset }),
    ...(await readSettings(values)),
  };
  const { file, report } = await convert(await readInput(checkpoint), options);
  await write(output, file, switches['force']);
  if (reportFile !== undefined) await write(reportFile, `${JSON.stringify(report, null, 2)}\n`, switches['force']);
  process.stdout.write(renderReport(checkpoint, report));
  note(`wrote ${targets.join(', ')}`);
  return 0;
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

async function write(file: string, content: string | Uint8Array, force = false): Promise<void> {
  await writeFile(file, content, { flag: force ? 'w' : 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw new LeadwiseError('FILE_EXISTS', `${file} exists: --force overwrites it`);
    throw error;
  });
}

const KIND_NAMES: Readonly<Record<ConversionReport['source']['kind'], string>> = {
  pickle: 'a plain pickle',
  'torch-zip': 'torch.save',
  'torch-legacy': 'torch.save before PyTorch 1.6',
  safetensors: 'safetensors',
  onnx: 'ONNX',
};

function renderReport(checkpoint: string, { name, source, config, classes, from, tensors, parameters, file }: ConversionReport): string {
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
    ['weight file', `${name}, f32, ${megabytes(file.bytes)}, sha256 ${file.sha256}`],
  ];
  return `${checkpoint}\n\n${rows.map(([key, text]) => `  ${key.padEnd(16)} ${text}`).join('\n')}\n`;
}

function calibrationOf(published: boolean): string {
  return published ? 'logit - ln(10), for the published training' : describeSource('checkpoint');
}

function describeSource(source: SettingSource): string {
  return { option: 'as given', checkpoint: "the checkpoint's", inferred: 'inferred from the shapes', default: "the challenge's" }[source];
}
