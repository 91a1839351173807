import type { DiagnosisClass } from './classes.js';
import { calibrate, chooseSet } from './decision.js';
import type { Engine } from './engine.js';
import type { NetworkInput } from './preprocess.js';
import { addRecordCode, type Quality } from './quality/report.js';
import { NOTICE, VERSION } from './version.js';
import type { KernelSource, Variant } from './wasm.js';
import type { Weights } from './weights.js';
import type { TimelineEntry } from './windows.js';

/** One class of a result. */
export interface Finding {
  /** SNOMED CT code; the first one of a merged pair. */
  code: string;
  abbreviation: string;
  name: string;
  logit: number;
  /** Calibrated by what the weight file says, else the logistic function of the logit. */
  probability: number;
  calibrated: boolean;
  /** On the logit scale. */
  threshold: number;
  /** logit >= threshold */
  present: boolean;
}

export interface Result {
  schema: 1;
  /** Rate of the record, in Hz. */
  fs: number;
  /** Leads that carried signal. */
  leads: readonly string[];
  /** Names in the record that are no lead of the network. */
  leadsIgnored: readonly string[];
  /** Leads that were zeros for the network, and why. */
  leadsDropped: NetworkInput['leadsDropped'];
  /** `short` (under 5 s), `flat:LEAD` (kept, with quality "report"), `thresholds:fallback` (no thresholds, or no calibration, were made for the leads present: those for the fewest leads stand in), `windows:failed`, `windows:leads` (with `windows: 'all'`: some could not be classified, or lack leads that others have). */
  flags: readonly string[];
  preprocessing: NetworkInput['preprocessing'];
  /** What the recording is worth; null with quality "off". */
  quality: Quality | null;
  /** All classes, most probable first, ties in class order. */
  findings: Finding[];
  /** f32[classes], in class order. */
  logits: Float32Array;
  /** Leads of the threshold set that was used; null where the file has one set for all. */
  thresholdLeads: readonly string[] | null;
  /** Activations that left the range of their integer type; always 0 in a float network. */
  saturated: number;
  /** Activations larger than any that the calibration of an int8 file saw at their place; always 0 in a float network. */
  beyondCalibration: number;
  /** `version` is that of leadwise. */
  model: { name: string; sha256: string; version: string };
  kernels: { variant: Variant; sha256: string };
  notice: string;
  /** With `windows: 'all'`: each window in order. `findings` and `logits` are then, for each class, those of its most probable window, flags and faults those of all, counts are summed, and all else is the first one's. */
  windows?: readonly TimelineEntry[];
}

// Of 589 validation records none has more than 36 in `edge`; of 200, none more than 360 in `compact` (measured).
const MOST_BEYOND_CALIBRATION = 1000;

function isUnlikeTraining({ saturated, beyondCalibration }: Engine): boolean {
  return saturated > 0 || beyondCalibration > MOST_BEYOND_CALIBRATION;
}

/** Joins what the network said with what the weight file says about it. */
export function makeResult(
  weights: Weights,
  source: KernelSource,
  engine: Engine,
  run: { fs: number; input: NetworkInput; logits: Float32Array },
): Result {
  const { input, logits, fs } = run;
  const { decision } = weights;
  const thresholds = chooseSet(decision.thresholds, input.leads);
  const calibration = chooseSet(decision.calibration, input.leads);
  const findings = weights.classes.map((diagnosis, index) => {
    const logit = logits[index]!;
    const probability = engine.sigmoid(calibration.set ? calibrate(logit, index, calibration.set) : logit);
    const threshold = thresholds.set!.values[index]!;
    return { ...named(diagnosis), logit, probability, calibrated: calibration.set !== undefined, threshold, present: logit >= threshold };
  });
  findings.sort((a, b) => b.probability - a.probability);
  return {
    schema: 1,
    fs,
    leads: input.leads,
    leadsIgnored: input.leadsIgnored,
    leadsDropped: input.leadsDropped,
    flags: thresholds.fits && calibration.fits ? input.flags : [...input.flags, 'thresholds:fallback'],
    preprocessing: input.preprocessing,
    quality: input.quality && isUnlikeTraining(engine) ? addRecordCode(input.quality, 'unlike-training') : input.quality,
    findings,
    logits,
    thresholdLeads: thresholds.set!.leads ?? null,
    saturated: engine.saturated,
    beyondCalibration: engine.beyondCalibration,
    model: { name: weights.name, sha256: weights.sha256, version: VERSION },
    kernels: { variant: source.variant, sha256: source.sha256 },
    notice: NOTICE,
  };
}

function named({ code, abbreviation, name }: DiagnosisClass): DiagnosisClass {
  return { code, abbreviation, name };
}
