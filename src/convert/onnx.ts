import { WeightsError } from '../errors.js';
import { type CheckpointTensor, countElements, DTYPE_BYTES } from './tensors.js';

// The initializers of an ONNX model by name: of protobuf, just what it takes to find them. Field numbers as in onnx.proto3:
// ModelProto.graph 7, GraphProto.initializer 5, TensorProto below. https://protobuf.dev/programming-guides/encoding/

const MODEL_GRAPH = 7;
const GRAPH_INITIALIZER = 5;
const DIMS = 1;
const DATA_TYPE = 2;
const FLOAT_DATA = 4;
const INT32_DATA = 5;
const NAME = 8;
const RAW_DATA = 9;
const DOUBLE_DATA = 10;
const DATA_LOCATION = 14;
const CONTENT = [FLOAT_DATA, INT32_DATA, RAW_DATA, DOUBLE_DATA];
const MAX_DIMS = 8;

/** TensorProto.DataType */
const DTYPES: Readonly<Record<number, string>> = {
  1: 'F32',
  2: 'U8',
  3: 'I8',
  5: 'I16',
  6: 'I32',
  7: 'I64',
  9: 'BOOL',
  10: 'F16',
  11: 'F64',
  16: 'BF16',
};

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

interface Field {
  readonly number: number;
  readonly wire: number;
  /** Of a varint. */
  readonly value: number;
  /** Of everything else, not copied. */
  readonly bytes: Uint8Array;
}

/** @throws WeightsError `BAD_ONNX`, `EXTERNAL_DATA` */
export function readOnnx(file: Uint8Array): Map<string, CheckpointTensor> {
  const tensors = new Map<string, CheckpointTensor>();
  let graphs = 0;
  for (const model of fields(file)) {
    if (model.number !== MODEL_GRAPH || model.wire !== BYTES) continue;
    graphs++;
    for (const { number, wire, bytes } of fields(model.bytes)) {
      if (number !== GRAPH_INITIALIZER || wire !== BYTES) continue;
      const { name, tensor } = readTensor(bytes);
      if (tensors.has(name)) fail('two initializers of one name', bytes, name);
      tensors.set(name, tensor);
    }
  }
  if (graphs !== 1) fail(`${graphs} graphs, where 1 was expected`, file);
  return tensors;
}

function readTensor(message: Uint8Array): { name: string; tensor: CheckpointTensor } {
  const shape: number[] = [];
  const contents: Field[] = [];
  let [name, type, external] = ['', 0, false];
  for (const field of fields(message)) {
    const { number, wire, value, bytes } = field;
    if (number === DIMS) shape.push(...(wire === VARINT ? [value] : varints(bytes, MAX_DIMS)));
    else if (number === NAME) name = new TextDecoder().decode(bytes);
    else if (number === DATA_TYPE) type = value;
    else if (number === DATA_LOCATION) external = value === 1;
    else if (CONTENT.includes(number) && (wire !== BYTES || bytes.byteLength > 0)) contents.push(field);
    if (shape.length > MAX_DIMS || contents.length > 1)
      fail('a tensor of more than 8 dimensions, or with its content in parts', message, name);
  }
  if (external) {
    throw new WeightsError(
      'EXTERNAL_DATA',
      'The model keeps its values in another file: export with external_data=False, or save it again in one file with the onnx package',
      { format: 'onnx', tensor: name },
    );
  }
  const dtype = DTYPES[type] ?? `type ${type}`;
  if (!Number.isSafeInteger(countElements(shape))) fail('a tensor of impossible sizes', message, name);
  return { name, tensor: { dtype, shape, contiguous: () => readContent({ dtype, shape, content: contents[0], name }) } };
}

interface TensorContent {
  dtype: string;
  shape: readonly number[];
  content: Field | undefined;
  name: string;
}

/** Row-major little-endian bytes, out of raw_data or a list of numbers. */
function readContent({ dtype, shape, content, name }: TensorContent): Uint8Array {
  const elementBytes = DTYPE_BYTES[dtype] ?? 0;
  const expected = countElements(shape) * elementBytes;
  if (content && content.wire !== BYTES) fail('a list of numbers that is not packed', content.bytes, name);
  let bytes = content?.bytes ?? new Uint8Array();
  // Half precision stands in the low 16 bits of int32_data.
  if (content?.number === INT32_DATA) bytes = littleEndian(varints(bytes, expected / elementBytes), elementBytes);
  if (bytes.byteLength !== expected)
    fail(`${bytes.byteLength} bytes for ${dtype} [${shape}], where ${expected} were expected`, bytes, name);
  return bytes;
}

function littleEndian(values: readonly number[], elementBytes: number): Uint8Array {
  const bytes = new Uint8Array(values.length * elementBytes);
  values.forEach((value, i) => {
    let rest = value;
    for (let byte = 0; byte < elementBytes; byte++) {
      bytes[i * elementBytes + byte] = rest % 256;
      rest = Math.floor(rest / 256);
    }
  });
  return bytes;
}

/** The fields of a message, in their order. */
function* fields(message: Uint8Array): Generator<Field> {
  const cursor = { bytes: message, offset: 0 };
  while (cursor.offset < message.byteLength) {
    const key = varint(cursor);
    const [number, wire] = [Math.floor(key / 8), key % 8];
    if (wire === VARINT) yield { number, wire, value: varint(cursor), bytes: message.subarray(0, 0) };
    else if (wire === BYTES) yield { number, wire, value: 0, bytes: take(cursor, varint(cursor)) };
    else if (wire === FIXED32) yield { number, wire, value: 0, bytes: take(cursor, 4) };
    else if (wire === FIXED64) yield { number, wire, value: 0, bytes: take(cursor, 8) };
    else fail(`a field of wire type ${wire}`, message);
  }
}

/** At most `limit` packed varints. */
function varints(bytes: Uint8Array, limit: number): number[] {
  const values: number[] = [];
  const cursor = { bytes, offset: 0 };
  while (cursor.offset < bytes.byteLength) {
    if (values.length >= limit) fail(`more than ${limit} numbers`, bytes);
    values.push(varint(cursor));
  }
  return values;
}

interface Cursor {
  readonly bytes: Uint8Array;
  offset: number;
}

function varint(cursor: Cursor): number {
  let value = 0;
  for (let scale = 1; scale < 2 ** 70; scale *= 128) {
    const byte = cursor.bytes[cursor.offset++];
    if (byte === undefined) fail('it ends within a number: damaged or incomplete', cursor.bytes);
    value += (byte & 127) * scale;
    if (byte < 128) return value;
  }
  fail('a number of more than 10 bytes', cursor.bytes);
}

function take(cursor: Cursor, count: number): Uint8Array {
  const left = cursor.bytes.byteLength - cursor.offset;
  if (count > left) fail(`${count} bytes are announced, ${left} are left: damaged or incomplete`, cursor.bytes);
  cursor.offset += count;
  return cursor.bytes.subarray(cursor.offset - count, cursor.offset);
}

function fail(message: string, at: Uint8Array, tensor?: string): never {
  throw new WeightsError('BAD_ONNX', `Not a usable ONNX model: ${message}`, {
    format: 'onnx',
    offset: at.byteOffset,
    ...(tensor === undefined ? {} : { tensor }),
  });
}
