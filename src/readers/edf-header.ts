import { standardLead, type Unit } from '../ecg.js';
import { FormatError } from '../errors.js';
import { decodeText } from './text.js';
import { unitOf } from './units.js';

// The header of EDF (Kemp et al., Electroencephalogr Clin Neurophysiol 82:391, 1992; https://www.edfplus.info/specs/edf.html), of EDF+
// (Kemp, Olivan, Clin Neurophysiol 114:1755, 2003; https://www.edfplus.info/specs/edfplus.html) and of BDF, the same with samples of 24
// bits (https://www.biosemi.com/faq/file_format.htm). Fields are ASCII, filled up with blanks; those of the signals lie by field.

/** One signal of an EDF or BDF file. Numbers of its scale are as written: only those of signals that are read have to make sense. */
export interface EdfSignal {
  /** Label without blanks around it. */
  label: string;
  /** Name of the lead: the label, without EDF's type `ECG` where a standard lead follows it. */
  sigName: string;
  /** The file's own list of annotations, which is no signal. */
  isAnnotation: boolean;
  physicalDimension: string;
  physicalMinimum: string;
  physicalMaximum: string;
  digitalMinimum: string;
  digitalMaximum: string;
  samplesPerRecord: number;
  /** Bytes of a data record before this signal's. */
  byteOffset: number;
}

export interface EdfHeader {
  format: 'edf' | 'bdf';
  /** Bytes of one sample: 2 in EDF, 3 in BDF. */
  sampleBytes: 2 | 3;
  /** EDF+D or BDF+D: the data records need not follow each other in time. */
  isDiscontinuous: boolean;
  /** Data records as stated; -1: not known when the header was written. */
  records: number;
  recordSeconds: number;
  recordBytes: number;
  headerBytes: number;
  signals: EdfSignal[];
}

/** How the integers of a signal stand for its unit: physical = (digital - baseline) / adcGain. */
export interface EdfScale {
  unit: Unit;
  adcGain: number;
  baseline: number;
}

const FIXED_BYTES = 256;
const BYTES_PER_SIGNAL = 256;

/** Widths of the fields of a signal, in their order. */
const SIGNAL_FIELDS = {
  label: 16,
  transducer: 80,
  physicalDimension: 8,
  physicalMinimum: 8,
  physicalMaximum: 8,
  digitalMinimum: 8,
  digitalMaximum: 8,
  prefilter: 80,
  samplesPerRecord: 8,
};

/** True for bytes that begin as an EDF file does: version 0, and a number for the header's length. */
export function isEdf(bytes: Uint8Array): boolean {
  return startsWith(bytes, '0       ') && (bytes.length < 192 || /^\d+$/.test(field(bytes, 184, 8)));
}

/** True for bytes that begin as a BDF file does: byte 255 and `BIOSEMI`. */
export function isBdf(bytes: Uint8Array): boolean {
  return startsWith(bytes, '\u00ffBIOSEMI');
}

/** The label of a list of annotations. */
export function isAnnotationLabel(label: string): boolean {
  return label === 'EDF Annotations' || label === 'BDF Annotations';
}

/**
 * Parses the header at the start of `bytes`. Patient, recording, date and time are passed over.
 *
 * @throws FormatError `BAD_EDF` with the offset for what is no EDF or BDF header or contradicts itself, `TRUNCATED`.
 */
export function parseEdfHeader(bytes: Uint8Array): EdfHeader {
  const format = isBdf(bytes) ? 'bdf' : 'edf';
  if (format === 'edf' && !isEdf(bytes)) throw bad(format, 0, 'neither the version 0 of EDF nor the signature of BDF');
  requireBytes(bytes, FIXED_BYTES, format);
  const number = (offset: number, width: number, what: string, pattern = /^\d+$/) => {
    const text = field(bytes, offset, width);
    if (!pattern.test(text)) throw bad(format, offset, `the ${what} is missing or no number of its kind`);
    return Number(text);
  };
  const headerBytes = number(184, 8, 'length of the header');
  const records = number(236, 8, 'number of data records', /^(?:\d+|-1)$/);
  const recordSeconds = number(244, 8, 'duration of a data record', /^\+?(?:\d+(?:\.\d*)?|\.\d+)$/);
  const count = number(252, 4, 'number of signals');
  if (count === 0) throw new FormatError('NO_SIGNALS', 'the file has no signals', { format });
  if (headerBytes !== FIXED_BYTES + count * BYTES_PER_SIGNAL) {
    throw bad(format, 184, `${count} signals make a header of ${FIXED_BYTES + count * BYTES_PER_SIGNAL} bytes, not ${headerBytes}`);
  }
  requireBytes(bytes, headerBytes, format);

  const sampleBytes = format === 'bdf' ? 3 : 2;
  const signals: EdfSignal[] = [];
  let recordBytes = 0;
  for (let index = 0; index < count; index++) {
    const at = (name: keyof typeof SIGNAL_FIELDS) => fieldOffset(name, count) + index * SIGNAL_FIELDS[name];
    const text = (name: keyof typeof SIGNAL_FIELDS) => field(bytes, at(name), SIGNAL_FIELDS[name]);
    const label = text('label');
    const samplesPerRecord = number(at('samplesPerRecord'), 8, 'number of samples in a data record');
    signals.push({
      label,
      sigName: sigNameOf(label),
      isAnnotation: isAnnotationLabel(label),
      physicalDimension: text('physicalDimension'),
      physicalMinimum: text('physicalMinimum'),
      physicalMaximum: text('physicalMaximum'),
      digitalMinimum: text('digitalMinimum'),
      digitalMaximum: text('digitalMaximum'),
      samplesPerRecord,
      byteOffset: recordBytes,
    });
    recordBytes += samplesPerRecord * sampleBytes;
  }
  if (recordBytes === 0) throw new FormatError('NO_SAMPLES', 'the data records hold no samples', { format });
  const isDiscontinuous = /^[EB]DF\+D/.test(field(bytes, 192, 44));
  return { format, sampleBytes, isDiscontinuous, records, recordSeconds, recordBytes, headerBytes, signals };
}

