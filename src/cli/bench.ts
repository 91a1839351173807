import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { chooseLeads } from '../choose-leads.js';
import type { EcgRecord } from '../ecg.js';
import type { MemoryReport, Variant } from '../index.js';
import { loadModelFile } from '../node.js';
import { groupLayers, MOST_ROUNDS, type Profile, rooflineSvg, traceEvents } from '../profile/index.js';
import { simulate } from '../simulate.js';
import { NOTICE } from '../version.js';
import { type Arguments, choiceFlag, type Flags, leadsFlag, numberFlag, parseArguments, UsageError } from './arguments.js';
import { checkOutput, DEFAULT_WEIGHTS, report, writeOutput } from './console.js';
import { readArgument } from './records.js';

export const BENCH_HELP = `leadwise bench [options]

Measures a network on this machine, layer by layer: milliseconds, GMAC/s, bytes, and the share of what the matrix kernel reaches at best in
the same process. Medians over rounds. docs/profile.md says what the figures are.

  --weights FILE   weight file (default: the shipped edge network)
  --record PATH    a recording, as leadwise classify takes it (default: a simulated one of 10 s)
  --seconds N      length of the simulated recording
  --leads I,II     use these leads only
  --rounds N       measured runs (default 15, at most 1000)
  --variant NAME   simd (default, where the engine has it) or scalar
  --all            every layer in the table, not only blocks
  --json           everything as one JSON object on standard output
  --trace FILE     one run as trace events, for chrome://tracing or Perfetto (JSON)
  --svg FILE       the layers under their roofline, as a picture
  --force          overwrite these files

Exit code 0: measured; 1: a file could not be read or written; 2: wrong call.`;

const FLAGS: Flags = {
  weights: 'value',
  record: 'value',
  seconds: 'value',
  leads: 'value',
  rounds: 'value',
  variant: 'value',
  all: 'switch',
  json: 'switch',
  trace: 'value',
  svg: 'value',
  force: 'switch',
};
const DEFAULT_SECONDS = 10;
/** Shorter work says nothing while it runs. */
const PROGRESS_MS = 2000;

/** What `--json` prints. */
interface Measurement extends Profile {
  readonly weights: string;
  readonly source: string;
  /** From the file's name to a model that is ready, once: the first in this process. */
  readonly loadMs: number;
  readonly memory: MemoryReport;
}

/** Runs the command; returns the exit code. */
export async function benchCommand(args: string[]): Promise<number> {
  const parsed = parseArguments(args, FLAGS);
  const { files, values, switches } = parsed;
  if (files.length > 0) throw new UsageError(`bench takes no FILE: --weights ${files[0]}, or --record ${files[0]}`);
  const rounds = numberFlag(parsed, 'rounds');
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1 && rounds <= MOST_ROUNDS)) {
    throw new UsageError(`--rounds expected a whole number from 1 to ${MOST_ROUNDS}, got ${rounds}`);
  }
  const variant = choiceFlag<Variant>(parsed, 'variant', ['simd', 'scalar']);
  const leads = leadsFlag(parsed);
  const load = chooseSource(parsed);
  // Before the work.
  const rules = { force: switches['force'], inputs: [values['record'], values['weights']] };
  for (const file of [values['trace'], values['svg']]) if (file !== undefined) await checkOutput(file, rules);
  const { source, record } = await load();
  const measurement = await measureFile(values['weights'], leads ? chooseLeads(record, leads) : record, { source, variant, rounds });
  process.stdout.write(
    switches['json'] ? `${JSON.stringify(measurement, null, 1)}\n` : renderMeasurement(measurement, switches['all'] ?? false),
  );
  const outputs: [string | undefined, () => string][] = [
    [values['trace'], () => `${JSON.stringify(traceEvents(measurement), null, 1)}\n`],
    [values['svg'], () => rooflineSvg(measurement)],
  ];
  for (const [file, content] of outputs) {
    if (file === undefined) continue;
    await writeOutput(file, content(), switches['force']);
    report(`wrote ${file}`);
  }
  return 0;
}

