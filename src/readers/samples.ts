import { checkUnit, type EcgRecord, type Unit } from '../ecg.js';
import { type ErrorPlace, FormatError } from '../errors.js';
import { checkLeadCount } from './limits.js';
import { unitOf } from './units.js';

// What formats share that store numbers with a scale: units of voltage, rates by their period, numbers in text, and the record of it all.

/** A unit that a file names: `unit` is the record's, of which the file's holds `factor`. */
export interface Voltage {
  unit: Unit;
  factor: number;
}

/** One lead as a file has it: physical = origin + value · scale, in `voltage`. */
export interface StoredLead {
  name: string;
  /** NaN where the file calls a sample invalid. */
  values: Float64Array;
  scale: number;
  origin: number;
  voltage: Voltage;
  /** The file says that its electrode was off: no sample is valid. */
  off?: boolean;
}

const VOLTAGES = new Map<string, Voltage>([
  ['v', { unit: 'mV', factor: 1000 }],
  ['volts', { unit: 'mV', factor: 1000 }],
  ['millivolts', { unit: 'mV', factor: 1 }],
  ['microvolts', { unit: 'uV', factor: 1 }],
  ['nv', { unit: 'uV', factor: 0.001 }],
  ['nanovolts', { unit: 'uV', factor: 0.001 }],
]);

/**
 * The unit that a file names, or the one that the caller gives where it names none. Other quantities than voltages are `unknown`.
 * @throws FormatError `UNITS_REQUIRED`
 */
export function voltageOf(spelling: string | undefined, given: Unit | undefined, place: ErrorPlace): Voltage {
  if (given !== undefined) checkUnit(given, 'units');
  if (spelling) return VOLTAGES.get(spelling.toLowerCase()) ?? { unit: unitOf(spelling), factor: 1 };
  if (given !== undefined) return { unit: given, factor: 1 };
  throw new FormatError('UNITS_REQUIRED', 'the file gives no unit: give { units }, or --units on the command line', place);
}

/**
 * Samples a second by their period, of which `perSecond` units make a second. A period of three digits at least that is a whole rate's,
 * rounded, gives that rate: 2.7778 ms are 360 Hz.
 */
export function rateOf(period: number, perSecond: number): number {
  const rate = perSecond / period;
  const whole = Math.round(rate);
  const [, digits = '', decimals = ''] = /^0*(\d*)\.0*(\d+)$/.exec(String(period)) ?? [];
  if (digits.length + decimals.length < 3 || Math.abs(whole - rate) > 0.001 * rate) return rate;
  const places = String(period).length - String(period).indexOf('.') - 1;
  return Number((perSecond / whole).toFixed(places)) === period ? whole : rate;
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A number as files write it, or undefined for anything else. `Number` alone takes `0x1F`, and nothing at all for 0. */
export function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || !NUMBER.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/**
 * The numbers of a text that white space parts, NaN for the tokens that `invalid` holds. What is no number is for `refuse` to say, by
 * its place in the list.
 */
export function parseSamples(text: string, refuse: (index: number) => Error, invalid = ''): Float64Array {
  const values = new Float64Array(countTokens(text));
  let index = 0;
  for (let start = 0; start < text.length; ) {
    let end = start;
    while (end < text.length && text.charCodeAt(end) > 32) end++;
    if (end > start) {
      const token = text.slice(start, end);
      const value = token.length === 1 && invalid.includes(token) ? Number.NaN : numberOf(token);
      if (value === undefined) throw refuse(index);
      values[index++] = value;
    }
    start = end + 1;
  }
  return values;
}

function countTokens(text: string): number {
  let count = 0;
  let inside = false;
  for (let at = 0; at < text.length; at++) {
    const isToken = text.charCodeAt(at) > 32;
    if (isToken && !inside) count++;
    inside = isToken;
  }
  return count;
}

/**
 * The record of leads that a file stores with a scale. `digital` is given where all of them are integers and none is upside down.
 * @throws FormatError `NO_SIGNALS`, `TOO_MANY_LEADS`, `UNEQUAL_LENGTHS`, `BAD_SCALE`
 */
export function scaledRecord(fs: number, leads: readonly StoredLead[], format: string): EcgRecord {
  const sigLen = leads[0]?.values.length ?? 0;
  if (sigLen === 0) throw new FormatError('NO_SIGNALS', 'the file holds no samples of a rhythm', { format });
  for (const { values } of leads) {
    if (values.length === sigLen) continue;
    throw new FormatError('UNEQUAL_LENGTHS', `the leads have ${sigLen} and ${values.length} samples`, { format });
  }
  checkLeadCount(leads.length, format);
  for (const { scale, origin, voltage } of leads) {
    if (Number.isFinite(1 / (scale * voltage.factor)) && Number.isFinite(origin / scale)) continue;
    throw new FormatError('BAD_SCALE', 'the scale of a lead is too small to be one', { format });
  }
  const exact = leads.every(({ values, scale }) => scale > 0 && values.every((value) => value === (value | 0)));
  return {
    fs,
    sigName: leads.map(({ name }) => name),
    units: leads.map(({ voltage }) => voltage.unit),
    signal: leads.map(({ values, scale, origin, voltage, off }) =>
      values.map((value) => (off ? Number.NaN : (origin + value * scale) * voltage.factor)),
    ),
    ...(exact && {
      digital: leads.map(({ values }) => Int32Array.from(values)),
      adcGain: leads.map(({ scale, voltage }) => 1 / (scale * voltage.factor)),
      baseline: leads.map(({ origin, scale }) => -origin / scale + 0), // no -0
    }),
  };
}
