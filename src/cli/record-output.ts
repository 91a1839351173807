// A record as files: what simulate and convert-record write.

import { access } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { EcgRecord } from '../ecg.js';
import { formatCsv, formatEdf, formatWfdb, toSixteenBits } from '../writers/index.js';
import { UsageError } from './arguments.js';
import { fileExists, writeOutput } from './console.js';

const ENDINGS = ['.csv', '.hea', '.edf'] as const;

/** That a record can be written under this name. @throws UsageError */
export function checkRecordName(output: string): void {
  if (ENDINGS.some((ending) => extname(output).toLowerCase() === ending)) return;
  throw new UsageError(`an output file's name ends in ${ENDINGS.join(', ')}; got "${output}"`);
}

/**
 * Writes a record as its name says: `.csv`, `.hea` (a WFDB record, its `.dat` beside it) or `.edf`. Returns the files, and by how much each lead was rounded at most.
 * @throws LeadwiseError `FILE_EXISTS` without `force`; nothing is written then
 */
export async function writeRecord(output: string, record: EcgRecord, force: boolean): Promise<{ files: string[]; largestError: number[] }> {
  const { contents, largestError } = formatFiles(output, record);
  for (const file of contents.keys()) {
    const exists = await access(file).then(
      () => true,
      () => false,
    );
    if (exists && !force) throw fileExists(file);
  }
  for (const [file, content] of contents) await writeOutput(file, content, force);
  return { files: [...contents.keys()], largestError };
}

function formatFiles(output: string, record: EcgRecord): { contents: Map<string, string | Uint8Array>; largestError: number[] } {
  const ending = extname(output).toLowerCase();
  if (ending === '.csv') return { contents: new Map([[output, formatCsv(record)]]), largestError: [] };
  const { record: digital, largestError } = toSixteenBits(record);
  if (ending === '.edf') return { contents: new Map([[output, formatEdf(digital)]]), largestError };
  const name = basename(output, extname(output));
  const { header, signal } = formatWfdb(digital, name);
  const contents = new Map<string, string | Uint8Array>([
    [output, header],
    [join(dirname(output), `${name}.dat`), signal],
  ]);
  return { contents, largestError };
}
