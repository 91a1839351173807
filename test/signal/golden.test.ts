// Against SciPy: test/golden/signal.json (`npm run golden` makes it; training/golden_signal.py documents it).
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import filters from '../../src/filters.json' with { type: 'json' };
import { resampledLength, SignalEngine } from '../../src/signal-engine.js';
import { KernelBench, VARIANTS } from '../variants.js';
import { relativeError } from './reference.js';

interface Case {
  start: number;
  length: number;
  y: number[];
  fs: number;
  rate: number;
  up: number;
  down: number;
}
type Kind = 'filtfilt' | 'resample' | 'resamplePoly' | 'zscore' | 'preprocess';

const golden: Record<Kind, Case[]> & { input: number[] } = JSON.parse(
  readFileSync(new URL('../golden/signal.json', import.meta.url), 'utf8'),
);
const tables: Record<string, { b: number[]; a: number[]; zi: number[] }> = filters;
const table = (rate: number) => ({ fs: rate, ...tables[rate]! });

describe.each(VARIANTS)('SciPy vectors, %s', (variant) => {
  const engine = new SignalEngine((bytes) => new KernelBench(variant, bytes).instance);
  const run: Record<Kind, (x: number[], parameters: Case) => Float64Array> = {
    filtfilt: (x, { rate }) => engine.filtfilt(table(rate), x),
    resample: (x, { fs, rate }) => engine.resample(x, Math.floor((x.length * rate) / fs)),
    resamplePoly: (x, { up, down }) => engine.resamplePoly(x, up, down),
    zscore: (x) => engine.zscore(x),
    preprocess: (x, { fs, rate }) => engine.preprocessLead(x, fs, table(rate)),
  };

  // Rounding is all that may differ, in units of the largest value. The band-pass at 500 Hz, poles close to 1 in b/a form, makes 1e-10 of
  // the resampling's 1e-16.
  const tolerance = (kind: Kind, rate: number) => (kind === 'preprocess' ? (rate === 500 ? 1e-9 : 1e-13) : 2e-15);

  for (const kind of Object.keys(run) as Kind[]) {
    for (const parameters of golden[kind]) {
      const { y, ...title } = parameters;
      it(`${kind} ${JSON.stringify(title)}`, () => {
        const x = golden.input.slice(parameters.start, parameters.start + parameters.length);
        expect(relativeError(run[kind](x, parameters), y)).toBeLessThan(tolerance(kind, parameters.rate));
      });
    }
  }

  it('filtfilt has the bits of SciPy with the same steady state', () => {
    for (const { rate, start, length, y } of golden.filtfilt) {
      expect(Array.from(engine.filtfilt(table(rate), golden.input.slice(start, start + length)))).toEqual(y);
    }
  });

  it('every case of the preprocessing has the announced length', () => {
    expect(golden.preprocess.length).toBeGreaterThan(0);
    for (const { fs, rate, length, y } of golden.preprocess) expect(resampledLength(length, fs, rate)).toBe(y.length);
  });
});
