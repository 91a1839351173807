import { STANDARD_LEADS, standardLead } from '../ecg.js';
import type { Explanation } from '../explain.js';
import type { Quality } from '../quality/report.js';
import type { Result } from '../result.js';

/** What the sheet says of a result. */
export type SheetResult = Pick<Result, 'findings' | 'leadsDropped' | 'flags' | 'model' | 'notice'> & { readonly quality?: Quality | null };

/** Why a record has no result. A `RecordError` is one. */
export interface SheetReason {
  readonly code: string;
  readonly message: string;
}

const LIMB = ['I', 'II', 'III'];
const AUGMENTED = ['aVR', 'aVL', 'aVF'];
const CHEST = [
  ['V1', 'V2', 'V3'],
  ['V4', 'V5', 'V6'],
] as const;

interface LayoutPlan {
  /** Leads from top to bottom, column by column; null: those that the record has, in one column. */
  readonly columns: readonly (readonly string[])[] | null;
  /** One more row, of one lead over the whole width. */
  readonly rhythm: boolean;
}

const PLANS = {
  '3x4+1': { columns: [LIMB, AUGMENTED, ...CHEST], rhythm: true },
  '3x4': { columns: [LIMB, AUGMENTED, ...CHEST], rhythm: false },
  '6x2+1': { columns: [[...LIMB, ...AUGMENTED], CHEST.flat()], rhythm: true },
  '6x2': { columns: [[...LIMB, ...AUGMENTED], CHEST.flat()], rhythm: false },
  '3x2+1': { columns: [LIMB, AUGMENTED], rhythm: true },
  '12x1': { columns: [STANDARD_LEADS], rhythm: false },
  rows: { columns: null, rhythm: false },
} as const satisfies Record<string, LayoutPlan>;

/** Rows x columns, `+1` with a rhythm strip; `rows`: the leads that the record has, one below the other. */
export type Layout = keyof typeof PLANS;

export const LAYOUTS = Object.keys(PLANS) as Layout[];
export const SPEEDS = [25, 50] as const;
export const GAINS = [5, 10, 20] as const;

export interface SheetOptions {
  /** Of the record: findings, quality, and which leads were left out. */
  result?: SheetResult | undefined;
  /** Without a result: what is wrong with the record. Of a result, its own counts. */
  quality?: Quality | null | undefined;
  /** Without a result: why there is none, such as the error that the model threw. Stands in the place of the findings. */
  reason?: SheetReason | undefined;
  /** Of the record: drawn below the sheet. */
  explanation?: Explanation | undefined;
  /** Stands above the sheet. Nothing that the record says of its patient does, unless it is put here. */
  title?: string | undefined;
  /** Paper speed in mm/s. Default 25. */
  speed?: (typeof SPEEDS)[number] | undefined;
  /** In mm/mV. Default 10. */
  gain?: (typeof GAINS)[number] | undefined;
  /** Second of the record with which the sheet begins. Default 0. */
  startSeconds?: number | undefined;
  /** For the times written on the sheet: where the record begins in the recording that it was cut from. Default 0. */
  offsetSeconds?: number | undefined;
  /** Default: `3x4+1`; `3x2+1` for records with limb leads alone; `rows` for four leads or fewer. */
  layout?: Layout | undefined;
  /** Lead of the rhythm strip. Default `II`, or the next of V1, V5, I that the record has. */
  rhythm?: string | undefined;
}

/** With what the defaults are. */
export interface CheckedOptions extends SheetOptions {
  readonly speed: (typeof SPEEDS)[number];
  readonly gain: (typeof GAINS)[number];
  readonly startSeconds: number;
  readonly offsetSeconds: number;
  /** Of the result, where there is one. */
  readonly quality: Quality | null;
  /** Undefined where there is a result. */
  readonly reason: SheetReason | undefined;
}

