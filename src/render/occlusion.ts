// An explanation below the sheet: half seconds under the time axis of the traces, then leads. All in mm.

import type { Explanation } from '../explain.js';
import { escapeHtml, fixed } from '../markup/text.js';
import type { Block } from './notes.js';
import { COLOURS, clipText, hundredth, textLine, textWidth, withoutControls } from './typeset.js';

/** Where the strip stands, and which seconds of the record it covers. */
export interface StripFrame {
  readonly left: number;
  readonly traceLeft: number;
  readonly top: number;
  readonly speed: number;
  readonly startSeconds: number;
  readonly seconds: number;
  /** What is added to times that are written. */
  readonly offsetSeconds: number;
}

const SIZE = { heading: 3.6, text: 2.8, figure: 2.4 };
const STRIP_HEIGHT = 20;
const LEADS_HEIGHT = 18;
const LEAD_BAR = { step: 18, width: 9 };

interface Bar {
  readonly x: number;
  readonly width: number;
  readonly change: number;
  /** `data-` attribute, escaped. */
  readonly part: string;
}

export function occlusion(explanation: Explanation, frame: StripFrame): Block {
  const { left, traceLeft, top, seconds, speed } = frame;
  const { abbreviation, name, logit } = explanation;
  const width = traceLeft - left + seconds * speed;
  const heading = `What speaks for ${abbreviation}, ${name} (logit ${fixed(logit, 2)})`;
  const stripTop = top + 13;
  const leadsTop = stripTop + STRIP_HEIGHT + 8;
  const svg = [
    textLine(left, top + SIZE.heading, clipText(heading, SIZE.heading, width), { size: SIZE.heading, bold: true }),
    legend(left, top + 9),
    strip(explanation, frame, stripTop),
    leadBars(explanation, frame, leadsTop),
  ];
  return { svg: svg.join('\n'), height: leadsTop + LEADS_HEIGHT + 7.5 - top };
}

function legend(left: number, y: number): string {
  const entries = [
    [true, 'logit falls when hidden: speaks for the finding'],
    [false, 'logit rises when hidden: speaks against it'],
  ] as const;
  let x = left;
  return entries
    .map(([speaksFor, words]) => {
      const swatch = `<rect x="${hundredth(x)}" y="${y - 2.4}" width="4" height="2.6"${barStyle(speaksFor)}/>`;
      const line = textLine(x + 5.5, y, words, { size: SIZE.text });
      x += 5.5 + textWidth(words, SIZE.text) + 6;
      return swatch + line;
    })
    .join('');
}

/** Filled and outlined, so that print without colours tells them apart. */
function barStyle(speaksFor: boolean): string {
  return speaksFor ? ` fill="${COLOURS.blue}"` : ` fill="#fff" stroke="${COLOURS.warn}" stroke-width=".3"`;
}

function strip({ segments }: Explanation, frame: StripFrame, top: number): string {
  const { left, traceLeft, speed, startSeconds, seconds, offsetSeconds } = frame;
  const bars = segments.flatMap(({ startSeconds: from, endSeconds, change }): Bar[] => {
    const [start, end] = [Math.max(from, startSeconds), Math.min(endSeconds, startSeconds + seconds)];
    if (end <= start) return [];
    return [
      { x: traceLeft + (start - startSeconds) * speed, width: (end - start) * speed, change, part: `data-second="${hundredth(from)}"` },
    ];
  });
  const ticks = Array.from({ length: seconds + 1 }, (_, second) => {
    const x = traceLeft + second * speed;
    const written = `${fixed(startSeconds + offsetSeconds + second, Number.isInteger(startSeconds + offsetSeconds) ? 0 : 1)} s`;
    const anchor = second === seconds ? 'end' : second === 0 ? 'start' : 'middle';
    return `<path stroke="${COLOURS.quiet}" stroke-width=".15" d="M${hundredth(x)} ${top}v${STRIP_HEIGHT + 1}"/>${textLine(x, top + STRIP_HEIGHT + 4, written, { size: SIZE.figure, anchor, fill: COLOURS.quiet })}`;
  });
  if (bars.length === 0) {
    const words = 'no half second that the network saw is drawn here';
    return ticks.join('') + textLine(traceLeft + 2, top + STRIP_HEIGHT / 2, words, { size: SIZE.text });
  }
  return ticks.join('') + drawBars(bars, { left, right: traceLeft + seconds * speed, top, height: STRIP_HEIGHT }, 0.5);
}

function leadBars({ leads }: Explanation, { left, traceLeft, speed, seconds }: StripFrame, top: number): string {
  const step = Math.min(LEAD_BAR.step, (seconds * speed) / Math.max(1, leads.length));
  const bars = leads.map(({ lead, change }, index): Bar => {
    const x = traceLeft + index * step + (step - LEAD_BAR.width) / 2;
    return { x, width: LEAD_BAR.width, change, part: `data-hidden="${escapeHtml(withoutControls(lead))}"` };
  });
  const names = leads.map(({ lead, change }, index) => {
    const x = traceLeft + (index + 0.5) * step;
    return (
      textLine(x, top + LEADS_HEIGHT + 3.4, lead, { size: SIZE.text, bold: true, anchor: 'middle' }) +
      textLine(x, top + LEADS_HEIGHT + 6.6, signed(change), { size: SIZE.figure, anchor: 'middle', fill: COLOURS.quiet })
    );
  });
  return drawBars(bars, { left, right: traceLeft + leads.length * step, top, height: LEADS_HEIGHT }, 0) + names.join('');
}

/** Bars from a common zero: upwards for what speaks for the finding. The scale stands at the left. */
function drawBars(
  bars: readonly Bar[],
  { left, right, top, height }: { left: number; right: number; top: number; height: number },
  inset: number,
): string {
  const most = Math.max(0, ...bars.map(({ change }) => -change));
  const least = Math.max(0, ...bars.map(({ change }) => change));
  const scale = most + least > 0 ? height / (most + least) : 0;
  const zero = top + (scale > 0 ? most * scale : height / 2);
  const drawn = bars.map(({ x, width, change, part }) => {
    const size = Math.abs(change) * scale;
    const y = change < 0 ? zero - size : zero;
    return `<rect ${part} x="${hundredth(x + inset)}" y="${hundredth(y)}" width="${hundredth(width - 2 * inset)}" height="${hundredth(size)}"${barStyle(change < 0)}/>`;
  });
  const line = `<path stroke="${COLOURS.ink}" stroke-width=".2" d="M${left + 13} ${hundredth(zero)}H${hundredth(right)}"/>`;
  return drawn.join('') + line + scaleFigures([most, least], zero, { left: left + 12, top, height });
}

/** The largest fall, zero and the largest rise, where there is room between them. */
function scaleFigures(
  [most, least]: readonly [number, number],
  zero: number,
  { left, top, height }: { left: number; top: number; height: number },
): string {
  const figure = (y: number, value: number) =>
    textLine(left, y + 0.9, signed(value), { size: SIZE.figure, anchor: 'end', fill: COLOURS.quiet });
  const room = SIZE.figure * 1.4;
  return [
    most > 0 && zero - top > room ? figure(top, -most) : '',
    figure(zero, 0),
    least > 0 && top + height - zero > room ? figure(top + height, least) : '',
  ].join('');
}

function signed(value: number): string {
  return value > 0 ? `+${fixed(value, 2)}` : fixed(value, 2);
}