/** Where the recording comes from. @throws UsageError */
function chooseSource(parsed: Arguments): () => Promise<{ source: string; record: EcgRecord }> {
  const path = parsed.values['record'];
  const seconds = numberFlag(parsed, 'seconds');
  if (path !== undefined) {
    if (seconds !== undefined) throw new UsageError('--seconds is the length of the simulated recording: leave it or --record out');
    return async () => ({ source: path, record: await readArgument(path) });
  }
  try {
    const record = simulate({ seconds: seconds ?? DEFAULT_SECONDS });
    return async () => ({ source: `simulated, ${seconds ?? DEFAULT_SECONDS} s`, record });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

async function measureFile(
  file: string | undefined,
  record: EcgRecord,
  { source, variant, rounds }: { source: string; variant: Variant | undefined; rounds: number | undefined },
): Promise<Measurement> {
  const start = performance.now();
  const model = await loadModelFile(file ?? DEFAULT_WEIGHTS, variant ? { variant } : {});
  const loadMs = performance.now() - start;
  const onProgress = progress();
  const profile = await model.profile(record, rounds === undefined ? { onProgress } : { rounds, onProgress });
  const { memory } = model;
  model.dispose();
  const processors = cpus();
  const machine = { cpu: processors[0]?.model.trim() ?? 'unknown', cores: processors.length };
  return { ...profile, machine, weights: file ?? fileURLToPath(DEFAULT_WEIGHTS), source, loadMs, memory };
}

/** A line on standard error now and then. */
function progress(): (fraction: number) => void {
  let last = Date.now();
  return (fraction) => {
    if (Date.now() - last < PROGRESS_MS) return;
    last = Date.now();
    report(`${Math.round(100 * fraction)} %`);
  };
}

/** A line of the table. */
type Row = Pick<Profile['layers'][number], 'name' | 'ms' | 'computedMacs' | 'bytes'>;

/** The measurement as a person reads it. */
function renderMeasurement(measurement: Measurement, all: boolean): string {
  const { model, kernels, engine, machine, record, source, rounds, layers, totalMs, preprocessingMs, memory, peak, bandwidth } =
    measurement;
  const rows: readonly Row[] = all ? layers : groupLayers(layers);
  const sum = layers.reduce((total, { ms }) => total + ms, 0);
  const width = Math.max(...rows.map(({ name }) => name.length), 'network'.length);
  const bytes = layers.reduce((total, layer) => total + layer.bytes, 0);
  const megabytes = (count: number) => `${(count / 1e6).toFixed(2)} MB`;
  const { rows: m, inner, columns } = peak.shape;
  const saved = measurement.macs - measurement.computedMacs;
  const lines = [
    `${model.name}: ${source}, ${record.leads.length} leads, ${record.paddedSamples} samples of padding`,
    `  ${kernels.variant} kernels, ${engine}, ${machine?.cpu} (${machine?.cores} cores); medians of ${rounds} rounds`,
    '',
    `  ${''.padEnd(width)}        ms   share     GMAC   GMAC/s  of peak       MB`,
    ...rows.map((row) => renderRow(row, { width, sum, peakRate: peak.gmacPerSecond })),
    renderRow(
      { name: 'network', ms: totalMs.median, computedMacs: measurement.computedMacs, bytes },
      { width, sum: totalMs.median, peakRate: peak.gmacPerSecond },
    ),
    '',
    `  network          ${totalMs.median.toFixed(2)} ms, best ${totalMs.best.toFixed(2)} ms`,
    `  preprocessing    ${preprocessingMs?.toFixed(2)} ms`,
    `  loading          ${measurement.loadMs.toFixed(1)} ms, the first in this process`,
    `  memory           ${megabytes(memory.total)}: weights ${megabytes(memory.weights)}, activations ${megabytes(memory.activations)}`,
    `  peak             ${peak.gmacPerSecond.toFixed(1)} GMAC/s, best ${peak.best.toFixed(1)}: ${peak.kernel}, ${m} x ${inner} x ${columns}`,
    `  copy             ${bandwidth.gigabytesPerSecond.toFixed(1)} GB/s, buffers of ${megabytes(bandwidth.bytes)}`,
    `  work             ${(measurement.macs / 1e9).toFixed(3)} GMAC a window${saved > 0 ? `, of which ${(saved / 1e9).toFixed(3)} repeat and were not computed` : ''}`,
    `  weights          sha256 ${model.sha256}`,
    `  kernels          sha256 ${kernels.sha256}`,
    '',
    `  ${NOTICE}`,
  ];
  return `${lines.join('\n')}\n`;
}

function renderRow(
  { name, ms, computedMacs, bytes }: Row,
  { width, sum, peakRate }: { width: number; sum: number; peakRate: number },
): string {
  const gmacPerSecond = ms > 0 ? computedMacs / ms / 1e6 : 0;
  // What multiplies nothing has no rate.
  const rates =
    computedMacs === 0
      ? ['–', '–', '–']
      : [
          (computedMacs / 1e9).toFixed(4),
          gmacPerSecond.toFixed(1),
          peakRate > 0 ? `${((100 * gmacPerSecond) / peakRate).toFixed(0)} %` : '–',
        ];
  const share = `${((100 * ms) / sum).toFixed(1)} %`;
  const cells = [ms.toFixed(3), share, ...rates, (bytes / 1e6).toFixed(2)];
  return `  ${name.padEnd(width)} ${cells.map((cell, index) => cell.padStart([9, 7, 8, 8, 8, 8][index]!)).join(' ')}`;
}
