// What an evaluation says. Undefined figures (a class without positives) are null, so that JSON keeps them.

import type { DiagnosisClass } from '../classes.js';
import type { QualityMode } from '../quality/mode.js';
import type { Variant } from '../wasm.js';

/** A figure with its percentile bootstrap interval, records drawn with replacement. */
export interface Figure {
  readonly value: number | null;
  /** 2.5 and 97.5 %; null where the figure is undefined. */
  readonly low: number | null;
  readonly high: number | null;
}

/** Figures of one class; `records` are those whose label is known. */
export interface ClassScores extends DiagnosisClass {
  readonly records: number;
  readonly positives: number;
  /** Area under the ROC curve, by trapezoids. */
  readonly auroc: Figure;
  /** Area under the precision-recall curve, step-wise. */
  readonly auprc: Figure;
  /** F1 of the decisions. */
  readonly f: Figure;
  /** Share of decisions that are right. */
  readonly accuracy: number | null;
  readonly sensitivity: number | null;
  readonly specificity: number | null;
  /** Mean squared difference of probability and label. */
  readonly brier: number | null;
  /** Expected calibration error of this class alone. */
  readonly ece: number | null;
}

/** Means over the classes that count, and figures of all of them together. */
export interface MacroScores {
  /** Classes with at least `minPositives` positives and one negative: the means are over these. */
  readonly classes: number;
  readonly auroc: Figure;
  readonly auprc: Figure;
  readonly f: Figure;
  /** The challenge's normalised reward; null values where the classes are not the challenge's. */
  readonly challengeMetric: Figure;
  /** Records whose decisions are all right. */
  readonly accuracy: Figure;
  readonly brier: number | null;
  /** Expected calibration error: mean distance of probability and frequency over the bins of `reliability`, weighted by their counts. */
  readonly ece: Figure;
}

/** The official evaluation's own figures: means over all classes that are defined, however few their positives. */
export interface OfficialScores {
  readonly auroc: number | null;
  readonly auprc: number | null;
  readonly accuracy: number | null;
  readonly f: number | null;
  readonly challengeMetric: number | null;
}

export interface Scores {
  readonly records: number;
  readonly macro: MacroScores;
  readonly official: OfficialScores;
  /** In class order. */
  readonly classes: readonly ClassScores[];
}

/** One bin of predicted probability, all classes together. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  /** Decisions in it. */
  readonly count: number;
  /** Null in an empty bin. */
  readonly meanProbability: number | null;
  readonly frequency: number | null;
}

/** Points of the curves of one class, from the highest threshold down: a hundredth of an axis apart, at most about two hundred. */
export interface Curves {
  /** [false positive rate, true positive rate] */
  readonly roc: readonly (readonly [number, number])[];
  /** [recall, precision] */
  readonly pr: readonly (readonly [number, number])[];
}

/** How records were labelled. */
export type Labelling = 'strict' | 'pvc-164884008' | 'ludb-unstated-unknown';

/** Everything about one lead set. */
export interface LeadSetEvaluation {
  readonly leads: readonly string[];
  /** The headline: a record has a class when one of the class's own SNOMED codes is stated. */
  readonly strict: Scores;
  /** The same with other labellings: PVC also from 164884008; classes that LUDB never states left out there. */
  readonly beside: readonly {
    readonly labelling: Exclude<Labelling, 'strict'>;
    readonly macro: MacroScores;
    readonly official: OfficialScores;
  }[];
  /** By source, where there are several; strict. */
  readonly sources: readonly {
    readonly source: string;
    readonly records: number;
    readonly macro: MacroScores;
    readonly official: OfficialScores;
  }[];
  /** All classes and records, ten bins of equal width. */
  readonly reliability: readonly ReliabilityBin[];
  /** In class order. */
  readonly curves: readonly Curves[];
  /** counts[i][j]: records of class i whose most probable finding is class j; a record with several classes counts for each. The last row: records without any. */
  readonly confusion: readonly (readonly number[])[];
  /** Activations that left their integer range, over all records. */
  readonly saturated: number;
}

export interface Evaluation {
  readonly schema: 1;
  readonly model: { readonly name: string; readonly sha256: string; readonly version: string };
  readonly kernels: { readonly variant: Variant; readonly sha256: string };
  readonly quality: QualityMode;
  readonly records: number;
  readonly sources: readonly { readonly source: string; readonly records: number }[];
  /** Records that could not be read or classified: they count in no figure. */
  readonly failures: readonly { readonly record: string; readonly error: { readonly code: string; readonly message: string } }[];
  /** Positives that a class needs to count in the macro means. */
  readonly minPositives: number;
  /** `level`: share of the samples that an interval holds. */
  readonly bootstrap: { readonly resamples: number; readonly seed: number; readonly level: number };
  readonly classes: readonly DiagnosisClass[];
  /** In the order asked for. */
  readonly leadSets: readonly LeadSetEvaluation[];
  readonly notice: string;
}
