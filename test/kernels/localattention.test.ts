import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KernelBench, VARIANTS } from '../variants.js';
import { CANARY, canaries, Differences, floats, Guarded, itGivesTheSameBits, random, range } from './harness.js';

interface Shape {
  leads: number;
  timeSteps: number;
  headChannels: number;
  heads: number;
  /** -1 attends to all time steps. */
  window: number;
}

type HeadOrder = 'published' | 'leads';

const ORDERS = ['published', 'leads'] as const;
const TOLERANCE = 1e-5;
const TILE_STEPS = 7;

function shapes(): Shape[] {
  const all: Shape[] = [];
  for (const leads of [1, 2, 12]) {
    for (const headChannels of [4, 8, 12]) {
      for (const heads of range(1, 4)) {
        for (const window of [1, 3, 19, -1]) {
          for (const timeSteps of [1, 2, 5, 18, 40]) all.push({ leads, timeSteps, headChannels, heads, window });
        }
      }
    }
  }
  return all;
}

/** Time steps that token t attends to. */
function attended(t: number, { timeSteps, window }: Shape): number[] {
  const reach = window < 0 ? timeSteps : Math.floor(window / 2);
  return range(0, timeSteps - 1).filter((u) => Math.abs(u - t) <= reach);
}

/** p(t, u) of one head, in double precision, for the u of `attended`. */
function attentionWeights(shape: Shape, query: Float32Array, key: Float32Array, head: number, t: number): Float64Array {
  const { leads, timeSteps, headChannels: c, heads } = shape;
  const scores = attended(t, shape).map((u) => {
    let sum = 0;
    for (let l = 0; l < leads; l++) {
      const [q, k] = [((l * timeSteps + t) * heads + head) * c, ((l * timeSteps + u) * heads + head) * c];
      for (let i = 0; i < c; i++) sum += query[q + i]! * key[k + i]!;
    }
    return sum / Math.sqrt(c);
  });
  const largest = Math.max(...scores);
  const exponentials = Float64Array.from(scores, (score) => Math.exp(score - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / sum);
}

/** f64[L][T][C] in both orders, by the formulas of the network. */
function reference(shape: Shape, query: Float32Array, key: Float32Array, value: Float32Array): Record<HeadOrder, Float64Array> {
  const { leads, timeSteps, headChannels: c, heads } = shape;
  const size = leads * timeSteps * heads * c;
  const output = { published: new Float64Array(size), leads: new Float64Array(size) };
  const index = (lead: number, t: number, channel: number) => (lead * timeSteps + t) * heads * c + channel;
  for (let head = 0; head < heads; head++) {
    for (let t = 0; t < timeSteps; t++) {
      const weights = attentionWeights(shape, query, key, head, t);
      const [first] = attended(t, shape);
      for (let l = 0; l < leads; l++) {
        for (let i = 0; i < c; i++) {
          let mixed = 0;
          for (let n = 0; n < weights.length; n++) mixed += weights[n]! * value[index(l, first! + n, head * c + i)]!;
          const flat = l * c + i;
          output.leads[index(l, t, head * c + i)] = mixed;
          output.published[index(flat % leads, t, head * c + Math.floor(flat / leads))] = mixed;
        }
      }
    }
  }
  return output;
}

interface Scratch {
  weights: Guarded;
  tokens: Guarded;
}

/** Weights that the scratch holds for one of its two tokens. */
function weightsRow({ timeSteps, window }: Pick<Shape, 'timeSteps' | 'window'>): number {
  const reach = window < 0 ? timeSteps : Math.floor(window / 2);
  return Math.min(timeSteps, 2 * reach + 2) + 8;
}

/** The kernel's scratch, as large as promised and no larger. */
function scratch(bench: KernelBench, { leads, timeSteps, headChannels, window }: Shape): Scratch {
  const tokens = (2 * timeSteps + 2) * leads * headChannels;
  return { weights: new Guarded(bench, canaries(2 * weightsRow({ timeSteps, window }))), tokens: new Guarded(bench, canaries(tokens)) };
}

function attend(
  bench: KernelBench,
  shape: Shape,
  order: HeadOrder,
  at: { query: number; key: number; value: number; output: number; scratch: Scratch },
  [start, steps]: readonly [number, number] = [0, shape.timeSteps],
): void {
  const { leads, timeSteps, headChannels, heads, window } = shape;
  const reach = window < 0 ? timeSteps : Math.floor(window / 2);
  bench.kernels.f32_local_attention(
    at.query,
    at.key,
    at.value,
    at.output,
    at.scratch.weights.pointer,
    at.scratch.tokens.pointer,
    leads,
    timeSteps,
    heads * headChannels,
    headChannels,
    reach,
    start,
    steps,
    1 / Math.sqrt(headChannels),
    order === 'published' ? 1 : 0,
  );
}

function projections({ leads, timeSteps, headChannels, heads }: Shape): [query: Float32Array, key: Float32Array, value: Float32Array] {
  const size = leads * timeSteps * headChannels * heads;
  // A query of this spread makes some weights large and some small.
  return [random(size, 1, 4), random(size, 2), random(size, 3)];
}

describe.each(VARIANTS)('f32_local_attention, %s', (variant) => {
  const bench = new KernelBench(variant);

  it('is the formula, in both head orders, out of place, in place and in tiles', () => {
    const differences = new Differences();
    for (const shape of shapes()) {
      const [query, key, value] = projections(shape);
      const expected = reference(shape, query, key, value);
      for (const order of ORDERS) {
        bench.reset();
        const label = `${JSON.stringify(shape)} ${order}`;
        const read = { key: bench.put(key), value: bench.put(value), scratch: scratch(bench, shape) };
        const output = new Guarded(bench, canaries(query.length));
        attend(bench, shape, order, { ...read, query: bench.put(query), output: output.pointer });
        differences.add(label, output.difference(expected[order], TOLERANCE));

        const inPlace = new Guarded(bench, query);
        attend(bench, shape, order, { ...read, query: inPlace.pointer, output: inPlace.pointer });
        differences.add(`${label} in place`, inPlace.difference(output.read()));

        const tiles = new Guarded(bench, query);
        for (let start = 0; start < shape.timeSteps; start += TILE_STEPS) {
          const stretch = [start, Math.min(TILE_STEPS, shape.timeSteps - start)] as const;
          attend(bench, shape, order, { ...read, query: tiles.pointer, output: tiles.pointer }, stretch);
        }
        differences.add(`${label} in tiles`, tiles.difference(output.read()));
        for (const area of [read.scratch.weights, read.scratch.tokens]) differences.add(`${label} scratch`, area.difference(area.read()));
      }
    }
    differences.expectNone();
  });

  it('writes only the time steps that it is asked for', () => {
    const shape: Shape = { leads: 3, timeSteps: 9, headChannels: 4, heads: 2, window: 5 };
    const [query, key, value] = projections(shape);
    bench.reset();
    const output = new Guarded(bench, canaries(query.length));
    const at = { query: bench.put(query), key: bench.put(key), value: bench.put(value), scratch: scratch(bench, shape) };
    attend(bench, shape, 'published', { ...at, output: output.pointer }, [4, 2]);
    const written = Array.from(output.read(), (number) => number !== CANARY);
    expect(output.difference(output.read())).toBeUndefined();
    expect(written).toEqual(Array.from(written, (_, i) => [4, 5].includes(Math.floor(i / 8) % 9)));
  });

  it('weights are positive and their sum is 1', () => {
    const differences = new Differences();
    for (const shape of shapes()) {
      const [query, key, value] = projections(shape);
      bench.reset();
      const at = { query: bench.put(query), key: bench.put(key), scratch: scratch(bench, shape) };
      const output = new Guarded(bench, canaries(query.length));
      attend(bench, shape, 'leads', { ...at, value: bench.put(value.fill(1)), output: output.pointer });
      differences.add(`${JSON.stringify(shape)} values of one`, output.difference(value, 1e-6));
      // The scratch keeps the weights of the last token and head, second of its pair; 0 for steps that only the first one attends to.
      const inReach = attended(shape.timeSteps - 1, shape);
      const unused = shape.timeSteps % 2 === 0 && inReach[0] !== attended(shape.timeSteps - 2, shape)[0] ? 1 : 0;
      const last = at.scratch.weights.read().subarray(weightsRow(shape));
      if (unused) expect(last[0]).toBe(0);
      const weights = last.subarray(unused, unused + inReach.length);
      const sum = weights.reduce((a, b) => a + b, 0);
      differences.add(
        `${JSON.stringify(shape)} weights`,
        weights.every((weight) => weight > 0) && Math.abs(sum - 1) < 1e-6 ? undefined : `[${weights}]`,
      );
    }
    differences.expectNone();
  });
});

const randomShapes = fc.record({
  leads: fc.integer({ min: 1, max: 12 }),
  timeSteps: fc.integer({ min: 1, max: 9 }),
  headChannels: fc.constantFrom(4, 8, 12),
  heads: fc.integer({ min: 1, max: 2 }),
  window: fc.constantFrom(1, 3, 5, -1),
});

itGivesTheSameBits(
  'f32_local_attention',
  randomShapes.chain((shape) => {
    const size = shape.leads * shape.timeSteps * shape.headChannels * shape.heads;
    return fc.record({
      shape: fc.constant(shape),
      order: fc.constantFrom(...ORDERS),
      query: floats(size),
      key: floats(size),
      value: floats(size),
    });
  }),
  (bench, { shape, order, query, key, value }) => {
    const at = { query: bench.put(query), key: bench.put(key), value: bench.put(value), scratch: scratch(bench, shape) };
    attend(bench, shape, order, { ...at, output: at.query });
    return bench.f32(at.query, query.length);
  },
);