/**
 * Unit, gain and baseline of a signal. Millivolts and microvolts stay, volts become millivolts, anything else is `unknown`.
 *
 * @throws FormatError `BAD_SCALE` where the digital or physical range is empty, upside down in digital values, or unreadable.
 */
export function scaleOf(signal: EdfSignal, { format, sampleBytes }: EdfHeader): EdfScale {
  const { physicalDimension: dimension, digitalMinimum, digitalMaximum, physicalMinimum, physicalMaximum } = signal;
  const lead = standardLead(signal.sigName);
  const refuse = (message: string) => new FormatError('BAD_SCALE', message, { format, ...(lead !== undefined && { lead }) });
  const bound = sampleBytes === 3 ? 2 ** 23 : 2 ** 15;
  const [low, high] = [digitalMinimum, digitalMaximum].map((text) => (/^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN)) as Pair;
  if (!(low < high && low >= -bound && high <= bound)) {
    throw refuse(`the digital minimum and maximum of a signal must be integers of ${8 * sampleBytes} bits, one below the other`);
  }
  const volts = dimension.toLowerCase() === 'v' ? 1000 : 1;
  const [bottom, top] = [physicalMinimum, physicalMaximum].map((text) => volts * decimal(text)) as Pair;
  if (!(bottom !== top && Number.isFinite(bottom) && Number.isFinite(top))) {
    throw refuse('the physical minimum and maximum of a signal must be two different numbers');
  }
  // The limits are decimals: what their division adds behind the 14th digit is rounding.
  const adcGain = Number(((high - low) / (top - bottom)).toPrecision(14));
  const baseline = Math.round((low - bottom * adcGain) * 1e9) / 1e9 + 0; // no -0
  if (!(Number.isFinite(adcGain) && Number.isFinite(baseline))) throw refuse('the physical range of a signal is too small to be one');
  return { unit: volts === 1000 ? 'mV' : unitOf(dimension), adcGain, baseline };
}

type Pair = [number, number];

/** The text of a field, without the blanks or NUL characters that fill it up. Some writers put `µV` into it, in Latin-1 or UTF-8. */
function field(bytes: Uint8Array, offset: number, width: number): string {
  return decodeText(bytes.subarray(offset, offset + width))
    .replaceAll('\0', ' ')
    .trim();
}

function fieldOffset(name: keyof typeof SIGNAL_FIELDS, count: number): number {
  let before = 0;
  for (const [other, width] of Object.entries(SIGNAL_FIELDS)) {
    if (other === name) break;
    before += width;
  }
  return FIXED_BYTES + before * count;
}

/** EDF+ labels are type and specification: `ECG V1` is the lead `V1`, `ECG V1-Ref` is what it says (edfplus.info/specs/edftexts.html). */
function sigNameOf(label: string): string {
  const [, specification] = /^ECG +(.+)$/.exec(label) ?? [];
  return specification !== undefined && standardLead(specification) !== undefined ? specification : label;
}

function decimal(text: string): number {
  const value = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return Math.abs(value) <= 1e15 ? value : Number.NaN;
}

function startsWith(bytes: Uint8Array, signature: string): boolean {
  return bytes.length >= signature.length && [...signature].every((letter, index) => bytes[index] === letter.charCodeAt(0));
}

function requireBytes(bytes: Uint8Array, needed: number, format: string): void {
  if (bytes.length >= needed) return;
  throw new FormatError('TRUNCATED', `the header needs ${needed} bytes, the file has ${bytes.length}`, { format });
}

function bad(format: string, offset: number, message: string): FormatError {
  return new FormatError('BAD_EDF', message, { format, offset });
}
