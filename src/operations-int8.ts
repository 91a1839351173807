import { F32Operations, type Product } from './operations.js';
import { PANEL } from './pack.js';

const F32 = 4;
const INT16 = 2;

/**
 * The same network with integer products: the input of each is rounded to int16 with a fixed scale, tile by tile, multiplied exactly with
 * int8 weights (widened to int16 at load), and scaled back to f32. Everything else is as in f32.
 */
export class Int8Operations extends F32Operations {
  protected override product(name: string, input: number, output: number, shape: Product): void {
    const { rows, inner, columns, inputStride = inner, add = 0, lead = 0 } = shape;
    const { kernels, packed } = this;
    // Overlapping rows are rounded once. A last odd element is multiplied by zero, whatever it is.
    const count = (rows - 1) * inputStride + inner;
    const rounded = this.arena.allocate((count + 1) * INT16);
    const quantize = packed.values(`${name}.quantize`);
    this.saturated += kernels.f32_qs16_quantize(input, rounded, count, quantize[0]!, quantize[1]!);
    const matrix = Math.ceil(columns / PANEL) * PANEL * Math.ceil(inner / 2) * 2 * INT16;
    const weights = packed.address(`${name}.weight`) + lead * matrix;
    const scale = packed.address(`${name}.scale`) + lead * columns * F32;
    const bias = packed.address(`${name}.bias`) + lead * columns * F32;
    kernels.qs16_qc8w_gemm(rounded, weights, scale, bias, add, output, rows, inner, columns, inputStride, columns);
    this.arena.release(rounded);
    this.macs += rows * inner * columns;
  }
}
