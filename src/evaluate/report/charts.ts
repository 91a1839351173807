// What the report is drawn with: inline SVG. Whatever stands in a file goes through `escapeHtml` before it is HTML.

import { counted, END, escapeHtml, fixed, grouped, MIDDLE, tenth, text } from '../../markup/text.js';
import type { Curves, Evaluation, Figure, LeadSetEvaluation, ReliabilityBin } from '../evaluation.js';
import { isCovered } from '../scores.js';

/** An interval as text; empty where there is none. */
export function interval({ low, high }: Figure): string {
  if (low === null || high === null) return '';
  return `${fixed(low)}${low < 0 || high < 0 ? ' to ' : '–'}${fixed(high)}`;
}

/** A part of the page; all but `id` is HTML. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** What is seen. */
  readonly caption: string;
  readonly body: string;
}

/** As HTML. */
export function leadsName(leads: readonly string[]): string {
  return leads.length === 12 ? 'all 12 leads' : escapeHtml(leads.join(', '));
}

/** The unit square on paper: shares grow to the right and upwards. */
interface Square {
  readonly left: number;
  readonly top: number;
  readonly size: number;
}

const across = ({ left, size }: Square, share: number) => tenth(left + clamp(share) * size);
const upwards = ({ top, size }: Square, share: number) => tenth(top + (1 - clamp(share)) * size);

function clamp(share: number): number {
  return Math.max(0, Math.min(1, share));
}

function line(type: string, [x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number]): string {
  return `<path class="${type}" d="M${x1} ${y1}L${x2} ${y2}"/>`;
}

/** Border, half lines, and the names of both axes between their 0 and 1; `bottom` is the line that the lower names stand on. */
function frame(square: Square, xName: string, yName: string, bottom = square.top + square.size + 13): string {
  const { left, top, size } = square;
  const [middle, center] = [left + size / 2, top + size / 2];
  return [
    `<path class="grid" d="M${left} ${center}h${size}M${middle} ${top}v${size}"/>`,
    `<rect class="frame" x="${left}" y="${top}" width="${size}" height="${size}"/>`,
    text(left, bottom, '0') + text(middle, bottom, xName, MIDDLE) + text(left + size, bottom, '1', END),
    text(left - 5, top + size, '0', END) + text(left - 5, top + 8, '1', END),
    `<text${MIDDLE} transform="translate(${left - 7} ${center}) rotate(-90)">${yName}</text>`,
  ].join('');
}

function svg(width: number, height: number, label: string, content: string): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(label)}">${content}</svg>`;
}

/** Without the points that could not be told apart on paper; the last one stays. */
function thinned(square: Square, points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const kept: (readonly [number, number])[] = [];
  points.forEach(([a, b], index) => {
    const [x, y] = [across(square, a), upwards(square, b)];
    const [lastX, lastY] = kept.at(-1) ?? [Number.NEGATIVE_INFINITY, 0];
    if (Math.abs(x - lastX) + Math.abs(y - lastY) >= 0.8 || index === points.length - 1) kept.push([x, y]);
  });
  return kept;
}

/** ROC and precision-recall side by side; the broken lines are chance. */
export function curvePair({ roc, pr }: Curves, prevalence: number, label: string): string {
  const [left, right]: [Square, Square] = [
    { left: 20, top: 4, size: 124 },
    { left: 172, top: 4, size: 124 },
  ];
  const chance = upwards(right, prevalence);
  const slopes = thinned(left, roc).map(([x, y]) => `${x} ${y}`);
  // In steps, as the area is summed: the precision at a point holds for the recall gained there.
  const steps = thinned(right, pr).map(([x, y], index) => (index === 0 ? `M${across(right, 0)} ${y}H${x}` : `V${y}H${x}`));
  return svg(
    300,
    146,
    label,
    [
      frame(left, '1 − specificity', 'sensitivity'),
      line('chance', [across(left, 0), upwards(left, 0)], [across(left, 1), upwards(left, 1)]),
      slopes.length > 0 ? `<path class="curve" d="M${slopes.join('L')}"/>` : '',
      frame(right, 'recall', 'precision'),
      line('chance', [across(right, 0), chance], [across(right, 1), chance]),
      steps.length > 0 ? `<path class="curve" d="${steps.join('')}"/>` : '',
    ].join(''),
  );
}

