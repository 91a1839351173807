import { type EcgRecord, standardLead, type Unit } from '../ecg.js';
import { FormatError } from '../errors.js';
import { decodeBase64 } from './base64.js';
import { checkLeadCount } from './limits.js';
import { numberOf, type StoredLead, scaledRecord, voltageOf } from './samples.js';
import { children, parseXml, text, type XmlElement, type XmlOptions, xmlRoot } from './xml.js';

// GE MUSE XML, version 5 and later: root RestingECG (restecg.dtd). A Waveform for the representative beat (Median) and one for the rhythm,
// each with a LeadData for every stored lead. Names of elements after GE's "MUSE XML Developer's Reference Manual".

export interface MuseOptions extends XmlOptions {
  /** Unit of leads for which the file names none. */
  units?: Unit;
  /** `verify` (the default): a lead that differs from its CRC-32 is an error. */
  checksum?: 'verify' | 'ignore';
  /** Adds those of III, aVR, aVL and aVF that are not stored, from I and II. They are left out otherwise, as the network was trained. */
  derive?: boolean;
}

const FORMAT = 'muse';

/** True for bytes whose root element is that of a MUSE file. */
export function isMuse(bytes: Uint8Array): boolean {
  return xmlRoot(bytes) === 'RestingECG';
}

/**
 * Reads the rhythm of a GE MUSE XML file; the longest, where there are several. The representative beat is never taken for it, patient
 * and test data are not looked at. A lead with `LeadOff` is NaN throughout.
 *
 * @throws UnsupportedError `LIBRARY_REQUIRED`
 * @throws FormatError `BAD_MUSE`, `UNSUPPORTED_MUSE`, `UNITS_REQUIRED`, `CHECKSUM_MISMATCH`, `NO_SIGNALS`, `TOO_MANY_LEADS`, `UNEQUAL_LENGTHS`, `BAD_SCALE`,
 * and those of `parseXml`.
 */
export function readMuse(bytes: Uint8Array, options: MuseOptions = {}): EcgRecord {
  const root = parseXml(bytes, options.libraries, FORMAT);
  if (root.name !== 'RestingECG') throw bad('the root element is not RestingECG');
  const waveforms = children(root, 'Waveform').filter((waveform) => /^rhythm$/i.test(text(waveform, 'WaveformType') ?? ''));
  const rhythms = waveforms.map((waveform) => ({
    waveform,
    samples: countOf(children(waveform, 'LeadData')[0], 'LeadSampleCountTotal') ?? 0,
  }));
  const [longest] = rhythms.sort((a, b) => b.samples - a.samples);
  if (longest === undefined) throw new FormatError('NO_SIGNALS', 'the file has no waveform of type Rhythm', { format: FORMAT });
  const { waveform } = longest;
  const sampleType = text(waveform, 'SampleType') ?? 'CONTINUOUS_SAMPLES';
  if (sampleType !== 'CONTINUOUS_SAMPLES') throw unsupported('samples that are not continuous');
  const stored = children(waveform, 'LeadData');
  checkLeadCount(stored.length, FORMAT);
  const announced = countOf(waveform, 'NumberofLeads');
  if (announced !== undefined && announced !== stored.length)
    throw bad(`the waveform announces ${announced} leads and has ${stored.length}`);
  requireOneStart(stored);
  const record = scaledRecord(
    rateOfWaveform(waveform),
    stored.map((lead) => readLead(lead, options)),
    FORMAT,
  );
  return options.derive ? deriveLimbLeads(record) : record;
}

/** SampleBase · 10^SampleExponent, in Hz. */
function rateOfWaveform(waveform: XmlElement): number {
  const base = numberOf(text(waveform, 'SampleBase'));
  const exponent = numberOf(text(waveform, 'SampleExponent') ?? '0');
  const fs = base !== undefined && Number.isInteger(exponent) ? Number(`${base}e${exponent}`) : Number.NaN;
  if (!(fs > 0 && fs < Number.POSITIVE_INFINITY)) throw bad('SampleBase and SampleExponent give no sampling frequency');
  return fs;
}

/** Leads that begin one after another, as on paper, are no simultaneous record. */
function requireOneStart(leads: XmlElement[]): void {
  for (const name of ['LeadTimeOffset', 'LeadOffsetFirstSample']) {
    const starts = new Set(leads.map((lead) => numberOf(text(lead, name) ?? '0')));
    if (starts.size > 1) throw unsupported(`leads that begin at different times (${name})`);
  }
}

