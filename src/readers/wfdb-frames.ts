import { standardLead } from '../ecg.js';
import type { WfdbSignal } from './wfdb-header.js';

// Signals of one record may have different numbers of samples in a frame; the leads of an EcgRecord have one rate.

/** ECG leads as databases name them: the standard ones, `MLII`, `MCL1`, `V`, `ECG2`, … */
const ECG_NAME = /^(?:e[ck]g|m(?:cl|l)|v\d?\d?r?$)/i;

/**
 * How many samples of each signal a frame shall have: where all ECG signals (of a record without any: all signals) have the same number,
 * that number; else one, and the signals are averaged over the frame.
 */
export function samplesInFrame(signals: WfdbSignal[], smoothFrames: boolean): number {
  if (smoothFrames) return 1;
  const ecg = signals.filter(({ sigName }) => standardLead(sigName) !== undefined || ECG_NAME.test(sigName.trim()));
  const [first, ...others] = ecg.length > 0 ? ecg : signals;
  const { samplesPerFrame = 1 } = first ?? {};
  return others.every((signal) => signal.samplesPerFrame === samplesPerFrame) ? samplesPerFrame : 1;
}

/**
 * The samples of one signal with `to` instead of `from` in a frame: whole groups are averaged, rounded towards zero and invalid if one of
 * them is (as WFDB's getvec does it); otherwise a sample is repeated, or left out, by its time (as in WFDB's high-resolution mode).
 */
export function changeFrames(samples: Int32Array, from: number, to: number, invalid: number): Int32Array {
  if (from === to) return samples;
  const changed = new Int32Array((samples.length / from) * to);
  const group = from / to;
  if (!Number.isInteger(group)) {
    for (let i = 0; i < changed.length; i++) changed[i] = samples[Math.floor(i / to) * from + Math.floor(((i % to) * from) / to)]!;
    return changed;
  }
  for (let i = 0, at = 0; i < changed.length; i++) {
    let sum = 0;
    let isValid = true;
    for (let k = 0; k < group; k++, at++) {
      sum += samples[at]!;
      if (samples[at] === invalid) isValid = false;
    }
    changed[i] = isValid ? Math.trunc(sum / group) : invalid;
  }
  return changed;
}
