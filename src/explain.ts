// Occlusion: what the network would have said without a lead, or without half a second.

import { acceptedCodes, type DiagnosisClass } from './classes.js';
import type { NetworkConfig } from './config.js';
import type { NetworkInput } from './preprocess.js';

const SEGMENT_SECONDS = 0.5;

/** How the logit of one class changes when a part of the record is hidden: below zero where that part speaks for the finding. */
export interface Explanation {
  /** SNOMED CT code, as in a finding. */
  readonly code: string;
  readonly abbreviation: string;
  readonly name: string;
  /** With nothing hidden. */
  readonly logit: number;
  /** Each lead that carried signal, hidden as a missing lead is: by zeros. */
  readonly leads: readonly { readonly lead: string; readonly change: number }[];
  /** Each half second of the record that the network saw, hidden in all leads at once. */
  readonly segments: readonly Segment[];
  readonly notice: string;
}

/** In seconds from the record's start; the last one ends with the record or the network's window. */
interface Segment {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly change: number;
}

/**
 * Which of `classes` a code means: a SNOMED CT code (either one of a merged pair), or an abbreviation in any case.
 * @throws TypeError, RangeError
 */
export function classIndex(classes: readonly DiagnosisClass[], code: unknown): number {
  if (typeof code !== 'string') throw new TypeError(`"code" expected a string, got ${code === null ? 'null' : typeof code}`);
  const wanted = code.toLowerCase();
  const index = classes.findIndex(
    ({ code: own, abbreviation }) => abbreviation.toLowerCase() === wanted || acceptedCodes(own).includes(code),
  );
  if (index >= 0) return index;
  const known = classes.map(({ code: own, abbreviation }) => `${own} ${abbreviation}`).join(', ');
  throw new RangeError(`"code" expected one of ${known}, got ${JSON.stringify(code.slice(0, 40))}`);
}

interface Occlusion {
  readonly config: NetworkConfig;
  /** Of the class. */
  readonly index: number;
  /** The logits of a window. */
  readonly run: (window: Float32Array, onProgress: OnProgress) => Promise<Float32Array>;
  /** Of all runs together. */
  readonly onProgress: OnProgress;
}

type OnProgress = ((progress: { layer: string; fraction: number }) => void) | undefined;

/**
 * The logit of a window, then without each lead, then without each half second. Zeros hide: they are the mean of a z-scored lead, what a
 * missing lead is, and what training silences stretches with.
 */
export async function occlude(
  { window, leads, preprocessing }: NetworkInput,
  { config, index, run, onProgress }: Occlusion,
): Promise<Pick<Explanation, 'logit' | 'leads' | 'segments'>> {
  const { windowSamples, fs } = config;
  const first = preprocessing.paddedSamples;
  const length = SEGMENT_SECONDS * fs;
  const runs = 1 + leads.length + Math.ceil((windowSamples - first) / length);
  let done = 0;
  const logitOf = async (hidden: Float32Array) => {
    const before = done++;
    const logits = await run(hidden, onProgress && ((step) => onProgress({ ...step, fraction: (before + step.fraction) / runs })));
    return logits[index]!;
  };
  const logit = await logitOf(window);
  const result = { logit, leads: [] as { lead: string; change: number }[], segments: [] as Segment[] };
  for (const lead of leads) {
    const row = config.leads.indexOf(lead) * windowSamples;
    result.leads.push({ lead, change: (await logitOf(window.slice().fill(0, row, row + windowSamples))) - logit });
  }
  for (let start = first; start < windowSamples; start += length) {
    const end = Math.min(start + length, windowSamples);
    const hidden = window.slice();
    for (let row = 0; row < hidden.length; row += windowSamples) hidden.fill(0, row + start, row + end);
    result.segments.push({ startSeconds: (start - first) / fs, endSeconds: (end - first) / fs, change: (await logitOf(hidden)) - logit });
  }
  return result;
}