/** Frequency against mean probability, and below it how many decisions each bin holds. */
export function reliabilityDiagram(bins: readonly ReliabilityBin[], label: string): string {
  const square: Square = { left: 22, top: 4, size: 194 };
  const [ground, height] = [250, 42];
  const fullest = Math.max(1, ...bins.map(({ count }) => count));
  const bars = bins.map(({ from, to, count }) => {
    const [x, end] = [across(square, from), across(square, to)];
    // The square root, because most bins would be flat beside the one of "surely not".
    const rise = tenth(Math.sqrt(count / fullest) * height);
    const title = `<title>${fixed(from, 2)}–${fixed(to, 2)}: ${counted(count, 'decision')}</title>`;
    return `<rect class="bar" x="${tenth(x + 1)}" y="${tenth(ground - rise)}" width="${tenth(end - x - 2)}" height="${rise}">${title}</rect>`;
  });
  const points = bins.flatMap(({ meanProbability, frequency }) =>
    meanProbability === null || frequency === null ? [] : [[across(square, meanProbability), upwards(square, frequency)] as const],
  );
  return svg(
    220,
    266,
    label,
    [
      frame(square, 'mean probability', 'frequency', ground + 12),
      line('chance', [across(square, 0), upwards(square, 0)], [across(square, 1), upwards(square, 1)]),
      `<path class="grid" d="M${square.left} ${ground}h${square.size}"/>${bars.join('')}`,
      points.length > 0 ? `<path class="curve" d="M${points.map(([x, y]) => `${x} ${y}`).join('L')}"/>` : '',
      ...points.map(([x, y]) => `<circle class="dot" cx="${x}" cy="${y}" r="3"/>`),
    ].join(''),
  );
}

const BAR = { width: 112, height: 14, margin: 5 };

/** A figure as a dot on its interval, on a scale from `lowest` to 1. */
export function intervalBar({ value, low, high }: Figure, lowest: number): string {
  if (value === null) return '';
  const { width, height, margin } = BAR;
  const x = (share: number) => tenth(margin + clamp((share - lowest) / (1 - lowest)) * (width - 2 * margin));
  const middle = height / 2;
  const ticks = [lowest, (lowest + 1) / 2, 1].map((share) => `M${x(share)} 1v${height - 2}`).join('');
  const whisker = low === null || high === null ? '' : line('whisker', [x(low), middle], [x(high), middle]);
  const dot = `<circle class="dot" cx="${x(value)}" cy="${middle}" r="3.2"/>`;
  // The number stands in the next cell: nothing to say twice.
  return `<svg class="interval" viewBox="0 0 ${width} ${height}" aria-hidden="true"><path class="grid" d="${ticks}"/>${whisker}${dot}</svg>`;
}

// Sections of charts

function gallery(type: string, figures: readonly (readonly [chart: string, caption: string])[]): string {
  return `<div class="${type}">\n${figures.map(([chart, caption]) => `<figure>${chart}<figcaption>${caption}</figcaption></figure>`).join('\n')}\n</div>`;
}

export function calibration({ leadSets }: Evaluation): Section | undefined {
  const figures = leadSets.map(({ leads, strict, reliability }) => {
    const fullest = Math.max(0, ...reliability.map(({ count }) => count));
    const name = leadsName(leads);
    const between = interval(strict.macro.ece);
    return [
      reliabilityDiagram(reliability, `Reliability diagram, ${leads.length === 12 ? name : leads.join(', ')}`),
      `<b>${name}</b><br>ECE ${fixed(strict.macro.ece.value)}${between === '' ? '' : `<small>${between}</small>`}<br>${grouped(fullest)} decisions in the fullest bin`,
    ] as const;
  });
  if (figures.length === 0) return undefined;
  return {
    id: 'calibration',
    title: 'Calibration',
    caption:
      'How often a finding is there, against how probable it was said to be, all classes together. On the broken line probabilities are what they say; ' +
      'below it they are too high, above it too low. The bars are the square roots of the numbers of decisions: points over a low bar rest on few.',
    body: gallery('plots', figures),
  };
}

export function curveGallery(evaluation: Evaluation, { leads, strict, curves }: LeadSetEvaluation): Section | undefined {
  const figures = strict.classes.flatMap((entry, k) => {
    const curve = curves[k];
    if (!curve || !isCovered(entry, evaluation.minPositives)) return [];
    const { abbreviation, name, positives, records, auroc, auprc } = entry;
    const chart = curvePair(curve, positives / records, `ROC and precision-recall curves, ${name}`);
    const areas = `AUROC ${fixed(auroc.value)}, AUPRC ${fixed(auprc.value)}; ${grouped(positives)} of ${grouped(records)}`;
    return [[chart, `<b>${escapeHtml(abbreviation)}</b> ${escapeHtml(name)}<br>${areas}`] as const];
  });
  if (figures.length === 0) return undefined;
  return {
    id: 'curves',
    title: 'ROC and precision-recall curves',
    caption:
      `With ${leadsName(leads)}, classes with enough positives. Left: sensitivity against 1 − specificity. Right: precision against recall. The broken lines are ` +
      'what chance would give: the diagonal, and the share of records with the class.',
    body: gallery('curves', figures),
  };
}