function readLead(lead: XmlElement, options: MuseOptions): StoredLead {
  const name = text(lead, 'LeadID');
  if (!name) throw bad('a lead without LeadID');
  const place = { format: FORMAT, lead: standardLead(name) ?? 'other' };
  const fail = (message: string) => new FormatError('BAD_MUSE', message, place);
  const sampleSize = countOf(lead, 'LeadSampleSize') ?? 2;
  if (sampleSize !== 2) throw unsupported(`samples of ${sampleSize} bytes`);
  if (numberOf(text(lead, 'FirstSampleBaseline') ?? '0') !== 0) throw unsupported('a FirstSampleBaseline other than 0');
  const bytes = decodeBase64(text(lead, 'WaveFormData') ?? '');
  if (!bytes?.length) throw fail('WaveFormData is missing, or no base64');
  const size = countOf(lead, 'LeadByteCountTotal') ?? bytes.length;
  const samples = countOf(lead, 'LeadSampleCountTotal') ?? bytes.length / 2;
  if (size !== bytes.length || samples !== bytes.length / 2 || !Number.isInteger(samples)) {
    throw fail(`${samples} samples in ${size} bytes are announced, WaveFormData holds ${bytes.length} bytes`);
  }
  // Of the decoded bytes, the polynomial of zlib: so in files of MUSE 9. What other programs write leaves 0 there.
  const checksum = countOf(lead, 'LeadDataCRC32') ?? 0;
  if (options.checksum !== 'ignore' && checksum !== 0 && checksum !== crc32(bytes)) {
    const message = "the samples do not have the CRC-32 that the file gives; { checksum: 'ignore' } reads them as they are";
    throw new FormatError('CHECKSUM_MISMATCH', message, place);
  }
  const scale = numberOf(text(lead, 'LeadAmplitudeUnitsPerBit')?.replace(',', '.'));
  if (!scale) throw fail('LeadAmplitudeUnitsPerBit is missing, or no number other than 0');
  return {
    name,
    values: int16(bytes),
    scale,
    origin: 0,
    voltage: voltageOf(text(lead, 'LeadAmplitudeUnits'), options.units, place),
    off: /^true$/i.test(text(lead, 'LeadOff') ?? ''),
  };
}

function countOf(element: XmlElement | undefined, name: string): number | undefined {
  const written = text(element, name);
  if (!written) return undefined;
  const count = /^\d{1,15}$/.test(written) ? Number(written) : undefined;
  if (count === undefined) throw bad(`${name} is no number`);
  return count;
}

function int16(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Float64Array.from({ length: bytes.length / 2 }, (_, index) => view.getInt16(2 * index, true));
}

/** CRC-32 of ISO 3309, as in zip and PNG. */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

/** Einthoven's and Goldberger's leads from I and II, where the record has both in one unit and lacks them. */
function deriveLimbLeads(record: EcgRecord): EcgRecord {
  const at = (lead: string) => record.sigName.findIndex((name) => standardLead(name) === lead);
  const [one, two] = [at('I'), at('II')];
  if (one < 0 || two < 0 || record.units[one] !== record.units[two]) return record;
  const [first, second] = [record.signal[one]!, record.signal[two]!];
  const formulas: [string, (i: number, ii: number) => number][] = [
    ['III', (i, ii) => ii - i],
    ['aVR', (i, ii) => -(i + ii) / 2],
    ['aVL', (i, ii) => i - ii / 2],
    ['aVF', (i, ii) => ii - i / 2],
  ];
  const missing = formulas.filter(([lead]) => at(lead) < 0);
  const { fs, sigName, units, signal } = record; // halves are no integers: without `digital`
  return {
    fs,
    sigName: [...sigName, ...missing.map(([lead]) => lead)],
    units: [...units, ...missing.map(() => units[one]!)],
    signal: [...signal, ...missing.map(([, formula]) => Float64Array.from(first, (value, t) => formula(value, second[t]!)))],
  };
}

function bad(message: string): FormatError {
  return new FormatError('BAD_MUSE', message, { format: FORMAT });
}

function unsupported(what: string): FormatError {
  return new FormatError('UNSUPPORTED_MUSE', `${what}: not read`, { format: FORMAT });
}
