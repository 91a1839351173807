import { FormatError } from '../errors.js';

// MATLAB level 4 MAT-files: a chain of matrices, each a header of five int32, a name that ends in NUL, and the values by column.
// https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf, section "Level 4 MAT-File Format".

export type MatArray = Float64Array | Float32Array | Int32Array | Int16Array | Uint16Array | Uint8Array;

export interface Matrix {
  name: string;
  type: 'float64' | 'float32' | 'int32' | 'int16' | 'uint16' | 'uint8';
  rows: number;
  columns: number;
  /** [columns][rows]: the values of one column lie together. */
  values: MatArray;
}

export interface MatHeader extends Omit<Matrix, 'values'> {
  bigEndian: boolean;
  /** Byte of the first value. */
  dataOffset: number;
}

type MatType = Matrix['type'];

const HEADER_BYTES = 20;

/** Bound on the length of a name; MATLAB's own is 63. */
const MAX_NAME_BYTES = 256;

interface ElementType {
  type: MatType;
  bytes: number;
  create(length: number): MatArray;
  get(view: DataView, offset: number, littleEndian: boolean): number;
}

/** By the P digit of the header's type number. */
const ELEMENT_TYPES: ElementType[] = [
  {
    type: 'float64',
    bytes: 8,
    create: (length) => new Float64Array(length),
    get: (view, offset, little) => view.getFloat64(offset, little),
  },
  {
    type: 'float32',
    bytes: 4,
    create: (length) => new Float32Array(length),
    get: (view, offset, little) => view.getFloat32(offset, little),
  },
  { type: 'int32', bytes: 4, create: (length) => new Int32Array(length), get: (view, offset, little) => view.getInt32(offset, little) },
  { type: 'int16', bytes: 2, create: (length) => new Int16Array(length), get: (view, offset, little) => view.getInt16(offset, little) },
  { type: 'uint16', bytes: 2, create: (length) => new Uint16Array(length), get: (view, offset, little) => view.getUint16(offset, little) },
  { type: 'uint8', bytes: 1, create: (length) => new Uint8Array(length), get: (view, offset) => view.getUint8(offset) },
];

/**
 * Reads the matrix `val`, or the one named, from the bytes of a MATLAB v4 file. The challenge keeps int16 [leads][samples] in `val`.
 *
 * @throws FormatError `BAD_MAT`, `UNSUPPORTED_MAT`, `TRUNCATED`.
 */
export function readMat(bytes: Uint8Array, name = 'val'): Matrix {
  for (let start = 0; start < bytes.length; ) {
    const header = parseMatHeader(bytes.subarray(start));
    const { type, rows, columns } = header;
    const element = ELEMENT_TYPES.find((candidate) => candidate.type === type)!;
    const end = start + header.dataOffset + rows * columns * element.bytes;
    if (end > bytes.length) {
      const message = `a matrix of ${rows} x ${columns} ${type} ends at byte ${end}, the file has ${bytes.length}`;
      throw new FormatError('TRUNCATED', message, { format: 'mat' });
    }
    if (header.name === name) return { name, type, rows, columns, values: readValues(bytes.subarray(start, end), header, element) };
    start = end;
  }
  throw new FormatError('BAD_MAT', 'the file holds no matrix of the name asked for', { format: 'mat' });
}

/**
 * The header of the matrix at the start of `bytes`; what follows it is not looked at.
 *
 * @throws FormatError `BAD_MAT`, or `UNSUPPORTED_MAT` for what level 4 does not have or a signal never is.
 */
export function parseMatHeader(bytes: Uint8Array, file?: string): MatHeader {
  const place = { format: 'mat', ...(file !== undefined && { file }) };
  if (isLaterMat(bytes)) {
    throw new FormatError('UNSUPPORTED_MAT', "a MATLAB file of version 5 or later: save it with save(file, 'val', '-v4')", place);
  }
  if (bytes.length < HEADER_BYTES) {
    throw new FormatError('BAD_MAT', `a MATLAB v4 header has ${HEADER_BYTES} bytes, here are ${bytes.length}`, place);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bigEndian = isBigEndian(view);
  const [code, rows, columns, imaginary, nameBytes] = [0, 4, 8, 12, 16].map((offset) => view.getInt32(offset, !bigEndian)) as FiveIntegers;
  // The decimal digits of `code` are M byte order, O always 0, P element type, T kind of matrix.
  const element = ELEMENT_TYPES[Math.floor(code / 10) % 10];
  if (code !== (bigEndian ? 1000 : 0) + (code % 100) || code < 0 || !element)
    throw new FormatError('BAD_MAT', 'not a MATLAB v4 file', place);
  if (code % 10 !== 0 || imaginary !== 0) {
    throw new FormatError('UNSUPPORTED_MAT', 'text, sparse and complex matrices are not read', place);
  }
  const dataOffset = HEADER_BYTES + nameBytes;
  if (rows < 0 || columns < 0 || nameBytes < 1 || nameBytes > MAX_NAME_BYTES || bytes[dataOffset - 1] !== 0) {
    throw new FormatError('BAD_MAT', 'the MATLAB v4 header has impossible sizes, or ends in its name', place);
  }
  const name = String.fromCharCode(...bytes.subarray(HEADER_BYTES, dataOffset - 1));
  return { name, type: element.type, rows, columns, bigEndian, dataOffset };
}

type FiveIntegers = [number, number, number, number, number];

/** True for MATLAB files of version 5 (`MATLAB 5.0 MAT-file`) and 7.3 (HDF5 behind such a text). */
export function isLaterMat(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && [...'MATLAB '].every((letter, index) => bytes[index] === letter.charCodeAt(0));
}

/** The first number is below 1100 in the right byte order, and 0 only in little-endian files. */
function isBigEndian(view: DataView): boolean {
  return Math.floor(view.getInt32(0, false) / 1000) === 1;
}

function readValues(matrix: Uint8Array, { dataOffset, bigEndian }: MatHeader, { bytes, create, get }: ElementType): MatArray {
  const view = new DataView(matrix.buffer, matrix.byteOffset, matrix.byteLength);
  const values = create((matrix.length - dataOffset) / bytes);
  for (let i = 0; i < values.length; i++) values[i] = get(view, dataOffset + i * bytes, !bigEndian);
  return values;
}
