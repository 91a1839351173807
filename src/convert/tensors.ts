/** A tensor of a checkpoint, not yet looked at: nothing is copied before its shape is known to be the right one. */
export interface CheckpointTensor {
  /** As in safetensors: F64, F32, F16, BF16, I64, … */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** The bytes of its elements, row-major, little-endian. */
  contiguous(): Uint8Array;
}

/** Bytes of an element. */
export const DTYPE_BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
  C64: 8,
  C128: 16,
};

const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Float32Array<ArrayBuffer>>> = {
  F32: (bytes) => new Float32Array(bytes.slice().buffer as ArrayBuffer),
  // Float32Array rounds to nearest, ties to even, as PyTorch's float() does.
  F64: (bytes) => Float32Array.from(new Float64Array(bytes.slice().buffer as ArrayBuffer)),
  F16: (bytes) => decodeHalves(bytes, halfBits),
  BF16: (bytes) => decodeHalves(bytes, (half) => half << 16),
};

/** Floating-point dtypes that a weight may have. */
export const FLOAT_DTYPES: readonly string[] = Object.keys(DECODERS);

/** The values as float32: exact but for F64, which is rounded to nearest, ties to even. The dtype is one of FLOAT_DTYPES. */
export function toFloat32(tensor: CheckpointTensor): Float32Array<ArrayBuffer> {
  return DECODERS[tensor.dtype]!(tensor.contiguous());
}

export function countElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

export interface StridedLayout {
  readonly shape: readonly number[];
  /** In elements. */
  readonly strides: readonly number[];
  /** In elements. */
  readonly offset: number;
}

/** What is wrong with a layout in a storage of so many elements, or undefined. */
export function findLayoutFault({ shape, strides, offset }: StridedLayout, storageElements: number): string | undefined {
  if (shape.length > 8 || strides.length !== shape.length) return `${shape.length} sizes and ${strides.length} strides`;
  if (![offset, ...shape, ...strides].every((value) => Number.isSafeInteger(value) && value >= 0)) return 'sizes that are no whole numbers';
  const count = countElements(shape);
  if (!Number.isSafeInteger(count)) return 'more elements than can be counted';
  const last = shape.reduce((index, size, axis) => index + (size - 1) * strides[axis]!, offset);
  if (count > 0 && last >= storageElements) return `element ${last} of a storage of ${storageElements}`;
  return undefined;
}

/** Copies the elements of a view out of its storage, row by row; of a contiguous view, the bytes themselves. */
export function gather(storage: Uint8Array, elementBytes: number, { shape, strides, offset }: StridedLayout): Uint8Array {
  const count = countElements(shape);
  if (isContiguous(shape, strides)) return storage.subarray(offset * elementBytes, (offset + count) * elementBytes);
  const gathered = new Uint8Array(count * elementBytes);
  const index = shape.map(() => 0);
  let source = offset;
  for (let i = 0; i < count; i++) {
    for (let byte = 0; byte < elementBytes; byte++) gathered[i * elementBytes + byte] = storage[source * elementBytes + byte]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      source -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return gathered;
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

function decodeHalves(bytes: Uint8Array, toBits: (half: number) => number): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(bytes.byteLength / 2);
  for (let i = 0; i < bits.length; i++) bits[i] = toBits(bytes[2 * i]! | (bytes[2 * i + 1]! << 8));
  return new Float32Array(bits.buffer);
}

const ONE_VALUE = new Float32Array(1);
const ONE_PATTERN = new Uint32Array(ONE_VALUE.buffer);

/** The float32 bit pattern of a half-precision one (IEEE 754 binary16). */
function halfBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  // Subnormal: fraction * 2^-24 is exact in float32.
  ONE_VALUE[0] = fraction * 2 ** -24;
  return sign | ONE_PATTERN[0]!;
}
