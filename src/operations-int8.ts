import { type Call, F32Operations, type Product, type ProductShape } from './operations.js';
import { PANEL } from './pack.js';

const F32 = 4;
const INT16 = 2;
/** As a kernel takes it. */
const LEAKY_SLOPE = Math.fround(0.01);

/** An integer product: what it needs beside its weights. */
export interface IntegerProduct extends Product {
  readonly scale: number;
  readonly inverseScale: number;
  readonly largest: number;
  /** Address of int16 scratch for the input of one call. */
  readonly rounded: number;
}

/**
 * The same network with integer products: the input of each is rounded to int16 with a fixed scale, tile by tile, multiplied exactly with
 * int8 weights (widened to int16 at load), and scaled back to f32. Everything else is as in f32.
 */
export class Int8Operations extends F32Operations {
  protected override prepare(name: string, shape: ProductShape): IntegerProduct {
    const product = super.prepare(name, shape);
    const { rows, inner, columns, inputStride } = product;
    const [inverseScale, largest] = [this.packed.values(`${name}.quantize`)[0]!, this.packed.values(`${name}.quantize`)[1]!];
    return {
      ...product,
      matrixBytes: Math.ceil(columns / PANEL) * PANEL * Math.ceil(inner / 2) * 2 * INT16,
      scale: this.packed.address(`${name}.scale`),
      inverseScale,
      largest,
      // A last odd element is multiplied by zero, whatever it is.
      rounded: this.arena.allocate(((rows - 1) * inputStride + inner + 1) * INT16),
    };
  }

  protected override multiply(product: IntegerProduct, input: number, output: number, { rows, add = 0, lead = 0 }: Call): void {
    const { inner, columns, inputStride, activation, weights, bias, matrixBytes, scale, inverseScale, largest, rounded } = product;
    const { kernels } = this;
    // Overlapping rows are rounded once.
    const count = (rows - 1) * inputStride + inner;
    if (activation === 'gelu') kernels.f32_gelu(input, count);
    const slope = activation === 'leaky' ? LEAKY_SLOPE : 1;
    this.saturated += kernels.f32_qs16_quantize(input, rounded, count, inverseScale, largest, slope);
    const first = lead * columns * F32;
    const matrix = weights + lead * matrixBytes;
    kernels.qs16_qc8w_gemm(rounded, matrix, scale + first, bias + first, add, output, rows, inner, columns, inputStride, columns);
  }

  protected override finish({ rounded }: IntegerProduct): void {
    this.arena.release(rounded);
  }
}
