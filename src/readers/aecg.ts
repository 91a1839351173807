import { type EcgRecord, standardLead, type Unit } from '../ecg.js';
import { FormatError } from '../errors.js';
import { checkLeadCount } from './limits.js';
import { numberOf, parseSamples, rateOf, type StoredLead, scaledRecord, voltageOf } from './samples.js';
import { attribute, child, children, parseXml, text, type XmlElement, type XmlOptions, xmlRoot } from './xml.js';

// HL7 version 3 annotated ECG (AnnotatedECG, schema PORT_MT020001, ballot of December 2003): component > series > component > sequenceSet >
// component > sequence, of which one is the time and the others are leads. After "HL7 aECG Implementation Guide", 2005.

export interface AecgOptions extends XmlOptions {
  /** Unit of leads for which the file names none: those of type SLIST_INT. */
  units?: Unit;
}

const FORMAT = 'aecg';

/** How many of each unit that an increment may have make a second. */
const TIME_UNITS = new Map([
  ['s', 1],
  ['ms', 1000],
  ['us', 1_000_000],
]);

/** True for bytes whose root element is that of an HL7 aECG file. */
export function isAecg(bytes: Uint8Array): boolean {
  return xmlRoot(bytes) === 'AnnotatedECG';
}

/**
 * Reads the rhythm of an HL7 annotated ECG: the series of code `RHYTHM`, the longest where there are several. Series derived from it (the
 * representative beat) are never taken; subject and trial are not looked at. Leads carry their MDC code as name.
 *
 * @throws UnsupportedError `LIBRARY_REQUIRED`
 * @throws FormatError `BAD_AECG`, `UNSUPPORTED_AECG`, `UNITS_REQUIRED`, `NO_SIGNALS`, `TOO_MANY_LEADS`, `UNEQUAL_LENGTHS`, `BAD_SCALE`,
 * and those of `parseXml`.
 */
export function readAecg(bytes: Uint8Array, options: AecgOptions = {}): EcgRecord {
  const root = parseXml(bytes, options.libraries, FORMAT);
  if (root.name !== 'AnnotatedECG') throw bad('the root element is not AnnotatedECG');
  // Derived series lie inside of the one they are derived from (series > derivation > derivedSeries), so they are not among these.
  const series = children(root, 'component').flatMap((component) => children(component, 'series'));
  const coded = series.filter((one) => codeOf(one) === 'RHYTHM');
  const candidates = coded.length > 0 ? coded : series.filter((one) => codeOf(one) === undefined);
  const records = candidates.map((one) => readSeries(one, options)).filter((record) => record !== undefined);
  const [longest] = records.sort((a, b) => b.signal[0]!.length / b.fs - a.signal[0]!.length / a.fs);
  if (longest === undefined) throw new FormatError('NO_SIGNALS', 'the file has no series of code RHYTHM with samples', { format: FORMAT });
  return longest;
}

function codeOf(element: XmlElement | undefined): string | undefined {
  return attribute(child(element, 'code'), 'code');
}

/** A set of simultaneous leads: their time stands beside them. */
interface SequenceSet {
  fs: number;
  start: string;
  leads: StoredLead[];
}

function readSeries(series: XmlElement, options: AecgOptions): EcgRecord | undefined {
  const sets = children(series, 'component')
    .flatMap((component) => children(component, 'sequenceSet'))
    .map((set) => readSet(set, options))
    .filter(({ leads }) => leads.length > 0);
  const [first] = sets;
  if (first === undefined) return undefined;
  if (sets.some(({ fs, start }) => fs !== first.fs || start !== first.start)) {
    const message = 'sets of leads that begin at different times, or differ in rate: not read';
    throw new FormatError('UNSUPPORTED_AECG', message, { format: FORMAT });
  }
  return scaledRecord(
    first.fs,
    sets.flatMap(({ leads }) => leads),
    FORMAT,
  );
}

function readSet(set: XmlElement, options: AecgOptions): SequenceSet {
  const sequences = children(set, 'component').flatMap((component) => children(component, 'sequence'));
  checkLeadCount(sequences.length, FORMAT);
  const times = sequences.filter((sequence) => isTime(sequence)).map(readTime);
  const leads = sequences.filter((sequence) => !isTime(sequence)).map((sequence) => readLead(sequence, options));
  const [time] = times;
  if (time === undefined) throw bad('a set of sequences without TIME_ABSOLUTE or TIME_RELATIVE');
  if (times.some(({ fs }) => fs !== time.fs)) throw bad('the times of a set of sequences differ in their increment');
  return { ...time, leads };
}

function isTime(sequence: XmlElement): boolean {
  return /^TIME_(?:ABSOLUTE|RELATIVE)$/.test(codeOf(sequence) ?? '');
}

/** Name of the type of a value, without the prefix of its namespace. */
function typeOf(value: XmlElement | undefined): string {
  return attribute(value, 'type')?.replace(/^.*:/, '') ?? '';
}

/** GLIST_TS or GLIST_PQ: a head, and an increment for each sample. */
function readTime(sequence: XmlElement): { fs: number; start: string } {
  const value = child(sequence, 'value');
  if (!/^GLIST_(?:TS|PQ)$/.test(typeOf(value))) {
    throw new FormatError('UNSUPPORTED_AECG', 'a time that is neither GLIST_TS nor GLIST_PQ: not read', { format: FORMAT });
  }
  const increment = child(value, 'increment');
  const period = numberOf(attribute(increment, 'value'));
  const perSecond = TIME_UNITS.get(attribute(increment, 'unit') ?? '');
  if (perSecond === undefined) throw bad('the unit of the increment of time must be s, ms or us');
  const fs = period !== undefined && period > 0 ? rateOf(period, perSecond) : Number.NaN;
  if (!(fs > 0 && fs < Number.POSITIVE_INFINITY)) throw bad('the increment of time is no positive number');
  return { fs, start: attribute(child(value, 'head'), 'value') ?? '' };
}

/** SLIST_PQ or SLIST_INT: origin + digit · scale. */
function readLead(sequence: XmlElement, options: AecgOptions): StoredLead {
  const name = codeOf(sequence);
  if (!name) throw bad('a sequence without a code');
  const place = { format: FORMAT, lead: standardLead(name) ?? 'other' };
  const fail = (message: string) => new FormatError('BAD_AECG', message, place);
  const value = child(sequence, 'value');
  const type = typeOf(value);
  if (type !== 'SLIST_PQ' && type !== 'SLIST_INT') {
    throw new FormatError('UNSUPPORTED_AECG', 'a sequence that is neither SLIST_PQ nor SLIST_INT: not read', place);
  }
  const [origin, scale] = ['origin', 'scale'].map((part) => numberOf(attribute(child(value, part), 'value')));
  if (origin === undefined || !scale) throw fail('origin or scale is missing, or no number other than 0');
  const unit = attribute(child(value, 'scale'), 'unit');
  const originUnit = attribute(child(value, 'origin'), 'unit');
  if (origin !== 0 && originUnit !== unit) throw fail('origin and scale differ in their unit');
  const digits = text(value, 'digits');
  if (digits === undefined) throw fail('a sequence without digits');
  return {
    name,
    values: parseSamples(digits, (index) => fail(`digit ${index + 1} is no number`)),
    scale,
    origin,
    voltage: voltageOf(type === 'SLIST_PQ' ? unit : undefined, options.units, place),
  };
}

function bad(message: string): FormatError {
  return new FormatError('BAD_AECG', message, { format: FORMAT });
}
