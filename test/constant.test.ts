// What repeats is computed once: the same bits after every layer as without, and less work.

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NetworkConfig } from '../src/config.js';
import { findRepeats, MARGIN, noRepeats, type Repeats } from '../src/constant.js';
import { calibrate } from '../src/convert/calibrate.js';
import { quantizeWeights } from '../src/convert/quantize.js';
import { Engine } from '../src/engine.js';
import { F32Operations } from '../src/operations.js';
import type { Call, Product } from '../src/product.js';
import { selfTestInput } from '../src/selftest.js';
import { builtKernels } from '../src/wasm.js';
import { parseWeights, type Weights } from '../src/weights.js';
import { type PresetName, testConfig, testInput, testWeights } from './test-network.js';

const I_AND_II = ['I', 'II'];

/** The input with its first samples zero, as of a shorter record. */
function padded(config: NetworkConfig, x: Float32Array, samples: number): Float32Array {
  return x.map((value, i) => (i % config.windowSamples < samples ? 0 : value));
}

/**
 * Where a run that skips differs in its bits from one that does not. First nobody looks at the layers, in memory that holds other numbers:
 * looking writes the steps that were skipped, and an operation that wrongly reads one would find it.
 */
function firstDifference([skipping, plain]: [Engine, Engine], x: Float32Array, leads: number): string | undefined {
  const expected = [...layersOf(plain, x, noRepeats(leads))];
  for (const _ of skipping.run(x.map((value) => 3 - 2 * value)));
  let logits: Float32Array | undefined;
  for (const { name, values } of skipping.run(x)) if (name === 'linear2') logits = skipping.view(values).slice();
  if (!logits || digest(logits) !== expected.at(-1)![1]) return 'logits';
  for (const [name, digested] of layersOf(skipping, x)) {
    const [theirName, theirs] = expected.shift()!;
    if (name !== theirName || digested !== theirs) return name;
  }
  return undefined;
}

function* layersOf(engine: Engine, x: Float32Array, repeats?: Repeats): Generator<[name: string, digest: string]> {
  for (const { name, values } of engine.run(x, repeats)) yield [name, digest(engine.view(values))];
}

function digest({ buffer, byteOffset, byteLength }: Float32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');
}

function int8(weights: Weights, x: Float32Array): Weights {
  const maxima = calibrate(weights, builtKernels('simd'), [x]);
  return parseWeights(quantizeWeights(weights, maxima, { source: 'test input', records: 1 }));
}

function engines(weights: Weights): [Engine, Engine] {
  return [new Engine(weights, builtKernels('simd')), new Engine(weights, builtKernels('simd'))];
}

describe.each(['edge', 'compact', 'published'] as const)('%s', (preset: PresetName) => {
  const config = testConfig(preset);
  const leads = config.leads.length;
  // The test input lasts ten seconds, all of the window of `edge`.
  const padding = config.windowSamples / 2;
  const inputs = {
    'ten seconds': testInput(config),
    'ten seconds, I and II': testInput(config, I_AND_II),
    padded: padded(config, testInput(config), padding),
    'padded, I and II': padded(config, testInput(config, I_AND_II), padding),
    full: selfTestInput(config),
  };

  it.each(['f32', 'int8'])(
    '%s gives the same bits after every layer',
    (precision) => {
      const weights = testWeights(config);
      const pair = engines(precision === 'int8' ? int8(weights, testInput(config)) : weights);
      for (const [name, x] of Object.entries(inputs)) expect(firstDifference(pair, x, leads), name).toBeUndefined();
    },
    120_000,
  );
});

it.each([
  ['perLead', 'leads'],
  ['perLead', 'published'],
  ['shared', 'leads'],
] as const)('%s projections, head order %s: the same bits', (leadProjection, headOrder) => {
  const config = testConfig('edge', { leadProjection, headOrder });
  const x = padded(config, testInput(config, I_AND_II), 600);
  expect(firstDifference(engines(testWeights(config)), x, 12)).toBeUndefined();
});

it('whatever the padding, window and strides', () => {
  const networks = new Map<string, [NetworkConfig, [Engine, Engine]]>();
  const network = (changes: Partial<NetworkConfig>) => {
    const key = JSON.stringify(changes);
    if (!networks.has(key)) {
      const config = testConfig('edge', changes);
      networks.set(key, [config, engines(testWeights(config))]);
    }
    return networks.get(key)!;
  };
  const changes: Partial<NetworkConfig>[] = [
    {},
    { resizeTo: 24 },
    { windows: [51, 19, 19, 19, -1, -1, -1] },
    {
      stem: [
        [1, 16, 3, 1],
        [16, 32, 1, 2],
      ] as NetworkConfig['stem'],
      resizeTo: 200,
    },
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...changes),
      fc.array(fc.nat(1000), { minLength: 12, maxLength: 12 }),
      fc.nat(3),
      (change, starts, level) => {
        const [config, pair] = network(change);
        const noise = testInput(config);
        // Each lead begins to move at a time of its own; some never do. Before that they have one of four levels.
        const x = noise.map((value, i) => {
          const start = starts[Math.floor(i / config.windowSamples)]!;
          return i % config.windowSamples < (start > 800 ? 1000 : start) ? (start % (level + 1)) / 2 : value;
        });
        expect(firstDifference(pair, x, 12)).toBeUndefined();
      },
    ),
    { numRuns: 12 },
  );
}, 120_000);

it('computes less: rows of products for a padded record and for two leads', () => {
  const config = testConfig('published');
  let rows = 0;
  class CountingOperations extends F32Operations {
    protected override multiply(product: Product, input: number, output: number, call: Call): void {
      rows += call.rows * product.inner * product.columns;
      super.multiply(product, input, output, call);
    }
  }
  const engine = new Engine(testWeights(config), builtKernels('simd'), CountingOperations);
  const work = (x: Float32Array): number => {
    rows = 0;
    for (const _ of engine.run(x));
    return rows;
  };
  const full = selfTestInput(config);
  const whole = work(full);
  const tenSeconds = work(testInput(config)) / whole;
  const twoLeads = work(full.map((value, i) => (i < 2 * config.windowSamples ? value : 0))) / whole;
  console.info(`published, share of the products: ten seconds ${tenSeconds.toFixed(3)}, I and II ${twoLeads.toFixed(3)}`);
  expect(tenSeconds).toBeLessThan(0.8);
  expect(twoLeads).toBeLessThan(0.72);
}, 60_000);

describe('findRepeats', () => {
  const leads = 4;
  const samples = 100;

  it('finds what stands before a record, and leads that are alike', () => {
    const x = new Float32Array(leads * samples);
    for (let t = 60; t < samples; t++) x[t] = t;
    for (let t = 0; t < samples; t++) x[2 * samples + t] = 0.5;
    const { constant, twin } = findRepeats(x, leads);
    expect(constant).toEqual([
      { from: 0, to: 60 },
      { from: 0, to: 100 },
      { from: 0, to: 100 },
      { from: 0, to: 100 },
    ]);
    expect(twin).toEqual([0, 1, 2, 1]);
  });

  it('leaves short stretches and zeros of another sign alone', () => {
    const x = new Float32Array(leads * samples).map((_, i) => (i % samples > 2 * MARGIN ? i : -0));
    x[0] = 0;
    const { constant } = findRepeats(x, leads);
    expect(constant.map(({ from, to }) => to - from)).toEqual([0, 2 * MARGIN + 1, 2 * MARGIN + 1, 2 * MARGIN + 1]);
  });
});
