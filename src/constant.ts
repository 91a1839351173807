// What of a tensor need not be computed, because it equals something that is: the zeros before a short record stay one constant column
// through every layer, but for its borders, and all missing leads stay one row. Skipping them keeps the bits: a kernel's output depends
// on its inputs alone, not on where they stand.

/** Time steps from … to - 1, equal in every channel. Empty when to <= from. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** What equals what in a tensor, for each of its leads. */
export interface Repeats {
  /** Steps that all equal the first of them. Only the first and last `MARGIN` of them are in memory until someone asks for the others. */
  readonly constant: readonly Stretch[];
  /** The first lead with the same values, often the lead itself. */
  readonly twin: readonly number[];
}

/** Steps at both ends of a constant stretch that are in memory: more than any layer reaches over. */
export const MARGIN = 24;

const NOTHING: Stretch = { from: 0, to: 0 };

/** Nothing repeats. */
export function noRepeats(leads: number): Repeats {
  return { constant: Array.from({ length: leads }, () => NOTHING), twin: Array.from({ length: leads }, (_, lead) => lead) };
}

/** What repeats in x, f32[leads][samples]: the values before a record, and leads that are one value throughout. */
export function findRepeats(x: Float32Array, leads: number): Repeats {
  const samples = x.length / leads;
  const constant = Array.from({ length: leads }, (_, lead) => {
    const row = lead * samples;
    let to = 1;
    while (to < samples && Object.is(x[row + to], x[row])) to++;
    return worthwhile(0, to);
  });
  const isFlat = (lead: number) => constant[lead]!.to === samples;
  const same = (a: number, b: number) => isFlat(a) && isFlat(b) && Object.is(x[a * samples], x[b * samples]);
  return {
    constant,
    twin: constant.map((_, lead) => constant.findIndex((_, other) => other === lead || (other < lead && same(other, lead)))),
  };
}

/** After a convolution along time, padded on both sides: steps all of whose taps are within. */
export function convolved(
  { constant, twin }: Repeats,
  { kernelSize, stride, pad }: { kernelSize: number; stride: number; pad: number },
): Repeats {
  return {
    twin,
    constant: constant.map(({ from, to }) =>
      worthwhile(Math.ceil((from + pad) / stride), Math.floor((to - kernelSize + pad) / stride) + 1),
    ),
  };
}

/** After linear interpolation of `steps` to `outputSteps`. */
export function resized({ constant, twin }: Repeats, steps: number, outputSteps: number): Repeats {
  // One step more than the positions say on either side, whatever their rounding.
  const at = (step: number) => (step * outputSteps) / steps;
  return { twin, constant: constant.map(({ from, to }) => worthwhile(Math.ceil(at(from + 1)) + 1, Math.floor(at(to - 1)) - 1)) };
}

/** After attention: a token sees all leads, `reach` steps to each side. */
export function attended({ constant }: Repeats, reach: number): Repeats {
  const from = Math.max(...constant.map((stretch) => stretch.from)) + reach;
  const to = Math.min(...constant.map((stretch) => stretch.to)) - reach;
  return { ...noRepeats(constant.length), constant: constant.map(() => worthwhile(from, to)) };
}

/** Of a sum. */
export function common(a: Repeats, b: Repeats): Repeats {
  return {
    constant: a.constant.map(({ from, to }, lead) =>
      worthwhile(Math.max(from, b.constant[lead]!.from), Math.min(to, b.constant[lead]!.to)),
    ),
    twin: a.twin.map((twin, lead) => (twin === b.twin[lead] ? twin : lead)),
  };
}

/** The steps of a lead that have to be computed: up to the first of the constant stretch, and those behind it. */
export function computedStretches({ from, to }: Stretch, timeSteps: number): Stretch[] {
  return from === to ? [{ from: 0, to: timeSteps }] : [{ from: 0, to: from + 1 }, ...(to < timeSteps ? [{ from: to, to: timeSteps }] : [])];
}

/** Too short a stretch saves nothing. */
function worthwhile(from: number, to: number): Stretch {
  return to - from > 2 * MARGIN ? { from, to } : NOTHING;
}
