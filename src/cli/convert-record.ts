import { numberFlag, parseArguments, UsageError } from './arguments.js';
import { checkNoInput, report } from './console.js';
import { checkRecordName, writeRecord } from './record-output.js';
import { READ_FLAGS, recordReader } from './records.js';

export const CONVERT_RECORD_HELP = `leadwise convert-record IN OUT [options]

Writes a recording in another format. IN is whatever classify reads; OUT ends in .hea (a WFDB record: header and .dat), .csv or .edf.
What OUT cannot hold exactly is rounded to 16 bits, and how far at most is said. Nothing about the patient is written but a WFDB header's own comments, with --comments.

  --leads I,II     these leads only
  --start S        begin at this second
  --seconds N      this long at most
  --fs N           samples a second, for a CSV table without a time column
  --units U        mV, uV, adc or unknown, for a CSV table that does not say
  --comments       keep the comments of the source
  --force          overwrite OUT`;

/** Runs the command; returns the exit code. */
export async function convertRecordCommand(args: string[]): Promise<number> {
  const parsed = parseArguments(args, { seconds: 'value', comments: 'switch', force: 'switch', ...READ_FLAGS });
  const [input, output, ...more] = parsed.files;
  if (input === undefined || output === undefined || more.length > 0) throw new UsageError('convert-record needs IN and OUT');
  checkRecordName(output);
  // Also where the ending of a WFDB record is left out.
  await checkNoInput(output, [input, `${input}.hea`]);
  const seconds = numberFlag(parsed, 'seconds');
  if (seconds !== undefined && seconds <= 0) throw new UsageError(`--seconds expected a positive number, got ${seconds}`);
  const { comments, ...rest } = await recordReader(parsed, seconds === undefined ? {} : { seconds })(input);
  const record = parsed.switches['comments'] && comments ? { ...rest, comments } : rest;
  const { files, largestError } = await writeRecord(output, record, parsed.switches['force'] ?? false);
  const rounded = largestError.flatMap((error, lead) =>
    error > 0 ? [`${record.sigName[lead]} by ${error.toPrecision(2)} ${record.units[lead]}`] : [],
  );
  if (rounded.length > 0) report(`rounded to 16 bits, at most: ${rounded.join(', ')}`);
  report(
    `wrote ${files.join(', ')}: ${record.sigName.length} leads, ${record.fs} Hz, ${(record.signal[0]!.length / record.fs).toFixed(1)} s`,
  );
  return 0;
}
