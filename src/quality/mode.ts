// The small quality rule: what must not reach the filter. A constant lead (electrode off) would come out of the published preprocessing as
// noise of unit variance, and one NaN would silently empty its lead.

/** Why a lead is zeros for the network. */
export type DropReason = 'missing' | 'not-finite' | 'flat';

/**
 * `gate`: leads that are not finite or flat are dropped. `report`: flat leads are kept as published, and flagged.
 * `off`: the published preprocessing to the letter.
 */
export type QualityMode = 'gate' | 'report' | 'off';

const QUALITY_MODES: readonly unknown[] = ['gate', 'report', 'off'];

/** What is wrong with the samples of one lead, in any unit; undefined for nothing. */
export function leadFault(samples: ArrayLike<number>): 'not-finite' | 'flat' | undefined {
  const first = samples[0];
  let flat = true;
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]!;
    if (!Number.isFinite(value)) return 'not-finite';
    if (value !== first) flat = false;
  }
  return flat ? 'flat' : undefined;
}

/** @throws TypeError for anything but a mode. */
export function checkQualityMode(mode: unknown): asserts mode is QualityMode {
  if (!QUALITY_MODES.includes(mode))
    throw new TypeError(`"quality" expected one of ${QUALITY_MODES.join(', ')}, got ${JSON.stringify(mode)}`);
}
