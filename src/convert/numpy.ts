import { type Construct, type PickleGlobals, PickleObject, type PickleSession } from './pickle.js';

// NumPy arrays and scalars in pickles: `numpy.core` up to version 1, `numpy._core` from 2 on.
// https://numpy.org/doc/stable/reference/generated/numpy.ndarray.__setstate__.html

type Scalar = number | bigint | boolean | string;

type ReadElement = (view: DataView, offset: number, little: boolean, bytes: number) => Scalar;

const ELEMENT_TYPES: Readonly<Record<string, ReadElement>> = {
  f4: (view, offset, little) => view.getFloat32(offset, little),
  f8: (view, offset, little) => view.getFloat64(offset, little),
  i1: (view, offset) => view.getInt8(offset),
  i2: (view, offset, little) => view.getInt16(offset, little),
  i4: (view, offset, little) => view.getInt32(offset, little),
  i8: (view, offset, little) => plain(view.getBigInt64(offset, little)),
  u1: (view, offset) => view.getUint8(offset),
  u2: (view, offset, little) => view.getUint16(offset, little),
  u4: (view, offset, little) => view.getUint32(offset, little),
  u8: (view, offset, little) => plain(view.getBigUint64(offset, little)),
  b1: (view, offset) => view.getUint8(offset) !== 0,
};

/** More elements than that are no class names, thresholds or settings. */
const MAX_ELEMENTS = 100_000;

class NumpyDtype extends PickleObject {
  private little: boolean;
  /** Letter and size, without the byte order: f8, U12. */
  private readonly kind: string;

  constructor(code: string) {
    super();
    this.little = !code.startsWith('>');
    this.kind = code.replace(/^[<>=|]/, '');
  }

  get isObject(): boolean {
    return this.kind === 'O' || this.kind === 'O8';
  }

  /** (version, byte order, …) */
  setState(state: unknown, session: PickleSession): void {
    if (!Array.isArray(state) || typeof state[1] !== 'string') session.fail('BAD_PICKLE', 'a NumPy dtype without its byte order');
    this.little = state[1] !== '>';
  }

  decode(content: Uint8Array, count: number, session: PickleSession): Scalar[] {
    const { kind, little } = this;
    const isText = /^U\d{1,6}$/.test(kind);
    const read = isText ? readText : Object.hasOwn(ELEMENT_TYPES, kind) ? ELEMENT_TYPES[kind] : undefined;
    if (!read) session.fail('UNSUPPORTED_PICKLE', `a NumPy array of dtype ${kind.replace(/\W/g, '?').slice(0, 20)}`);
    const bytes = Number(kind.slice(1)) * (isText ? 4 : 1);
    if (count > MAX_ELEMENTS || count * bytes !== content.byteLength) {
      session.fail('BAD_PICKLE', `a NumPy array of ${count} elements in ${content.byteLength} bytes`);
    }
    session.charge(16 * count + content.byteLength);
    const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
    return Array.from({ length: count }, (_, i) => read(view, i * bytes, little, bytes));
  }
}

/** An array, whose elements wait until somebody asks for them. */
export class NumpyArray extends PickleObject {
  private shape: readonly number[] = [0];
  private dtype: NumpyDtype | undefined;
  private content: Uint8Array | readonly unknown[] = [];
  private session: PickleSession | undefined;

  /** (version, shape, dtype, Fortran order, bytes; or the elements themselves for dtype object) */
  setState(state: unknown, session: PickleSession): void {
    if (!Array.isArray(state) || state.length !== 5) session.fail('BAD_PICKLE', 'a NumPy array without its content');
    this.fill([state[4], state[2], state[1]], session);
  }

  fill([content, dtype, shape]: readonly unknown[], session: PickleSession): this {
    const isContent = content instanceof Uint8Array || Array.isArray(content);
    if (!isContent || !(dtype instanceof NumpyDtype) || !isShape(shape)) session.fail('BAD_PICKLE', 'a NumPy array without its content');
    this.content = content as Uint8Array | unknown[];
    this.dtype = dtype;
    this.shape = shape;
    this.session = session;
    return this;
  }

  /** The elements of an array of one dimension, or of one with all others 1. @throws WeightsError `BAD_PICKLE`, `UNSUPPORTED_PICKLE` */
  values(): readonly unknown[] {
    const { session, dtype, shape, content } = this;
    if (!session || !dtype) return [];
    const count = shape.reduce((product, size) => product * size, 1);
    if (count !== Math.max(...shape)) session.fail('UNSUPPORTED_PICKLE', `a NumPy array of shape [${shape}], where a list was expected`);
    if (dtype.isObject) return Array.isArray(content) ? content : session.fail('BAD_PICKLE', 'a NumPy array of objects without them');
    return content instanceof Uint8Array ? dtype.decode(content, count, session) : [];
  }
}

const NDARRAY = { python: 'numpy.ndarray' };

const inCore = (name: string, construct: Construct): [string, Construct][] => [
  [`numpy.core.${name}`, construct],
  [`numpy._core.${name}`, construct],
];

export const NUMPY_GLOBALS: PickleGlobals = new Map<string, Construct | object>([
  ['numpy.ndarray', NDARRAY],
  ['numpy.dtype', makeDtype],
  ...inCore('multiarray._reconstruct', () => new NumpyArray()),
  ...inCore('multiarray.scalar', makeScalar),
  ...inCore('numeric._frombuffer', (args, session) => new NumpyArray().fill(args, session)),
]);

/** `dtype(code, align, copy)` */
function makeDtype([code]: readonly unknown[], session: PickleSession): NumpyDtype {
  if (typeof code !== 'string') session.fail('BAD_PICKLE', 'a NumPy dtype without its name');
  return new NumpyDtype(code);
}

/** `scalar(dtype, bytes)` */
function makeScalar([dtype, bytes]: readonly unknown[], session: PickleSession): unknown {
  if (!(dtype instanceof NumpyDtype) || !(bytes instanceof Uint8Array)) session.fail('BAD_PICKLE', 'a NumPy scalar without its bytes');
  return dtype.decode(bytes, 1, session)[0];
}

function isShape(shape: unknown): shape is number[] {
  return Array.isArray(shape) && shape.length <= 8 && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** UTF-32, padded with zeros. */
function readText(view: DataView, offset: number, little: boolean, bytes: number): string {
  let text = '';
  for (let at = offset; at < offset + bytes; at += 4) {
    const point = view.getUint32(at, little);
    if (point > 0 && point <= 0x10ffff) text += String.fromCodePoint(point);
  }
  return text;
}

function plain(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
