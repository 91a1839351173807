// The roofline picture (Williams 2009): what a layer reaches, against what the caches and the copy of memory would allow it. Both axes are
// logarithmic. One self-contained SVG.

import { PALETTE } from '../markup/style.js';
import { END, escapeHtml, fixed, grouped, MIDDLE, tenth, text } from '../markup/text.js';
import type { Profile, ProfiledLayer } from './profile.js';

const SIZE = { width: 1000, height: 560 };
const PLOT = { left: 64, top: 78, width: 600, height: 420 };
const [RIGHT, BOTTOM] = [PLOT.left + PLOT.width, PLOT.top + PLOT.height];
/** Labels stand in a column of their own, with a line to their point: they cannot cover each other. */
const LABELS = { count: 10, left: RIGHT + 34, step: 36 };
const RADIUS = { least: 3, most: 22 };

const STYLE = `${PALETTE}
svg{background:var(--paper);font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
text{fill:var(--quiet)}
.title{font-size:17px;font-weight:600}
.title,.name{fill:var(--ink)}
.grid{fill:none;stroke:var(--rule)}
.frame{fill:none;stroke:var(--quiet);stroke-width:.8}
.roof{fill:none;stroke:var(--ink);stroke-width:1.8;stroke-linejoin:round}
.point{fill:rgb(var(--blue)/.4);stroke:rgb(var(--blue));stroke-width:1.2}
.leader{fill:none;stroke:var(--quiet);stroke-width:.6}
.centre{fill:var(--ink)}
.rooftext{fill:var(--ink);paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}`;

/** A layer on paper. */
interface Point {
  readonly layer: ProfiledLayer;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** A logarithmic axis: where a value stands. */
interface Axis {
  readonly low: number;
  readonly high: number;
  at(value: number): number;
}

/** Multiply-accumulates per byte. */
const intensityOf = ({ computedMacs, bytes }: ProfiledLayer) => computedMacs / bytes;

/**
 * The layers of a profile under their roof, as the text of an SVG file: intensity (multiply-accumulates a byte) to the right, GMAC/s upwards,
 * the area of a point by its share of the time. Layers that multiply nothing, or too briefly for the engine's clock, have no place in it.
 */
export function rooflineSvg(profile: Profile): string {
  const shown = profile.layers.filter((layer) => layer.gmacPerSecond > 0 && layer.bytes > 0);
  const { peak, bandwidth } = profile;
  // Of an engine whose clock stands still there is neither.
  const ceiling = peak.best || 1;
  const ridge = ceiling / (bandwidth.gigabytesPerSecond || 1);
  const intensities = shown.map(intensityOf);
  const rates = shown.map(({ gmacPerSecond }) => gmacPerSecond);
  const x = axis(Math.min(ridge / 4, ...intensities) / 1.3, Math.max(ridge * 4, ...intensities) * 1.6, PLOT.left, RIGHT);
  const y = axis(Math.min(ceiling / 8, ...rates) / 1.6, Math.max(ceiling, ...rates) * 1.7, BOTTOM, PLOT.top);
  const points = place(shown, x, y);
  const [title, description] = words(profile, shown.length);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" width="${SIZE.width}" height="${SIZE.height}" role="img" aria-labelledby="roofline-title roofline-desc">`,
    `<title id="roofline-title">${title}</title>`,
    `<desc id="roofline-desc">${description}</desc>`,
    `<style>${STYLE}</style>`,
    heading(profile, title),
    grid(x, y),
    roof(profile, x, y),
    ...points.map(drawPoint),
    labels(points),
    '</svg>\n',
  ].join('\n');
}

function axis(low: number, high: number, from: number, to: number): Axis {
  const decades = Math.log10(high / low);
  return { low, high, at: (value) => tenth(from + (Math.log10(value / low) / decades) * (to - from)) };
}

/** 1, 2 and 5 of every power of ten within the axis. */
function ticks({ low, high }: Axis): number[] {
  const values: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const digit of [1, 2, 5]) values.push(Number(`${digit}e${power}`));
  }
  return values.filter((value) => value >= low && value <= high);
}

function grid(x: Axis, y: Axis): string {
  const { left, top, width, height } = PLOT;
  const across = ticks(x).map((value) => [x.at(value), String(value)] as const);
  const upwards = ticks(y).map((value) => [y.at(value), String(value)] as const);
  return [
    `<path class="grid" d="${across.map(([at]) => `M${at} ${top}v${height}`).join('')}${upwards.map(([at]) => `M${left} ${at}h${width}`).join('')}"/>`,
    `<rect class="frame" x="${left}" y="${top}" width="${width}" height="${height}"/>`,
    ...across.map(([at, label]) => text(at, BOTTOM + 17, label, MIDDLE)),
    ...upwards.map(([at, label]) => text(left - 7, at + 4, label, END)),
    text(left + width / 2, BOTTOM + 38, 'multiply-accumulates per byte read or written', MIDDLE),
    `<text${MIDDLE} transform="translate(${left - 42} ${top + height / 2}) rotate(-90)">GMAC/s</text>`,
  ].join('');
}

