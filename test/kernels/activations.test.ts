import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KernelBench, VARIANTS } from '../variants.js';

const floats = fc.float32Array({ noNaN: true, minLength: 0, maxLength: 67 });

describe.each(VARIANTS)('activations, %s', (variant) => {
  const bench = new KernelBench(variant);
  it('f32_relu is max(x, 0)', () => {
    fc.assert(
      fc.property(floats, (x) => {
        const mark = bench.put(x);
        bench.kernels.f32_relu(mark, x.length);
        expect(bench.f32(mark, x.length)).toEqual(x.map((v) => (v > 0 ? v : 0)));
      }),
    );
  });
});
