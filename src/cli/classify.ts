import type { EcgRecord } from '../ecg.js';
import type { WindowsMode } from '../index.js';
import { loadModelFile } from '../node.js';
import type { QualityMode } from '../quality/mode.js';
import type { Result } from '../result.js';
import { type Arguments, choiceFlag, type Flags, parseArguments, UsageError } from './arguments.js';
import { checkNoInput, DEFAULT_WEIGHTS, report } from './console.js';
import { appendTo, plainArrays, standardOutput } from './ndjson.js';
import { describeFailure, expandRecords, type Failure, READ_FLAGS, recordReader } from './records.js';
import { checkReportFlags, openReportPage } from './report-page.js';
import { renderTable } from './table.js';

export const CLASSIFY_HELP = `leadwise classify FILE… [options]

Names what ECG recordings show. FILE is a WFDB record (its .hea, its .dat or .mat, or its bare name), EDF, BDF, DICOM, GE MUSE XML, HL7 aECG, Philips
XML, FHIR, ISHNE, JSON or a CSV table, told by content; a folder of any of these; or - for one file on standard input.

  --weights FILE   weight file (default: the shipped edge network)
  --json           one JSON array on standard output: all findings, logits and what was done to each record
  --ndjson         the same as one line a record, written as it comes: for folders of any size
  --output FILE    with --ndjson: write to FILE, behind what is there; records that it holds are left out, so that a stopped run goes on
  --report FILE    everything as one HTML page (.html or .htm): the sheet as leadwise render draws it, quality, all findings;
                   of a record without a usable lead the reason in their place
  --explain CODE   with --report: what speaks for a finding: an abbreviation (AF), a SNOMED CT code, or strongest;
                   with --windows all in the window where it is most probable, which is drawn
  --force          overwrite the report
  --all            all classes in the table, not only the likely ones
  --leads I,II     use these leads only
  --start S        begin at this second of each record
  --windows MODE   first (default): the first window of a long record, as published; all: every window, with a timeline
  --fs N           samples a second, for a CSV table without a time column
  --units U        mV, uV, adc or unknown, for a CSV table that does not say
  --quality MODE   gate (default): leads that are not worth reading are dropped; report: said, but read; off: as published

Exit code 0: all classified; 1: some could not be read or classified; 2: wrong call.`;

const FLAGS: Flags = {
  weights: 'value',
  json: 'switch',
  ndjson: 'switch',
  output: 'value',
  report: 'value',
  explain: 'value',
  force: 'switch',
  all: 'switch',
  windows: 'value',
  quality: 'value',
  ...READ_FLAGS,
};

type Element = ({ record: string } & Result) | Failure;

/** Runs the command; returns the exit code. */
export async function classifyCommand(args: string[]): Promise<number> {
  const parsed = parseArguments(args, FLAGS);
  if (parsed.files.length === 0) throw new UsageError('classify needs at least one FILE');
  await checkReportFlags(parsed);
  await checkOutputFlags(parsed);
  const read = recordReader(parsed);
  const quality = choiceFlag<QualityMode>(parsed, 'quality', ['gate', 'report', 'off']) ?? 'gate';
  const windows = choiceFlag<WindowsMode>(parsed, 'windows', ['first', 'all']) ?? 'first';
  const model = await loadModelFile(parsed.values['weights'] ?? DEFAULT_WEIGHTS);
  const page = openReportPage(parsed, model, quality);
  const all = await expandRecords(parsed.files);
  page?.checkCount(all.length);
  // Opening it makes or changes a file: not before the rest of the call is known to be right.
  const output = await openOutput(parsed);
  const records = all.filter((record) => !output.done.has(record));
  if (records.length < all.length) report(`${all.length - records.length} of ${all.length} records are there already`);
  let failed = 0;
  for (const [index, record] of records.entries()) {
    if (records.length > 1) report(`${index + 1}/${records.length} ${record}`);
    let element: Element;
    let source: EcgRecord | undefined;
    try {
      source = await read(record);
      const result = model.classify(source, { quality, windows });
      await page?.add(record, source, result);
      element = { record, ...result };
    } catch (error) {
      const failure = describeFailure(record, error);
      failed++;
      page?.addFailure(failure, source);
      report(`${record}: ${failure.error.message} [${failure.error.code}]`);
      element = failure;
    }
    await output.write(element, source);
  }
  await output.close();
  await page?.write();
  return failed > 0 ? 1 : 0;
}

interface Output {
  /** Records that need not be classified again. */
  readonly done: ReadonlySet<string>;
  write(element: Element, source?: EcgRecord): Promise<void>;
  close(): Promise<void>;
}

/** @throws UsageError */
async function checkOutputFlags({ files, switches, values }: Arguments): Promise<void> {
  if (switches['json'] && switches['ndjson']) throw new UsageError('--json and --ndjson exclude each other');
  if (values['output'] === undefined) return;
  if (!switches['ndjson']) throw new UsageError('--output is for --ndjson');
  await checkNoInput(values['output'], [...files, values['weights']]);
}

/** A table, one JSON array, or lines of JSON. */
async function openOutput({ switches, values }: Arguments): Promise<Output> {
  const { json = false, ndjson = false, all = false } = switches;
  const file = values['output'];
  if (ndjson) return file === undefined ? standardOutput() : appendTo(file);
  const elements: Element[] = [];
  return {
    done: new Set(),
    async write(element, source) {
      if (json) elements.push(element);
      else if (!('error' in element)) process.stdout.write(`${renderTable(element.record, source!, element, all)}\n`);
    },
    async close() {
      if (json) process.stdout.write(`${JSON.stringify(elements, plainArrays, 2)}\n`);
    },
  };
}