/** The slope of the copy up to the best of the peak, then flat: what no layer's median should be above. */
function roof({ peak, bandwidth }: Profile, x: Axis, y: Axis): string {
  const { best } = peak;
  const { gigabytesPerSecond } = bandwidth;
  if (best === 0 || gigabytesPerSecond === 0) return '';
  const ridge = best / gigabytesPerSecond;
  const start = Math.max(x.low, y.low / gigabytesPerSecond);
  const [fromX, fromY] = [x.at(start), y.at(start * gigabytesPerSecond)];
  const [ridgeX, ridgeY] = [x.at(ridge), y.at(best)];
  const angle = (Math.atan2(ridgeY - fromY, ridgeX - fromX) * 180) / Math.PI;
  const { rows, inner, columns } = peak.shape;
  const peakText = `peak ${fixed(best, 1)} GMAC/s (median ${fixed(peak.gmacPerSecond, 1)}): ${escapeHtml(peak.kernel)} ${rows} × ${inner} × ${columns}`;
  const middle = `translate(${tenth((fromX + ridgeX) / 2)} ${tenth((fromY + ridgeY) / 2)}) rotate(${tenth(angle)})`;
  return [
    `<path class="roof" d="M${fromX} ${fromY}L${ridgeX} ${ridgeY}H${RIGHT}"/>`,
    text(ridgeX + 4, ridgeY - 9, peakText, ' class="rooftext"'),
    `<text${MIDDLE} class="rooftext" transform="${middle}" y="-8">copy ${fixed(gigabytesPerSecond, 0)} GB/s</text>`,
  ].join('');
}

/** The largest first, so that small points are not hidden below them. */
function place(layers: readonly ProfiledLayer[], x: Axis, y: Axis): Point[] {
  const total = layers.reduce((sum, { ms }) => sum + ms, 0);
  const points = layers.map((layer) => ({
    layer,
    x: x.at(intensityOf(layer)),
    y: y.at(layer.gmacPerSecond),
    radius: tenth(Math.max(RADIUS.least, Math.min(RADIUS.most, 48 * Math.sqrt(layer.ms / total)))),
  }));
  return points.sort((a, b) => b.layer.ms - a.layer.ms);
}

function drawPoint({ layer, x, y, radius }: Point): string {
  const { name, ms, gmacPerSecond, shareOfPeak, bytes } = layer;
  const tip = `${escapeHtml(name)}: ${fixed(ms)} ms, ${fixed(gmacPerSecond, 1)} GMAC/s (${fixed(100 * shareOfPeak, 0)} % of the peak), ${grouped(bytes / 1000)} kB`;
  return `<circle class="point" cx="${x}" cy="${y}" r="${radius}"><title>${tip}</title></circle>`;
}

/** The layers that take longest, in the order of their points from top to bottom. */
function labels(points: readonly Point[]): string {
  const total = points.reduce((sum, { layer }) => sum + layer.ms, 0);
  const chosen = points.slice(0, LABELS.count).sort((a, b) => a.y - b.y || b.x - a.x);
  const heights = spread(chosen.map(({ y }) => y));
  return chosen
    .map(({ layer, x, y }, index) => {
      const height = heights[index]!;
      const figures = `${fixed(layer.ms, 2)} ms, ${fixed((100 * layer.ms) / total, 1)} %, ${fixed(layer.gmacPerSecond, 1)} GMAC/s`;
      return [
        `<path class="leader" d="M${x} ${y}L${LABELS.left - 6} ${height}"/><circle class="centre" cx="${x}" cy="${y}" r="2"/>`,
        text(LABELS.left, height - 1, escapeHtml(layer.name), ' class="name"'),
        text(LABELS.left, height + 13, figures),
      ].join('');
    })
    .join('\n');
}

/** Heights in ascending order, moved so far that a label fits between each two, within the plot. */
function spread(heights: readonly number[]): number[] {
  const { step } = LABELS;
  const [first, last] = [PLOT.top + 6, BOTTOM - 16];
  const moved: number[] = [];
  for (const height of heights) moved.push(Math.max(height, first, (moved.at(-1) ?? Number.NEGATIVE_INFINITY) + step));
  // From below, those that were pushed out of the plot.
  for (let i = moved.length - 1, limit = last; i >= 0; i--, limit -= step) moved[i] = tenth(Math.min(moved[i]!, limit));
  return moved;
}

function words(
  { model, kernels, engine, layers, peak, bandwidth, shareOfPeak }: Profile,
  shown: number,
): [title: string, description: string] {
  const title = `Roofline of ${model.name}`;
  const without = layers.length - shown;
  const description =
    `${shown} layers of the network by multiply-accumulates per byte and GMAC/s, ${kernels.variant} kernels, ${engine}. The peak is ` +
    `${fixed(peak.gmacPerSecond, 1)} GMAC/s, the copy ${fixed(bandwidth.gigabytesPerSecond, 1)} GB/s; the whole network reaches ` +
    `${fixed(100 * shareOfPeak, 0)} % of the peak. ${without} layers that multiply nothing are left out.`;
  return [escapeHtml(title), escapeHtml(description)];
}

function heading({ kernels, engine, machine, totalMs, computedMacs, shareOfPeak, rounds }: Profile, title: string): string {
  const host = [`${kernels.variant} kernels`, engine, ...(machine ? [machine.cpu] : [])].join(', ');
  const result =
    `${fixed(computedMacs / 1e9, 3)} GMAC in ${fixed(totalMs.median, 1)} ms (median of ${rounds} runs): ${fixed(100 * shareOfPeak, 0)} % of the peak. ` +
    'The area of a point is its share of the time.';
  return [
    text(PLOT.left, 26, title, ' class="title"'),
    text(PLOT.left, 46, escapeHtml(clip(host, 150))),
    text(PLOT.left, 63, escapeHtml(result)),
  ].join('');
}

/** A browser's name for itself may be long. */
function clip(line: string, most: number): string {
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
