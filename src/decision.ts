import { standardLead } from './ecg.js';
import { WeightsError } from './errors.js';

/** Decision thresholds on the logit scale, one for each class, for records that have at least these leads. */
interface ThresholdSet {
  /** Undefined: for any record. */
  readonly leads?: readonly string[];
  readonly values: readonly number[];
}

/** probability = sigmoid(logit / temperature + shift), for records that have at least these leads. */
interface CalibrationSet {
  readonly leads?: readonly string[];
  readonly temperature: number;
  /** One for all classes, or one for each. */
  readonly shift: number | readonly number[];
}

/** What a weight file says about turning logits into probabilities and decisions. */
export interface Decision {
  readonly thresholds: readonly ThresholdSet[];
  /** Empty: probabilities are the plain sigmoid of the logit. */
  readonly calibration: readonly CalibrationSet[];
}

/**
 * Checks `thresholds` (a list of numbers, or a list of { leads, values }) and `calibration` (absent, { temperature, shift }, or a list of
 * { leads, temperature, shift }; a shift is a number, or a list with one for each class) of a weight file. @throws WeightsError `BAD_METADATA`
 */
export function parseDecision(thresholds: unknown, calibration: unknown, classCount: number): Decision {
  if (!Array.isArray(thresholds)) fail('thresholds', 'a JSON list');
  const isPlain = (thresholds as unknown[]).every((entry) => typeof entry === 'number');
  const sets = (isPlain ? [{ values: thresholds }] : thresholds) as ThresholdSet[];
  for (const set of sets) {
    checkLeads('thresholds', set);
    if (!Array.isArray(set.values) || set.values.length !== classCount || !set.values.every(Number.isFinite)) {
      fail('thresholds', `${classCount} numbers, one for each class`);
    }
  }
  const scales = (calibration === undefined ? [] : Array.isArray(calibration) ? calibration : [calibration]) as CalibrationSet[];
  for (const set of scales) {
    checkLeads('calibration', set);
    const shifts = Array.isArray(set.shift) ? set.shift : [set.shift];
    const fits = shifts.length === (Array.isArray(set.shift) ? classCount : 1) && shifts.every(Number.isFinite);
    if (!(set.temperature > 0) || !Number.isFinite(set.temperature) || !fits) {
      fail('calibration', `a positive "temperature" and a "shift", one number or ${classCount}`);
    }
  }
  return { thresholds: sets, calibration: scales };
}

/**
 * Of the sets whose leads are all present, the one with the most leads; a set without leads fits every record, last. Where none fits, the one
 * that asks for the fewest: for other leads, too, it is the nearest there is (measured: docs/network.md). Undefined where there are no sets.
 */
export function chooseSet<T extends { readonly leads?: readonly string[] }>(
  sets: readonly T[],
  present: readonly string[],
): { set: T | undefined; fits: boolean } {
  const largestFirst = [...sets].sort((a, b) => (b.leads?.length ?? 0) - (a.leads?.length ?? 0));
  const set = largestFirst.find(({ leads = [] }) => leads.every((lead) => present.includes(lead)));
  return { set: set ?? largestFirst.at(-1), fits: set !== undefined || sets.length === 0 };
}

/** The logit of the probability: what calibration makes of a network's. */
export function calibrate(logit: number, index: number, { temperature, shift }: CalibrationSet): number {
  return logit / temperature + (typeof shift === 'number' ? shift : shift[index]!);
}

function checkLeads(key: string, set: unknown): void {
  if (typeof set !== 'object' || set === null) fail(key, 'objects');
  const { leads } = set as { leads?: unknown };
  if (leads === undefined) return;
  if (!Array.isArray(leads) || leads.some((lead) => typeof lead !== 'string' || standardLead(lead) !== lead))
    fail(key, 'standard lead names');
}

function fail(key: string, expected: string): never {
  throw new WeightsError('BAD_METADATA', `Metadata "${key}" expected ${expected}`);
}
