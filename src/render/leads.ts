// The leads of a record as heights on paper.

import { type EcgRecord, STANDARD_LEADS, selectLeads } from '../ecg.js';
import { RecordError } from '../errors.js';
import type { CheckedOptions } from './options.js';

/** What the sheet shows at most, as recorders do. */
export const SHEET_SECONDS = 10;

/** Height of the excursions of a lead whose unit is not known, in mm. */
const FITTED_HEIGHT = 16;

const MOST_HEIGHT = 1e9;

/** What the network did with a lead. */
type LeadState = 'used' | 'unused';

export interface PaperLead {
  /** Standard name. */
  readonly lead: string;
  /** mm above the median, of each sample that the sheet shows; NaN where there is none. */
  readonly heights: Float64Array;
  /** Whether these millimetres stand for millivolts. */
  readonly toScale: boolean;
  readonly state: LeadState;
  /** What is to be said of the lead beside its name; empty for nothing. */
  readonly remark: string;
}

/** Which samples the sheet shows, in Hz and samples. */
export interface Span {
  readonly fs: number;
  readonly from: number;
  readonly to: number;
  /** Samples of the whole record. */
  readonly sigLen: number;
}

export interface PaperRecord {
  readonly leads: ReadonlyMap<string, PaperLead>;
  readonly span: Span;
  /** How many signals are none of the twelve leads. Their names are free text, and are not drawn. */
  readonly ignored: number;
}

/** @throws RecordError `NO_KNOWN_LEAD`, `DUPLICATE_LEAD`, `UNEQUAL_LENGTHS`, `RECORD_TOO_SHORT`; RangeError for a start behind the leads' end */
export function layOnPaper(record: EcgRecord, options: Pick<CheckedOptions, 'gain' | 'startSeconds' | 'result' | 'quality'>): PaperRecord {
  const { rows, ignored } = selectLeads(record, STANDARD_LEADS);
  const { fs } = record;
  const { gain, startSeconds } = options;
  const sigLen = record.signal[rows.find((index) => index >= 0)!]!.length;
  if (sigLen === 0) throw new RecordError('RECORD_TOO_SHORT', 'the leads have no samples');
  if (startSeconds >= sigLen / fs)
    throw new RangeError(`"startSeconds" expected less than the record's ${sigLen / fs} s, got ${startSeconds}`);
  const from = Math.min(sigLen, Math.ceil(startSeconds * fs));
  const span = { fs, sigLen, from, to: Math.min(sigLen, from + Math.floor(SHEET_SECONDS * fs) + 1) };
  const leads = new Map<string, PaperLead>();
  STANDARD_LEADS.forEach((lead, row) => {
    const index = rows[row]!;
    if (index >= 0) leads.set(lead, { lead, ...heightsOf(record, index, span, gain), ...remarkOn(lead, options) });
  });
  return { leads, span, ignored: ignored.length };
}

function heightsOf(record: EcgRecord, index: number, { from, to }: Span, gain: number): Pick<PaperLead, 'heights' | 'toScale'> {
  const values = Float64Array.from(record.signal[index]!.subarray(from, to));
  const finite = values.filter(Number.isFinite).sort();
  const median = finite.length === 0 ? 0 : finite[finite.length >> 1]!;
  const perMillivolt = unitsPerMillivolt(record, index);
  const range = finite.length === 0 ? 0 : finite[finite.length - 1]! - finite[0]!;
  const factor = perMillivolt === undefined ? (range > 0 ? FITTED_HEIGHT / range : 0) : gain / perMillivolt;
  const heights = values.map((value) => (Number.isFinite(value) ? withinReach((value - median) * factor) : Number.NaN));
  return { heights, toScale: perMillivolt !== undefined };
}

/** Far outside of any row, and near enough for the difference of two heights to be a number; a product that is none is a gap. */
function withinReach(height: number): number {
  return Math.max(-MOST_HEIGHT, Math.min(MOST_HEIGHT, height));
}

/**
 * Undefined where the record does not say. The gain counts for the converter's own integers alone: readers that had to divide by it have done so.
 * Where the offset lies does not matter, because leads are centred.
 */
function unitsPerMillivolt({ units, signal, digital, adcGain }: EcgRecord, index: number): number | undefined {
  const unit = units[index]!;
  if (unit === 'mV') return 1;
  if (unit === 'uV') return 1000;
  if (unit !== 'adc' || digital !== undefined || !signal[index]![Symbol.toStringTag].startsWith('Int')) return undefined;
  return adcGain?.[index] || undefined;
}

/** Whether a lead was used, its result says alone: a rejected one may have been read all the same, and without a result nobody knows. */
function remarkOn(lead: string, { result, quality }: Pick<CheckedOptions, 'result' | 'quality'>): Pick<PaperLead, 'state' | 'remark'> {
  const dropped = result?.leadsDropped.find((entry) => entry.lead === lead);
  const judged = quality?.leads.find((entry) => entry.lead === lead);
  const codes = judged && judged.codes.length > 0 ? judged.codes : dropped ? [dropped.reason] : [];
  const words = codes.map((code) => code.replaceAll('-', ' ')).join(', ');
  return dropped ? { state: 'unused', remark: `not used: ${words}` } : { state: 'used', remark: words };
}
