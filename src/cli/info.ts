import { type EcgRecord, standardLead } from '../ecg.js';
import { oneLine } from '../errors.js';
import { identifyRecord } from '../node.js';
import { parseArguments, UsageError } from './arguments.js';
import { report } from './console.js';
import { describeFailure, expandRecords, type Failure, READ_FLAGS, recordReader } from './records.js';

export const INFO_HELP = `leadwise info FILE… [options]

Shows what recordings hold: format, rate, length, and of each lead its unit, range and invalid samples. Nothing about the patient is shown.

  --json         one JSON array
  --leads I,II   these leads only
  --start S      from this second on
  --fs N         samples a second, for a table that does not say
  --units U      mV, uV, adc or unknown, for a table that does not say

Exit code 0: all read; 1: some could not be read; 2: wrong call.`;

/** What one lead holds. Ranges are in its unit, of valid samples. */
interface LeadInfo {
  name: string;
  /** Its standard name; null for a lead that no network here reads. */
  lead: string | null;
  unit: string;
  least: number | null;
  most: number | null;
  invalid: number;
  /** Units of the converter per unit of the lead, where the source says it. */
  adcGain: number | null;
}

interface RecordInfo {
  record: string;
  format: string;
  fs: number;
  samples: number;
  seconds: number;
  leads: LeadInfo[];
}

/** Runs the command; returns the exit code. */
export async function infoCommand(args: string[]): Promise<number> {
  const parsed = parseArguments(args, { json: 'switch', ...READ_FLAGS });
  if (parsed.files.length === 0) throw new UsageError('info needs at least one FILE');
  const read = recordReader(parsed);
  const elements: (RecordInfo | Failure)[] = [];
  for (const record of await expandRecords(parsed.files)) {
    try {
      const format = record === '-' ? 'standard input' : ((await identifyRecord(record)) ?? 'unknown');
      const info = describe(record, format, await read(record));
      elements.push(info);
      if (!parsed.switches['json']) process.stdout.write(`${render(info)}\n`);
    } catch (error) {
      const failure = describeFailure(record, error);
      elements.push(failure);
      report(`${record}: ${failure.error.message} [${failure.error.code}]`);
    }
  }
  if (parsed.switches['json']) process.stdout.write(`${JSON.stringify(elements, null, 2)}\n`);
  return elements.some((element) => 'error' in element) ? 1 : 0;
}

function describe(record: string, format: string, { fs, sigName, units, signal, adcGain }: EcgRecord): RecordInfo {
  const samples = signal[0]?.length ?? 0;
  const leads = sigName.map((name, index) => {
    const { least, most, invalid } = rangeOf(signal[index]!);
    return { name, lead: standardLead(name) ?? null, unit: units[index]!, least, most, invalid, adcGain: adcGain?.[index] ?? null };
  });
  return { record, format, fs, samples, seconds: samples / fs, leads };
}

function rangeOf(values: ArrayLike<number>): { least: number | null; most: number | null; invalid: number } {
  let [least, most, invalid] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let n = 0; n < values.length; n++) {
    const value = values[n]!;
    if (!Number.isFinite(value)) invalid++;
    else {
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  return invalid === values.length ? { least: null, most: null, invalid } : { least, most, invalid };
}

function render({ record, format, fs, samples, seconds, leads }: RecordInfo): string {
  const known = leads.filter(({ lead }) => lead !== null).length;
  const rows = leads.map(({ name, lead, unit, least, most, invalid, adcGain }) => [
    lead ?? '-',
    oneLine(name),
    unit,
    least === null ? '-' : short(least),
    most === null ? '-' : short(most),
    String(invalid),
    adcGain === null ? '-' : `1/${short(adcGain)}`,
  ]);
  const table = [['lead', 'named', 'unit', 'least', 'most', 'invalid', 'step'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map(
    (row) => `  ${row.map((cell, column) => (column < 3 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ')}`,
  );
  return [
    `${oneLine(record)}: ${format}, ${known} of ${leads.length} leads known, ${fs} Hz, ${seconds.toFixed(1)} s, ${samples} samples`,
    '',
    ...lines,
    '',
  ].join('\n');
}

/** Four digits, without zeros at the end. */
function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
