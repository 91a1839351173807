import { fileURLToPath } from 'node:url';
import type { DiagnosisClass } from '../classes.js';
import { oneLine } from '../errors.js';
import { loadModel } from '../index.js';
import type { Model } from '../model.js';
import { innerSize, isProduct, largestActivation } from '../quantized.js';
import { parseSafetensors } from '../safetensors.js';
import { countParameters, expectedTensors, type Int8Parameters, parseJson, parseWeights, type Weights } from '../weights.js';
import { parseArguments, UsageError } from './arguments.js';
import { DEFAULT_WEIGHTS, readInput } from './console.js';

export const INSPECT_HELP = `leadwise inspect [FILE] [options]

Shows what a weight file holds: configuration, classes, thresholds, calibration, quantization, tensors, parameters, multiply-accumulates
and memory.
FILE defaults to the shipped edge network.

  --json     the same as one JSON object on standard output
  --all      every tensor, every layer and the range of every integer product, not only the sums`;

/** What the int16 input of a product can hold, in the units of the network. */
interface ProductRange {
  name: string;
  /** Products that each output sums. */
  inner: number;
  inputScale: number;
  /** Larger inputs are clamped. */
  largestInput: number;
}

interface Inspection {
  file: string;
  name: string;
  bytes: number;
  metadata: Readonly<Record<string, string>>;
  config: Model['config'];
  classes: readonly DiagnosisClass[];
  decision: Weights['decision'];
  precision: Weights['parameters']['precision'];
  /** What the file says of its conversion, and its products; null for f32. */
  quantization: (Record<string, unknown> & { products: ProductRange[] }) | null;
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
  const { parameters, decision } = parseWeights(bytes);
  return {
    file,
    name: metadata['name'] ?? 'unnamed',
    bytes: bytes.byteLength,
    metadata,
    config: model.config,
    classes: model.classes,
    decision,
    precision: parameters.precision,
    quantization: parameters.precision === 'int8' ? { ...statedQuantization(metadata), products: productRanges(parameters) } : null,
    parameters: countParameters(expectedTensors(model.config, model.classes.length)),
    macs: model.plan.macs,
    memory: model.memory,
    tensors: Array.from(tensors, ([name, { dtype, shape }]) => ({ name, dtype, shape })),
    layers: model.plan.layers,
  };
}

function statedQuantization(metadata: Inspection['metadata']): object {
  const stated = parseJson(metadata, 'quantization');
  return typeof stated === 'object' && stated !== null ? stated : {};
}

function productRanges({ layers, tensors }: Int8Parameters): ProductRange[] {
  return layers
    .filter(({ kind }) => isProduct(kind))
    .map((layer) => {
      const inner = innerSize(layer);
      const inputScale = tensors.get(`${layer.name}.input_scale`)![0]!;
      return { name: layer.name, inner, inputScale, largestInput: inputScale * largestActivation(inner) };
    });
}

/** Which lead sets there are values for. */
function describeSets(sets: readonly { leads?: readonly string[] }[], where: string): string {
  const words = sets.map(({ leads }) => (leads ? `${leads.length} leads` : 'any leads'));
  return [where, `for ${words.join(', ')}`].filter((word) => word !== '').join(', ');
}

function describeQuantization({
  weights,
  activations,
  calibration,
  headRoom,
  folded,
  products,
}: NonNullable<Inspection['quantization']>): string[] {
  const { source, records } = (calibration ?? {}) as { source?: string; records?: number };
  return [
    `weights ${weights ?? 'int8'}; activations ${activations ?? 'int16'}`,
    `calibrated on ${records ?? 'an unstated number of'} records (${source ?? 'unstated source'}), head room ${headRoom ?? 'unstated'}`,
    `${products.length} integer products; folded: ${Object.keys((folded as object | undefined) ?? {}).join(' ') || 'unstated'}`,
  ];
}

function describeRange({ name, inner, inputScale, largestInput }: ProductRange): string {
  return `  ${name.padEnd(34)} ${String(inner).padStart(4)} products, input ±${largestInput.toPrecision(4)} in steps of ${inputScale.toPrecision(3)}`;
}

function renderInspection(
  { file, name, bytes, metadata, config, classes, decision, quantization, parameters, macs, memory, tensors, layers }: Inspection,
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
    `  thresholds       ${describeSets(decision.thresholds, 'on the logit')}`,
    `  calibration      ${decision.calibration.length === 0 ? 'none: probabilities are the logistic function of the logits' : describeSets(decision.calibration, '')}`,
    ...(quantization ? describeQuantization(quantization) : ['none: f32']).map(
      (line, index) => `${(index === 0 ? '  quantization' : '').padEnd(19)}${line}`,
    ),
    `  tensors          ${tensors.length}, ${[...new Set(tensors.map(({ dtype }) => dtype))].join(' ')}`,
    `  parameters       ${parameters.toLocaleString('en')} (without running statistics)`,
    `  work             ${(macs / 1e9).toFixed(3)} GMAC a record`,
    `  memory           ${megabytes(memory.total)}: weights ${megabytes(memory.weights)}, activations ${megabytes(memory.activations)}`,
  ];
  if (all) {
    if (quantization) lines.push('', ...quantization.products.map(describeRange));
    lines.push('', ...tensors.map((tensor) => `  ${tensor.name.padEnd(52)} ${tensor.dtype} [${tensor.shape.join(', ')}]`));
    lines.push(
      '',
      ...layers.map(({ name: layer, shape, macs: work }) => {
        const shown = `[${shape.join(', ')}]`;
        return `  ${layer.padEnd(34)} ${shown.padEnd(20)} ${(work / 1e6).toFixed(2).padStart(10)} MMAC`;
      }),
    );
  }
  // Names of the file, of its network and of its tensors may hold anything.
  return `${lines.map((line) => oneLine(line, Number.POSITIVE_INFINITY)).join('\n')}\n`;
}
