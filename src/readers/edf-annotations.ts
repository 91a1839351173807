import { FormatError } from '../errors.js';
import type { EdfHeader, EdfSignal } from './edf-header.js';

// Time-stamped annotation lists, EDF+ section 2.2: `+onset[\x15duration]\x14text\x14…\x14\0`. The first of each data record has an empty
// first text: its onset is the record's.

const END_OF_TIME = 0x14;

/** Longest onset that is looked at, in bytes. */
const MAX_ONSET_BYTES = 64;

/** Of a list of annotations that is looked at for the end of the recording; whole data records have at most 61440 bytes, says the standard. */
const MAX_LIST_BYTES = 65_536;

/** Marks the last sample in the last data record, which is as long as the others; what follows it is filling. `formatEdf` writes it. */
export const RECORDING_ENDS = 'Recording ends';

/**
 * Seconds from the start of the file to data record `index`.
 * @throws FormatError `NO_ONSET` with the offset where the record does not say.
 */
export function recordOnset(bytes: Uint8Array, header: EdfHeader, index: number): number {
  const [list] = annotationLists(header);
  const offset = header.headerBytes + index * header.recordBytes + (list?.byteOffset ?? 0);
  const listBytes = (list?.samplesPerRecord ?? 0) * header.sampleBytes;
  const start = bytes.subarray(offset, offset + Math.min(listBytes, MAX_ONSET_BYTES));
  const end = start.indexOf(END_OF_TIME);
  const onset = end > 0 && start[end + 1] === END_OF_TIME ? seconds(latin1(start.subarray(0, end))) : undefined;
  if (onset === undefined) {
    const message = 'the data records of this file need not follow each other, and one does not say when it begins';
    throw new FormatError('NO_ONSET', message, { format: header.format, offset });
  }
  return onset;
}

/** Seconds from the beginning of the last data record to the end of the recording in it, where an annotation there gives it. */
export function endInLastRecord(bytes: Uint8Array, header: EdfHeader, records: number): number | undefined {
  const start = header.headerBytes + (records - 1) * header.recordBytes;
  for (const { byteOffset, samplesPerRecord } of annotationLists(header)) {
    const listBytes = Math.min(samplesPerRecord * header.sampleBytes, MAX_LIST_BYTES);
    const list = bytes.subarray(start + byteOffset, start + byteOffset + listBytes);
    for (const [time = '', ...texts] of latin1(list)
      .split('\0')
      .map((entry) => entry.split('\x14'))) {
      const onset = texts.includes(RECORDING_ENDS) ? seconds(time.split('\x15')[0]!) : undefined;
      if (onset !== undefined) return onset - recordOnset(bytes, header, records - 1);
    }
  }
  return undefined;
}

function annotationLists({ signals }: EdfHeader): EdfSignal[] {
  return signals.filter(({ isAnnotation, samplesPerRecord }) => isAnnotation && samplesPerRecord > 0);
}

function seconds(text: string): number | undefined {
  return /^[+-]\d+(?:\.\d*)?$/.test(text) ? Number(text) : undefined;
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
