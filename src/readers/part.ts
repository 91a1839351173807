import { FormatError } from '../errors.js';

/** The part of a long recording that is wanted; the rest is not decoded. */
export interface PartOptions {
  /** Seconds from the start of the recording to the first sample that is read; 0 if left out. */
  startSeconds?: number;
  /** Seconds that are read, or fewer where the recording ends; all that follow if left out. */
  seconds?: number;
}

/** @throws TypeError, RangeError for anything but a start of 0 or more and a length above 0. */
export function checkPart({ startSeconds = 0, seconds = 1 }: PartOptions): void {
  for (const [title, value] of Object.entries({ startSeconds, seconds })) {
    if (typeof value !== 'number') throw new TypeError(`"${title}" expected a number, got ${typeof value}`);
    if (!(value >= 0 && (title === 'startSeconds' || value > 0))) {
      throw new RangeError(`"${title}" expected a number ${title === 'seconds' ? 'above 0' : 'of 0 or more'}, got ${value}`);
    }
  }
}

/**
 * First sample of the part, and the one after its last.
 * @throws FormatError `PAST_END` for a part that begins where the recording has ended.
 */
export function samplesOfPart(
  { startSeconds = 0, seconds = Number.POSITIVE_INFINITY }: PartOptions,
  fs: number,
  sigLen: number,
  format: string,
): [from: number, to: number] {
  const from = Math.round(startSeconds * fs);
  if (!(from < sigLen)) {
    throw new FormatError('PAST_END', `the recording has ended after ${sigLen / fs} s, where the part asked for begins`, { format });
  }
  return [from, Math.min(sigLen, from + Math.max(1, Math.round(seconds * fs)))];
}
