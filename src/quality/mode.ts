/**
 * `gate`: leads that are not worth reading are dropped. `report`: they are read, unless they are not finite or nothing else is there, and named.
 * `off`: the published preprocessing to the letter, and nothing is said.
 */
export type QualityMode = 'gate' | 'report' | 'off';

const QUALITY_MODES: readonly unknown[] = ['gate', 'report', 'off'];

/** @throws TypeError for anything but a mode. */
export function checkQualityMode(mode: unknown): asserts mode is QualityMode {
  if (!QUALITY_MODES.includes(mode))
    throw new TypeError(`"quality" expected one of ${QUALITY_MODES.join(', ')}, got ${JSON.stringify(mode)}`);
}
