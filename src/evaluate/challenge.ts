// The metric of the PhysioNet/CinC Challenge 2021: rewards for decisions, some of them for diagnoses that are nearly as good.

import { CHALLENGE_CLASSES, type DiagnosisClass } from '../classes.js';
import type { Labels } from './metrics.js';
// f64[26][26], reward of deciding the column for a record that has the row, in the order of CHALLENGE_CLASSES. The challenge's weights.csv.
import REWARD from './reward.json' with { type: 'json' };

/** What a classifier that never looks would say. */
const SINUS_RHYTHM = '426783006';

/** Rewards of each record, f64[records], for the decisions, for the right ones, and for sinus rhythm every time. */
export interface Rewards {
  readonly observed: Float64Array;
  readonly correct: Float64Array;
  readonly inactive: Float64Array;
}

/**
 * Rewards record by record; undefined where the classes are not those of the challenge. An unknown label (NaN) counts as absent.
 * @param labels, decisions one list for each class: values of all records
 */
export function recordRewards(
  classes: readonly DiagnosisClass[],
  labels: readonly Labels[],
  decisions: readonly ArrayLike<number>[],
): Rewards | undefined {
  const rows = classes.map(({ code }) => CHALLENGE_CLASSES.findIndex((known) => known.code === code));
  const sinus = classes.findIndex(({ code }) => code === SINUS_RHYTHM);
  if (rows.includes(-1) || sinus < 0) return undefined;
  const records = labels[0]!.length;
  const rewards = { observed: new Float64Array(records), correct: new Float64Array(records), inactive: new Float64Array(records) };
  for (let record = 0; record < records; record++) {
    const present = rows.flatMap((_, k) => (labels[k]![record]! > 0 ? [k] : []));
    const decided = rows.flatMap((_, k) => (decisions[k]![record] ? [k] : []));
    const reward = (chosen: readonly number[]) => {
      const union = new Set([...present, ...chosen]).size;
      let sum = 0;
      for (const j of present) for (const k of chosen) sum += REWARD[rows[j]!]![rows[k]!]!;
      return sum / Math.max(union, 1);
    };
    rewards.observed[record] = reward(decided);
    rewards.correct[record] = reward(present);
    rewards.inactive[record] = reward([sinus]);
  }
  return rewards;
}

/** (observed - inactive) / (correct - inactive), sums over the records; 0 where that is not defined, as in the official evaluation. */
export function challengeMetric({ observed, correct, inactive }: Rewards, counts?: ArrayLike<number>): number {
  let [gained, possible] = [0, 0];
  for (let record = 0; record < observed.length; record++) {
    const count = counts ? counts[record]! : 1;
    gained += count * (observed[record]! - inactive[record]!);
    possible += count * (correct[record]! - inactive[record]!);
  }
  return possible === 0 ? 0 : gained / possible;
}
