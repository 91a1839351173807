import { F32Operations } from './operations.js';
import { PANEL } from './pack.js';
import type { Call, Product, ProductShape } from './product.js';
import { HEAD_ROOM } from './quantized.js';

const F32 = 4;
const INT16 = 2;
const GROUP_ROWS = 4;
/** What f32_qs16_quantize_rows rounds at once, or four rows where they are longer. */
const CHUNK_VALUES = 2048;
/** As a kernel takes it. */
const LEAKY_SLOPE = Math.fround(0.01);

/** An integer product: what it needs beside its weights. */
export interface IntegerProduct extends Product {
  readonly scale: number;
  readonly inverseScale: number;
  readonly largest: number;
  /** Address of int16 scratch for the input of one call. */
  readonly rounded: number;
  /** Address of int16 scratch for rows that are to be interleaved by fours; 0 where they are not. */
  readonly group: number;
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
      // Overlapping rows are read in place: interleaved, each would be there several times.
      group: inputStride === inner && inner % 2 === 0 ? this.arena.allocate(Math.max(GROUP_ROWS * inner, CHUNK_VALUES) * INT16) : 0,
    };
  }

  protected override multiply(product: IntegerProduct, input: number, output: number, { rows, add = 0, lead = 0 }: Call): void {
    const { inner, columns, inputStride, activation, weights, bias, matrixBytes, scale, inverseScale, largest, rounded, group } = product;
    const { kernels } = this;
    // Overlapping rows are rounded once.
    const count = (rows - 1) * inputStride + inner;
    if (activation === 'gelu') kernels.f32_gelu(input, count);
    const slope = activation === 'leaky' ? LEAKY_SLOPE : 1;
    const first = lead * columns * F32;
    const [matrix, scales, biases] = [weights + lead * matrixBytes, scale + first, bias + first];
    if (group) {
      this.count(
        (limit) => kernels.f32_qs16_quantize_rows(input, rounded, group, rows, inner, inverseScale, largest, limit, slope),
        largest,
      );
      kernels.qs16x4_qc8w_gemm(rounded, matrix, scales, biases, add, output, rows, inner, columns, columns);
    } else {
      this.count((limit) => kernels.f32_qs16_quantize(input, rounded, count, inverseScale, largest, limit, slope), largest);
      kernels.qs16_qc8w_gemm(rounded, matrix, scales, biases, add, output, rows, inner, columns, inputStride, columns);
    }
  }

  /** Rounds, and counts what is beyond what calibration saw; where there is any, rounds once more and counts what is beyond the integers, too. */
  private count(round: (limit: number) => number, largest: number): void {
    // A step more: what calibration saw itself is rounded, too.
    const beyond = round(Math.floor(largest / HEAD_ROOM) + 1);
    if (beyond === 0) return;
    this.beyondCalibration += beyond;
    this.saturated += round(largest);
  }

  protected override finish({ rounded, group }: IntegerProduct): void {
    this.arena.release(rounded);
    if (group) this.arena.release(group);
  }
}
