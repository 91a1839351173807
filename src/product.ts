// A matrix product of the network: what it multiplies, and how it is called. operations.ts runs it in f32, operations-int8.ts in integers.

/** Where the packed arrays (pack.ts, quantized.ts) lie. */
export interface PackedWeights {
  /** Byte address of an array. */
  address(name: string): number;
  /** The values of a small array that a kernel takes as numbers. */
  values(name: string): ArrayLike<number>;
}

/** A matrix product of up to `rows` rows at once; strides count elements. */
export interface ProductShape {
  rows: number;
  inner: number;
  columns: number;
  inputStride?: number;
  /** Of the input, which then is scratch. */
  activation?: 'leaky' | 'gelu';
}

/** A product that is ready to run: its weights looked up, its scratch allocated. */
export interface Product extends Required<Omit<ProductShape, 'activation'>> {
  readonly name: string;
  readonly activation: ProductShape['activation'];
  /** Byte addresses. */
  readonly weights: number;
  readonly bias: number;
  /** Bytes from one lead's matrix to the next, where each has its own. */
  readonly matrixBytes: number;
}

/** One call of a product; `add`: address of what is added; `lead`: of a per-lead matrix. */
export interface Call {
  rows: number;
  add?: number;
  lead?: number;
}