/** @throws TypeError, RangeError */
export function checkSheetOptions(options: SheetOptions): CheckedOptions {
  if (typeof options !== 'object' || options === null) throw new TypeError(`"options" expected an object, got ${typeOf(options)}`);
  const {
    speed = 25,
    gain = 10,
    startSeconds = 0,
    offsetSeconds = 0,
    layout,
    rhythm,
    title,
    result,
    quality,
    reason,
    explanation,
  } = options;
  checkOneOf(speed, 'speed', SPEEDS);
  checkOneOf(gain, 'gain', GAINS);
  checkSeconds(startSeconds, 'startSeconds');
  checkSeconds(offsetSeconds, 'offsetSeconds');
  if (layout !== undefined) checkOneOf(layout, 'layout', LAYOUTS);
  if (rhythm !== undefined) {
    checkString(rhythm, 'rhythm');
    if (standardLead(rhythm) === undefined) throw new RangeError(`"rhythm" expected one of ${STANDARD_LEADS.join(', ')}`);
  }
  if (title !== undefined) checkString(title, 'title');
  if (result !== undefined) checkParts(result, 'result', RESULT_PARTS);
  checkQuality(quality, 'quality');
  if (reason !== undefined) checkParts(reason, 'reason', { code: isString, message: isString });
  if (explanation !== undefined) checkParts(explanation, 'explanation', EXPLANATION_PARTS);
  const said = result ? { quality: result.quality ?? null, reason: undefined } : { quality: quality ?? null, reason };
  return { ...options, ...said, speed, gain, startSeconds, offsetSeconds };
}

/** The columns and the rhythm strip for a record with these leads. */
export function planLayout(
  { layout, rhythm }: SheetOptions,
  present: readonly string[],
): { columns: string[][]; rhythm: string | undefined } {
  const limbOnly = present.every((lead) => LIMB.includes(lead) || AUGMENTED.includes(lead));
  const plan: LayoutPlan = PLANS[layout ?? (present.length <= 4 ? 'rows' : limbOnly ? '3x2+1' : '3x4+1')];
  const columns = (plan.columns ?? [present]).map((leads) => [...leads]);
  if (!plan.rhythm) return { columns, rhythm: undefined };
  const wanted = rhythm === undefined ? ['II', 'V1', 'V5', 'I'].find((lead) => present.includes(lead)) : standardLead(rhythm);
  return { columns, rhythm: wanted ?? present[0] };
}

function checkOneOf(value: unknown, title: string, choices: readonly (string | number)[]): void {
  const type = typeof choices[0];
  if (typeof value !== type) throw new TypeError(`"${title}" expected a ${type}, got ${typeOf(value)}`);
  if (!choices.includes(value as string | number)) throw new RangeError(`"${title}" expected one of ${choices.join(', ')}, got ${value}`);
}

function checkSeconds(value: unknown, title: string): void {
  if (typeof value !== 'number') throw new TypeError(`"${title}" expected a number, got ${typeOf(value)}`);
  if (!(value >= 0) || value === Number.POSITIVE_INFINITY) throw new RangeError(`"${title}" expected seconds from 0 on, got ${value}`);
}

function checkString(value: unknown, title: string): void {
  if (typeof value !== 'string') throw new TypeError(`"${title}" expected a string, got ${typeOf(value)}`);
}

type Check = (value: unknown) => boolean;
type Parts = { readonly [name: string]: Check };

export const isNumber: Check = Number.isFinite;
const isString: Check = (value) => typeof value === 'string';
export const isList: Check = Array.isArray;
const isStrings: Check = (value) => Array.isArray(value) && Array.from(value).every(isString);
const isListOf = (parts: Parts): Check => {
  const isEntry = isObject(parts);
  return (value) => Array.isArray(value) && Array.from(value).every(isEntry);
};

function isObject(parts: Parts): Check {
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(parts).every(([name, check]) => check((value as { readonly [part: string]: unknown })[name]));
}

/** What is drawn of a result. */
export const RESULT_PARTS: Parts = {
  findings: isList,
  leadsDropped: isList,
  flags: isList,
  model: isObject({ name: isString, sha256: isString, version: isString }),
};
/** Which kernels classified a record. */
export const isKernels = isObject({ variant: isString });
const QUALITY_PARTS: Parts = {
  verdict: isString,
  leads: isListOf({ lead: isString, verdict: isString, codes: isStrings }),
  reasons: isStrings,
};
const EXPLANATION_PARTS: Parts = {
  leads: isListOf({ lead: isString, change: isNumber }),
  segments: isListOf({ startSeconds: isNumber, endSeconds: isNumber, change: isNumber }),
};

/** Objects that come from the model: only whether they are what they are said to be. @throws TypeError */
export function checkParts(value: unknown, title: string, parts: Parts): void {
  if (!isObject(parts)(value)) throw new TypeError(`"${title}" expected what the model gives, with ${Object.keys(parts).join(', ')}`);
}

/** A report of quality, null or undefined. @throws TypeError */
export function checkQuality(value: unknown, title: string): void {
  if (value !== undefined && value !== null) checkParts(value, title, QUALITY_PARTS);
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
