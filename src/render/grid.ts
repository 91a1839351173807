// Paper: millimetres, and the calibration pulse. All in mm.

import { COLOURS, hundredth } from './typeset.js';

export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const PULSE_SECONDS = 0.2;
/** Line before and behind the pulse, and the space between it and the traces. */
const LEAD_IN = 2.5;
const PULSE_MARGIN = 5;

/** The larger squares; all parts of the sheet lie on their lines. */
export const SQUARE = 5;

/** Thin lines every millimetre, thicker ones every five, as on the paper of recorders. */
export function grid({ left, top, width, height }: Area): string {
  const lines = (isWanted: (mm: number) => boolean) => {
    const across = Array.from({ length: width + 1 }, (_, mm) => mm).filter(isWanted);
    const down = Array.from({ length: height + 1 }, (_, mm) => mm).filter(isWanted);
    return across.map((mm) => `M${left + mm} ${top}v${height}`).join('') + down.map((mm) => `M${left} ${top + mm}h${width}`).join('');
  };
  const isMajor = (mm: number) => mm % SQUARE === 0;
  return (
    `<path data-grid="1" fill="none" stroke="${COLOURS.minor}" stroke-width=".1" d="${lines((mm) => !isMajor(mm))}"/>` +
    `<path data-grid="5" fill="none" stroke="${COLOURS.major}" stroke-width=".2" d="${lines(isMajor)}"/>`
  );
}

/** How much of the paper the pulse takes, before the traces begin. */
export function pulseColumn(speed: number): number {
  return 2 * LEAD_IN + PULSE_SECONDS * speed + PULSE_MARGIN;
}

/** 1 mV for 200 ms. */
export function calibrationPulse(left: number, baseline: number, { speed, gain }: { speed: number; gain: number }): string {
  const path = `M${left} ${hundredth(baseline)}h${LEAD_IN}v-${gain}h${PULSE_SECONDS * speed}v${gain}h${LEAD_IN}`;
  return `<path data-pulse="1 mV, 200 ms" fill="none" stroke="${COLOURS.ink}" stroke-width=".25" stroke-linejoin="round" d="${path}"/>`;
}
