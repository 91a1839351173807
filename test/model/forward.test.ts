// The two halves of classify by themselves.

import { describe, expect, it } from 'vitest';
import { simulate } from '../../src/simulate.js';
import { testInput } from '../test-network.js';
import { bitsOf, loadTiny, TINY, tinyRecord } from '../tiny-network.js';
import { VARIANTS } from '../variants.js';

describe.each(VARIANTS)('forward (%s)', (variant) => {
  it('of preprocess is classify without the quality rule', async () => {
    const model = await loadTiny(variant);
    for (const record of [tinyRecord(), simulate({ fs: 500, seconds: 2 }), tinyRecord(1)]) {
      expect(bitsOf(model.forward(model.preprocess(record)))).toEqual(bitsOf(model.classify(record, { quality: 'off' }).logits));
    }
  });

  it('reports every layer with its name, its shape and values of its own', async () => {
    const model = await loadTiny(variant);
    const x = testInput(TINY);
    const seen: { name: string; shape: readonly number[]; values: Float32Array }[] = [];
    const logits = model.forward(x, { onActivation: (name, shape, values) => void seen.push({ name, shape, values }) });
    expect(seen.map(({ name, shape }) => [name, ...shape])).toEqual(EXPECTED_LAYERS);
    for (const { name, shape, values } of seen) {
      expect(values, name).toBeInstanceOf(Float32Array);
      expect(values.length, name).toBe(shape.reduce((product, size) => product * size, 1));
      expect(values.every(Number.isFinite), name).toBe(true);
      expect(
        values.some((value) => value !== 0),
        name,
      ).toBe(true);
    }
    expect(bitsOf(seen.at(-1)!.values)).toEqual(bitsOf(logits));
    const copies = seen.map(({ values }) => bitsOf(values));
    for (const { values } of seen) values.fill(Number.NaN);
    const again: number[][] = [];
    model.forward(x, { onActivation: (_name, _shape, values) => void again.push(bitsOf(values)) });
    expect(again).toEqual(copies);
  });
});

/** [name, leads, time steps, channels], as the network description has them. */
const EXPECTED_LAYERS = [
  ['blocks.0.p0', 12, 248, 4],
  ['blocks.0.p01', 12, 120, 4],
  ['blocks.0', 12, 120, 4],
  ['blocks.1.p0', 12, 112, 8],
  ['blocks.1.p01', 12, 52, 8],
  ['blocks.1', 12, 52, 8],
  ['blocks.2', 12, 52, 8],
  ['resize', 12, 24, 8],
  ['transformer.embd.0', 12, 24, 8],
  ['transformer.embd.1', 12, 24, 8],
  ...[['transformer.stem.0', 24] as const, ['transformer.branch.0', 12] as const, ['transformer.branch.1', 6] as const].flatMap(
    ([block, steps]) => [
      ...['query', 'key', 'value'].map((projection) => [`${block}.attn.${projection}`, 12, steps, 8]),
      [block, 12, steps, 8],
    ],
  ),
  ['linearN', 8],
  ['linear1', 128],
  ['linear2', 26],
];

describe('forward refuses', async () => {
  const model = await loadTiny();
  const x = testInput(TINY);

  it.each([[undefined], [null], [Array.from(x)], [Float64Array.from(x)], [x.buffer]])('what is no Float32Array (%#)', (wrong) => {
    expect(() => model.forward(wrong as never)).toThrow(TypeError);
  });

  it.each([0, 1, x.length - 1, x.length + 1, 256])('%d values', (length) => {
    expect(() => model.forward(new Float32Array(length))).toThrow(RangeError);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%d among the values, and says where', (value) => {
    for (const index of [0, 300, x.length - 1]) {
      expect(() => model.forward(x.map((own, i) => (i === index ? value : own)))).toThrow(
        new RangeError(`"x" expected finite values, got ${value} at ${index}`),
      );
    }
  });
});

describe('preprocess', async () => {
  const model = await loadTiny();

  it('gives one row for each lead of the network, z-scored', () => {
    const x = model.preprocess(tinyRecord(2.56));
    expect(x).toBeInstanceOf(Float32Array);
    expect(x).toHaveLength(12 * 256);
    for (let row = 0; row < 12; row++) {
      const lead = x.subarray(row * 256, (row + 1) * 256);
      const mean = lead.reduce((sum, value) => sum + value, 0) / 256;
      const variance = lead.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 256;
      expect([mean, variance]).toEqual([expect.closeTo(0, 6), expect.closeTo(1, 5)]);
    }
  });

  it('puts leads into the rows of the network, zeros where one is missing', () => {
    const whole = tinyRecord();
    const x = model.preprocess({ fs: 100, sigName: ['v1', 'Lead I'], units: ['mV', 'mV'], signal: [whole.signal[6]!, whole.signal[0]!] });
    const reference = model.preprocess(whole);
    for (let row = 0; row < 12; row++) {
      const lead = x.subarray(row * 256, (row + 1) * 256);
      if (row === 0 || row === 6) expect(bitsOf(lead)).toEqual(bitsOf(reference.subarray(row * 256, (row + 1) * 256)));
      else expect(lead.every((value) => value === 0)).toBe(true);
    }
  });

  it('blows a flat lead up, as published', () => {
    const record = tinyRecord();
    const x = model.preprocess({ ...record, signal: record.signal.map((lead, row) => (row === 0 ? lead.map(() => 0.7) : lead)) });
    expect(x.subarray(0, 256).some((value) => value !== 0)).toBe(true);
    expect(x.every(Number.isFinite)).toBe(true);
  });

  it('gives an array of its own', () => {
    const x = model.preprocess(tinyRecord());
    const copy = x.slice();
    model.preprocess(tinyRecord(6, 99));
    expect(bitsOf(x)).toEqual(bitsOf(copy));
  });
});
