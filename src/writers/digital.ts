import type { EcgRecord } from '../ecg.js';

/** 16 bits; -32768 marks an invalid sample. */
const LARGEST = 32767;
const INVALID = -32768;
/** Beyond any unit of an ECG; smaller values are zero. */
const FINEST = 1e12;
/** Units per physical unit that make whole numbers of what programs write: decimals, and WFDB's default. */
const GAINS = [1, 10, 100, 1000, 10_000, 100_000, 200, 2, 20, 2000, 5, 50, 500];

/**
 * The record with integers of 16 bits, as file formats store them. Leads that have them keep them. Of others the values in `signal` are exact where a
 * usual gain makes whole numbers of them, else rounded to the finest step that fits; `largestError` says by how much at most, in the lead's unit, for each lead.
 * NaN becomes -32768, which marks an invalid sample.
 */
export function toSixteenBits(record: EcgRecord): { record: EcgRecord; largestError: number[] } {
  const leads = record.signal.map((signal, lead) => {
    const [digital, gain] = [record.digital?.[lead], record.adcGain?.[lead]];
    const fits = digital && gain && digital.every((value) => value >= -LARGEST && value <= LARGEST);
    if (fits) return { digital: marked(digital, signal), gain, baseline: record.baseline?.[lead] ?? 0, error: 0 };
    return { ...digitize(signal), baseline: 0 };
  });
  return {
    record: {
      ...record,
      digital: leads.map(({ digital }) => digital),
      adcGain: leads.map(({ gain }) => gain),
      baseline: leads.map(({ baseline }) => baseline),
    },
    largestError: leads.map(({ error }) => error),
  };
}

/** A source marks invalid samples in `signal` only. */
function marked(digital: Int32Array, signal: ArrayLike<number>): Int32Array {
  return digital.map((value, n) => (Number.isNaN(signal[n]) ? INVALID : value));
}

/** Integers of 16 bits for samples, their gain, and how far they are from the samples at most: 0 where a usual gain makes whole numbers of them. */
export function digitize(signal: ArrayLike<number>): { digital: Int32Array; gain: number; error: number } {
  let most = 0;
  for (let n = 0; n < signal.length; n++) if (Number.isFinite(signal[n])) most = Math.max(most, Math.abs(signal[n]!));
  const exact = GAINS.find((gain) => most * gain <= LARGEST && errorOf(signal, gain) === 0);
  // Rounded down to six digits, so that a header's decimal is the very number.
  const finest = Math.min(LARGEST / most, FINEST);
  const gain = exact ?? Math.min(Number(finest.toPrecision(6)), finest);
  return { digital: Int32Array.from(signal, (value) => rounded(value, gain)), gain, error: errorOf(signal, gain) };
}

function rounded(value: number, gain: number): number {
  return Number.isFinite(value) ? Math.round(value * gain) : INVALID;
}

/** How far the integers are from the values at most. */
function errorOf(signal: ArrayLike<number>, gain: number): number {
  let error = 0;
  for (let n = 0; n < signal.length; n++) {
    const value = signal[n]!;
    if (Number.isFinite(value)) error = Math.max(error, Math.abs(rounded(value, gain) / gain - value));
  }
  return error;
}
