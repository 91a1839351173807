import { fileURLToPath } from 'node:url';
import type { DiagnosisClass } from '../classes.js';
import { loadModel } from '../index.js';
import type { Model } from '../model.js';
import { parseSafetensors } from '../safetensors.js';
import { countParameters, expectedTensors } from '../weights.js';
import { parseArguments, UsageError } from './arguments.js';
import { DEFAULT_WEIGHTS, readInput } from './console.js';

export const INSPECT_HELP = `leadwise inspect [FILE] [options]

Shows what a weight file holds: configuration, classes, tensors, parameters, multiply-accumulates and memory.
FILE defaults to the shipped edge network.

  --json     the same as one JSON object on standard output
  --all      every tensor and every layer, not only the sums`;

interface Inspection {
  file: string;
  name: string;
  bytes: number;
  metadata: Readonly<Record<string, string>>;
  config: Model['config'];
  classes: readonly DiagnosisClass[];
  parameters: number;
  macs: number;
  memory: Model['memory'];
  tensors: { name: string; dtype: string; shape: readonly number[] }[];
  layers: Model['plan']['layers'];
}

/** Runs the command; returns the exit code. */
export async function inspectCommand(args: string[]): Promise<number> {
  const { files, switches } = parseArguments(args, { json: 'switch', all: 'switch' });
  if (files.length > 1) throw new UsageError(`inspect takes one FILE, got ${files.length}`);
  const file = files[0] ?? fileURLToPath(DEFAULT_WEIGHTS);
  const inspection = await inspectFile(file);
  process.stdout.write(
    switches['json'] ? `${JSON.stringify(inspection, null, 2)}\n` : renderInspection(inspection, switches['all'] ?? false),
  );
  return 0;
}

async function inspectFile(file: string): Promise<Inspection> {
  const bytes = await readInput(file);
  const model = await loadModel(bytes);
  const { metadata, tensors } = parseSafetensors(bytes);
  return {
    file,
    name: metadata['name'] ?? 'unnamed',
    bytes: bytes.byteLength,
    metadata,
    config: model.config,
    classes: model.classes,
    parameters: countParameters(expectedTensors(model.config, model.classes.length)),
    macs: model.plan.macs,
    memory: model.memory,
    tensors: Array.from(tensors, ([name, { dtype, shape }]) => ({ name, dtype, shape })),
    layers: model.plan.layers,
  };
}

function renderInspection(
  { file, name, bytes, metadata, config, classes, parameters, macs, memory, tensors, layers }: Inspection,
  all: boolean,
): string {
  const megabytes = (count: number) => `${(count / 1e6).toFixed(2)} MB`;
  const lines = [
    `${file}: ${name}, ${megabytes(bytes)}`,
    '',
    ...Object.entries(config).map(
      ([key, value]) => `  ${key.padEnd(16)} ${Array.isArray(value) ? value.map((entry) => JSON.stringify(entry)).join(' ') : value}`,
    ),
    '',
    `  classes          ${classes.length}: ${classes.map(({ abbreviation }) => abbreviation).join(' ')}`,
    `  provenance       ${metadata['provenance'] ?? 'not stated'}`,
    `  calibration      ${metadata['calibration'] ?? 'none: probabilities are the logistic function of the logits'}`,
    `  tensors          ${tensors.length}, ${[...new Set(tensors.map(({ dtype }) => dtype))].join(' ')}`,
    `  parameters       ${parameters.toLocaleString('en')} (without running statistics)`,
    `  work             ${(macs / 1e9).toFixed(3)} GMAC a record`,
    `  memory           ${megabytes(memory.total)}: weights ${megabytes(memory.weights)}, activations ${megabytes(memory.activations)}`,
  ];
  if (all) {
    lines.push('', ...tensors.map((tensor) => `  ${tensor.name.padEnd(52)} ${tensor.dtype} [${tensor.shape.join(', ')}]`));
    lines.push(
      '',
      ...layers.map(({ name: layer, shape, macs: work }) => {
        const shown = `[${shape.join(', ')}]`;
        return `  ${layer.padEnd(34)} ${shown.padEnd(20)} ${(work / 1e6).toFixed(2).padStart(10)} MMAC`;
      }),
    );
  }
  return `${lines.join('\n')}\n`;
}
