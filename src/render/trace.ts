// A lead as a line: samples thinned to what paper can show, cut where they leave their row, written as whole hundredths of a millimetre.

type Point = readonly [x: number, y: number];

/** Where a trace runs; all in mm, y downwards. */
export interface Track {
  /** Of the first of the heights. */
  readonly left: number;
  readonly mmPerSample: number;
  readonly baseline: number;
  /** How far the row reaches above and below the baseline. */
  readonly up: number;
  readonly down: number;
}

export interface Trace {
  /** Path data in hundredths of a millimetre; empty for nothing to draw. */
  readonly path: string;
  /** Where it leaves the row, in mm. */
  readonly exits: readonly { readonly x: number; readonly above: boolean }[];
}

/** Columns of a tenth of a millimetre (254 dpi): of more samples than these in one, the lowest and the highest are drawn. */
const COLUMN_MM = 0.1;
const MOST_IN_COLUMN = 3;

/** Draws `heights`; NaN is a gap. */
export function drawTrace(heights: Float64Array, track: Track): Trace {
  const exits: { x: number; above: boolean }[] = [];
  const paths: string[] = [];
  for (const run of runsOf(heights)) {
    for (const piece of clipRun(thin(heights, run, track), track, exits)) paths.push(encode(piece));
  }
  return { path: paths.join(''), exits };
}

/** Stretches without a gap: [from, to) in samples. */
function* runsOf(heights: Float64Array): Generator<Point> {
  let from = 0;
  for (let n = 0; n <= heights.length; n++) {
    if (n < heights.length && !Number.isNaN(heights[n]!)) continue;
    if (n > from) yield [from, n];
    from = n + 1;
  }
}

function thin(heights: Float64Array, [from, to]: Point, { left, mmPerSample, baseline }: Track): Point[] {
  const points: Point[] = [];
  const put = (n: number) => points.push([left + n * mmPerSample, baseline - heights[n]!]);
  const perColumn = Math.floor(COLUMN_MM / mmPerSample);
  if (perColumn <= MOST_IN_COLUMN) {
    for (let n = from; n < to; n++) put(n);
    return points;
  }
  for (let start = from; start < to; start += perColumn) {
    let [low, high] = [start, start];
    for (let n = start + 1; n < Math.min(start + perColumn, to); n++) {
      if (heights[n]! < heights[low]!) low = n;
      if (heights[n]! > heights[high]!) high = n;
    }
    put(Math.min(low, high));
    if (low !== high) put(Math.max(low, high));
  }
  return points;
}

/** The pieces of a line that lie within its row. */
function clipRun(points: readonly Point[], { baseline, up, down }: Track, exits: { x: number; above: boolean }[]): Point[][] {
  const [top, bottom] = [baseline - up, baseline + down];
  const isOut = ([, y]: Point) => y < top || y > bottom;
  const pieces: Point[][] = [];
  const [first] = points;
  if (first && isOut(first)) exits.push({ x: first[0], above: first[1] < top });
  else if (first) pieces.push([first]);
  for (let i = 1; i < points.length; i++) {
    const [p, q] = [points[i - 1]!, points[i]!];
    const [enter, leave] = crossings(p, q, top, bottom);
    if (enter > leave) continue;
    if (isOut(p)) pieces.push([between(p, q, enter)]);
    pieces.at(-1)!.push(between(p, q, leave));
    if (isOut(q)) exits.push({ x: between(p, q, leave)[0], above: q[1] < top });
  }
  return pieces;
}

/** Which part of the way from p to q lies between two heights, as shares of it. */
function crossings([, from]: Point, [, to]: Point, top: number, bottom: number): Point {
  const rise = to - from;
  if (rise === 0) return from < top || from > bottom ? [1, 0] : [0, 1];
  const [a, b] = [(top - from) / rise, (bottom - from) / rise];
  return [Math.max(0, Math.min(a, b)), Math.min(1, Math.max(a, b))];
}

function between([x0, y0]: Point, [x1, y1]: Point, share: number): Point {
  return share === 1 ? [x1, y1] : [x0 + (x1 - x0) * share, y0 + (y1 - y0) * share];
}

/** Steps in whole hundredths; steps in the same direction are one. */
function encode(points: readonly Point[]): string {
  const [x, y] = toHundredths(points[0]!);
  let [lastX, lastY] = [x, y];
  const steps: [number, number][] = [];
  for (const point of points) {
    const [nextX, nextY] = toHundredths(point);
    const [dx, dy] = [nextX - lastX, nextY - lastY];
    [lastX, lastY] = [nextX, nextY];
    if (dx === 0 && dy === 0) continue;
    const last = steps.at(-1);
    if (last && last[0] * dy === last[1] * dx && last[0] * dx >= 0 && last[1] * dy >= 0) {
      last[0] += dx;
      last[1] += dy;
    } else steps.push([dx, dy]);
  }
  // A single sample between gaps is a dot: the ends of lines are round.
  if (steps.length === 0) return `M${x} ${y}h0`;
  const numbers = steps.flat().map((step, index) => (step < 0 || index === 0 ? step : ` ${step}`));
  return `M${x} ${y}l${numbers.join('')}`;
}

function toHundredths([x, y]: Point): [number, number] {
  return [Math.round(x * 100), Math.round(y * 100)];
}
