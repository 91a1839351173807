import { CHALLENGE_CLASSES, type DiagnosisClass } from '../classes.js';
import type { OfficialScores } from './evaluation.js';
import { score } from './scores.js';

/** Rows of records, as the challenge's files have them. */
export interface OfficialInput {
  /** [records][classes], 1 or 0. */
  readonly labels: readonly (readonly number[])[];
  /** [records][classes], 1 or 0: the decisions. */
  readonly binary: readonly (readonly number[])[];
  /** [records][classes], the scores. */
  readonly scalar: readonly (readonly number[])[];
  /** Default: the challenge's 26, in their order. */
  readonly classes?: readonly DiagnosisClass[];
}

/** The same, and each class; what is not defined is null. */
export interface OfficialResult extends OfficialScores {
  readonly perClass: readonly { code: string; auroc: number | null; auprc: number | null; f: number | null }[];
}

/**
 * The figures of the challenge's own evaluation (evaluate_model.py, 2021) for outputs of any classifier: means over all classes that are defined.
 * @throws RangeError for rows of unequal lengths
 */
export function officialScores({ labels, binary, scalar, classes = CHALLENGE_CLASSES }: OfficialInput): OfficialResult {
  for (const [key, rows] of Object.entries({ labels, binary, scalar })) {
    const bad = rows.findIndex((row) => row.length !== classes.length);
    if (bad >= 0) throw new RangeError(`"${key}" expected ${classes.length} values in each row, got ${rows[bad]!.length} in row ${bad}`);
    if (rows.length !== labels.length) throw new RangeError(`"${key}" expected ${labels.length} rows, got ${rows.length}`);
  }
  const columns = (rows: readonly (readonly number[])[]) => classes.map((_, k) => Float64Array.from(rows, (row) => row[k]!));
  const predictions = {
    classes,
    labels: columns(labels),
    decisions: columns(binary),
    scores: columns(scalar),
    probabilities: columns(scalar),
  };
  const { official, classes: rows } = score(predictions, { minPositives: 0, resamples: 0, seed: 0 });
  const perClass = rows.map(({ code, auroc, auprc, f }) => ({ code, auroc: auroc.value, auprc: auprc.value, f: f.value }));
  return { ...official, perClass };
}
