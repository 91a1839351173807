import { extname } from 'node:path';
import { type EcgRecord, standardLead } from '../ecg.js';
import { RecordError } from '../errors.js';
import { loadModelFile } from '../node.js';
import type { QualityMode } from '../quality/mode.js';
import { GAINS, LAYOUTS, renderSheet, type SheetOptions, SPEEDS } from '../render/index.js';
import type { Result } from '../result.js';
import { type Arguments, choiceFlag, type Flags, numberFlag, parseArguments, UsageError } from './arguments.js';
import { checkOutput, DEFAULT_WEIGHTS, report, writeOutput } from './console.js';
import { explainFlag, explainRecord, findingOf } from './explain.js';
import { openPng } from './png.js';
import { expandRecords, READ_FLAGS, recordReader } from './records.js';

export const RENDER_HELP = `leadwise render FILE -o ecg.svg [options]

Draws a recording as clinicians know it: 25 mm/s, 10 mm/mV, three rows of four leads and a rhythm strip, with grid, calibration pulse, findings
and quality. FILE is one recording, whatever classify reads. The size is in millimetres, so that the scale is true on paper. What is drawn
are the samples, without a filter. Comments of the recording, which may name a patient, are never drawn.

  -o, --output FILE  .svg, or .png where the package @resvg/resvg-js is installed; - writes SVG to standard output
  --weights FILE     weight file (default: the shipped edge network)
  --no-findings      the recording alone, unclassified
  --explain CODE     below the sheet, what speaks for a finding: an abbreviation (AF), a SNOMED CT code, or strongest
  --title TEXT       stands above the sheet
  --layout NAME      ${LAYOUTS.join(', ')} (default: by the leads that are there)
  --rhythm LEAD      lead of the rhythm strip (default: II)
  --speed N          ${SPEEDS.join(' or ')} mm/s (default: 25)
  --gain N           ${GAINS.join(', ')} mm/mV (default: 10)
  --start S          begin at this second; ten seconds are drawn
  --leads I,II       these leads only
  --fs N             samples a second, for a CSV table without a time column
  --units U          mV, uV, adc or unknown, for a CSV table that does not say
  --quality MODE     gate (default), report or off, as in leadwise classify
  --dpi N            pixels an inch of a .png (default: 200); it has at most 100 million pixels
  --font FILE        of a .png: use this font file instead of the system's; may be repeated
  --force            overwrite the output

Many recordings: leadwise classify FILE… --report page.html.
A recording without a usable lead is drawn without findings, with the reason in their place; the exit code is 1.
Exit code 0: drawn; 1: the recording could not be read or classified, or the picture not be written; 2: wrong call.`;

const FLAGS: Flags = {
  output: 'value',
  weights: 'value',
  'no-findings': 'switch',
  explain: 'value',
  title: 'value',
  layout: 'value',
  rhythm: 'value',
  speed: 'value',
  gain: 'value',
  quality: 'value',
  dpi: 'value',
  font: 'list',
  force: 'switch',
  ...READ_FLAGS,
};

const DPI = { least: 30, most: 600 };

/** Runs the command; returns the exit code. */
export async function renderCommand(args: string[]): Promise<number> {
  const parsed = parseArguments(
    args.map((argument) => (argument === '-o' ? '--output' : argument)),
    FLAGS,
  );
  const [file] = parsed.files;
  if (file === undefined || parsed.files.length > 1) throw new UsageError(ONE_FILE);
  const options = sheetFlags(parsed);
  const quality = choiceFlag<QualityMode>(parsed, 'quality', ['gate', 'report', 'off']) ?? 'gate';
  const write = await openPicture(parsed);
  const read = recordReader(parsed);
  const [first, ...more] = await expandRecords([file]);
  if (first === undefined || more.length > 0) throw new UsageError(ONE_FILE);
  const record = await read(first);
  const said = parsed.switches['no-findings'] ? {} : await classifyRecord(parsed, record, quality);
  const { reason } = said;
  if (reason) report(`${first}: ${reason.message} [${reason.code}]`);
  await write(renderSheet(record, { ...options, ...said }));
  return reason ? 1 : 0;
}

const ONE_FILE = 'render draws one FILE; for several: leadwise classify FILE… --report page.html';

/** How it is drawn. @throws UsageError */
function sheetFlags(parsed: Arguments): SheetOptions {
  const { title, rhythm } = parsed.values;
  if (rhythm !== undefined && standardLead(rhythm) === undefined) throw new UsageError(`--rhythm expected a lead, got "${rhythm}"`);
  if (parsed.switches['no-findings'] && parsed.values['explain'] !== undefined)
    throw new UsageError('--explain explains a finding: leave --no-findings out');
  return {
    title,
    rhythm,
    layout: choiceFlag(parsed, 'layout', LAYOUTS),
    speed: numberChoice(parsed, 'speed', SPEEDS),
    gain: numberChoice(parsed, 'gain', GAINS),
    // The reader has cut the record there.
    offsetSeconds: numberFlag(parsed, 'start'),
  };
}

function numberChoice<T extends number>(parsed: Arguments, name: string, choices: readonly T[]): T | undefined {
  const value = numberFlag(parsed, name);
  if (value === undefined || choices.includes(value as T)) return value as T | undefined;
  throw new UsageError(`--${name} expected ${choices.join(', ')}, got ${value}`);
}

/** What is said of the recording, and explained; of a recording without a usable lead, why nothing is. */
async function classifyRecord(parsed: Arguments, record: EcgRecord, quality: QualityMode): Promise<SheetOptions> {
  const model = await loadModelFile(parsed.values['weights'] ?? DEFAULT_WEIGHTS);
  const word = explainFlag(parsed, model.classes);
  let result: Result;
  try {
    result = model.classify(record, { quality });
  } catch (error) {
    if (error instanceof RecordError && error.code === 'NO_USABLE_LEAD') return { quality: error.quality, reason: error };
    throw error;
  }
  if (word === undefined) return { result };
  return { result, explanation: await explainRecord(model, { record, finding: findingOf(result, word), quality }) };
}

/** Where the picture goes; whether it can is checked before the work. @throws UsageError, UnsupportedError, LeadwiseError `FILE_EXISTS` */
async function openPicture(parsed: Arguments): Promise<(svg: string) => Promise<void>> {
  const { values, lists, switches } = parsed;
  const file = values['output'];
  if (file === undefined) throw new UsageError('render needs an output: -o ecg.svg');
  const ending = extname(file).toLowerCase();
  if (file !== '-' && ending !== '.svg' && ending !== '.png')
    throw new UsageError(`an output file's name ends in .svg or .png; got "${file}"`);
  const dpi = numberFlag(parsed, 'dpi') ?? 200;
  if (!(dpi >= DPI.least && dpi <= DPI.most)) throw new UsageError(`--dpi expected ${DPI.least} to ${DPI.most}, got ${dpi}`);
  if (ending !== '.png' && (values['dpi'] !== undefined || lists['font'])) throw new UsageError('--dpi and --font are for a .png');
  if (file === '-') return async (svg) => void process.stdout.write(svg);
  await checkOutput(file, { force: switches['force'], inputs: [...parsed.files, values['weights']] });
  const convert = ending === '.png' ? await openPng({ dpi, fonts: lists['font'] ?? [] }) : (svg: string) => svg;
  return async (svg) => {
    await writeOutput(file, convert(svg), switches['force']);
    report(`wrote ${file}`);
  };
}
