// Records longer than the network's window: cut into windows, each read as a record of its own, and joined to a timeline.

import { cutRecord, type EcgRecord } from './ecg.js';
import { LeadwiseError, type RecordError } from './errors.js';
import { joinQuality, type Quality } from './quality/report.js';
import type { Finding, Result } from './result.js';

/** `first`: the first window, as published. `all`: every window of the record, and what each shows. */
export type WindowsMode = 'first' | 'all';

/** One window of a long record. */
export type TimelineEntry = {
  /** From the start of the record. */
  readonly startSeconds: number;
  readonly seconds: number;
} & (WindowResult | { readonly error: { readonly code: string; readonly message: string }; readonly quality?: Quality | null | undefined });

interface Window {
  startSeconds: number;
  seconds: number;
  record: EcgRecord;
}

/** What of a result differs from window to window. */
export type WindowResult = Pick<
  Result,
  'leads' | 'leadsDropped' | 'flags' | 'quality' | 'findings' | 'logits' | 'thresholdLeads' | 'saturated' | 'beyondCalibration'
>;

/** @throws TypeError */
export function checkWindowsMode(mode: unknown): asserts mode is WindowsMode {
  if (mode !== 'first' && mode !== 'all') throw new TypeError(`"windows" expected "first" or "all", got ${JSON.stringify(mode)}`);
}

/**
 * Windows of `seconds` of a record of `samples`, one after the other. The last one ends with the record: it is whole too, and overlaps the one before it. A record that is no longer
 * than a window is one.
 */
export function* windowsOf(record: EcgRecord, samples: number, seconds: number): Generator<Window> {
  const { fs } = record;
  const length = Math.min(samples, Math.round(seconds * fs));
  for (let start = 0; ; start += length) {
    const from = Math.min(start, samples - length);
    yield { startSeconds: from / fs, seconds: length / fs, record: cutRecord(record, from, from + length) };
    if (from + length >= samples) return;
  }
}

/** Joins what the windows showed. */
export class Timeline {
  private readonly entries: TimelineEntry[] = [];
  private whole: Result | undefined;
  private failure: unknown;

  add({ startSeconds, seconds }: Window, result: Result): void {
    const { leads, leadsDropped, flags, quality, findings, logits, thresholdLeads, saturated, beyondCalibration } = result;
    const shown = { leads, leadsDropped, flags, quality, findings, logits, thresholdLeads, saturated, beyondCalibration };
    this.entries.push({ startSeconds, seconds, ...shown });
    this.whole = this.whole ? strongest(this.whole, result) : result;
  }

  /** A window that cannot be classified, such as one of a lead that is off, does not stop the others. */
  addFailure({ startSeconds, seconds }: Window, error: unknown): void {
    if (!(error instanceof LeadwiseError) || error.code === 'MODEL_DISPOSED' || error.code === 'MODEL_BUSY') throw error;
    this.failure ??= error;
    const { code, message, quality } = error as RecordError;
    this.entries.push({ startSeconds, seconds, error: { code, message }, ...(quality && { quality }) });
  }

  /** Each class as in the window where it is most probable, and all windows in order. @throws what the first window threw, where none could be classified */
  result(): Result {
    if (!this.whole) throw this.failure;
    const { flags } = this.whole;
    return { ...this.whole, flags: this.failure ? [...flags, 'windows:failed'] : flags, windows: this.entries };
  }
}

/** Of each class the finding that is more probable; flags and faults of both; counts are summed; all else is the first window's. */
function strongest(first: Result, other: Result): Result {
  const byCode = new Map(other.findings.map((finding) => [finding.code, finding]));
  const stronger = (finding: Finding) => {
    const rival = byCode.get(finding.code)!;
    return rival.probability > finding.probability ? rival : finding;
  };
  const findings = first.findings.map(stronger).sort((a, b) => b.probability - a.probability);
  return {
    ...first,
    flags: [...new Set([...first.flags, ...other.flags, ...(`${first.leads}` === `${other.leads}` ? [] : ['windows:leads'])])],
    quality: first.quality && other.quality && joinQuality(first.quality, other.quality),
    findings,
    logits: first.logits.map((logit, index) => Math.max(logit, other.logits[index]!)),
    saturated: first.saturated + other.saturated,
    beyondCalibration: first.beyondCalibration + other.beyondCalibration,
  };
}
