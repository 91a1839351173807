// A sheet as pixels, by the optional package: what is measured in the text of the SVG is there to be seen.

import { Resvg } from '@resvg/resvg-js';
import { describe, expect, it } from 'vitest';
import { renderSheet } from '../../src/render/index.js';
import { pulsesOf, recordOf } from './sheets.js';

/** Ten pixels a millimetre. */
const DPI = 254;

/** Whether there is ink within a third of a millimetre of a place in mm. */
function inkAt(pixels: Uint8Array, width: number): (x: number, y: number) => boolean {
  return (x, y) => {
    for (let row = Math.round(10 * y) - 3; row <= Math.round(10 * y) + 3; row++) {
      for (let column = Math.round(10 * x) - 3; column <= Math.round(10 * x) + 3; column++) {
        const at = 4 * (row * width + column);
        // The grid is pale, and red before all.
        if (pixels[at]! < 90 && pixels[at + 1]! < 90) return true;
      }
    }
    return false;
  };
}

describe('pixels', () => {
  const svg = renderSheet(recordOf((_, seconds) => (seconds % 1 < 0.5 ? 0 : 1) - (seconds % 1 < 0.02 ? 0.5 : 0)));
  const image = new Resvg(svg, { dpi: DPI, font: { loadSystemFonts: false } }).render();
  const ink = inkAt(image.pixels, image.width);
  const { left, baseline } = pulsesOf(svg)[3]!;

  it('ten for each millimetre', () => expect([image.width, image.height % 10]).toEqual([2970, 0]));

  it('the pulse is 10 mm high and 5 mm wide', () => {
    for (let mm = 0; mm <= 5; mm += 0.5) expect(ink(left + 2.5 + mm, baseline - 10), `${mm} mm`).toBe(true);
    for (let mm = 0; mm <= 10; mm += 0.5)
      expect([ink(left + 2.5, baseline - mm), ink(left + 7.5, baseline - mm)], `${mm} mm`).toEqual([true, true]);
    for (const [x, y] of [
      [left + 5, baseline - 5],
      [left + 5, baseline - 11],
      [left + 1.5, baseline - 10],
      [left + 8.5, baseline - 10],
    ] as const)
      expect(ink(x, y)).toBe(false);
  });

  it('a wave of half a second up and half a second down has its edges every 12.5 mm', () => {
    // As many samples are up as down: the median is one of the upper ones, and the wave goes down from the baseline.
    for (let second = 0; second < 9; second++) {
      const x = left + 15 + 25 * second;
      for (let mm = 1; mm < 10; mm++) expect(ink(x + 12.5, baseline + mm), `${second} s, ${mm} mm`).toBe(true);
      for (let mm = 14; mm < 24; mm++)
        expect([ink(x + mm, baseline), ink(x + mm, baseline + 10)], `${second} s, ${mm} mm`).toEqual([true, false]);
      for (let mm = 2; mm < 12; mm++)
        expect([ink(x + mm, baseline + 10), ink(x + mm, baseline)], `${second} s, ${mm} mm`).toEqual([true, false]);
    }
  });
});
