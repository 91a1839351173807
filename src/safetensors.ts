import { WeightsError } from './errors.js';
import { parseJsonWithin } from './json.js';

/** Element types of the format that leadwise reads, with their sizes in bytes. */
const DTYPE_BYTES = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1 } as const;
export type Dtype = keyof typeof DTYPE_BYTES;

/** One tensor of a file: its bytes, row-major, little-endian, not copied. */
export interface StoredTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface SafetensorsFile {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

// The format's own limit on its JSON header.
const LARGEST_HEADER = 100_000_000;

/**
 * Parses a `.safetensors` file: u64 header length, JSON header, then the tensors' bytes without gaps or overlaps.
 * @throws WeightsError `BAD_SAFETENSORS` with the byte offset or the tensor's name.
 */
export function parseSafetensors(file: Uint8Array): SafetensorsFile {
  if (file.byteLength < 8) fail(`expected at least 8 bytes, got ${file.byteLength}`, { offset: 0 });
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerBytes = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (headerBytes > LARGEST_HEADER || headerBytes > file.byteLength - 8) {
    const web = file[0] === 0x3c ? ' The file begins with "<": it looks like a web page, not weights.' : '';
    fail(`header of ${headerBytes} bytes does not fit in a file of ${file.byteLength}.${web}`, { offset: 0 });
  }
  const header = parseHeader(file.subarray(8, 8 + headerBytes));
  // A plain Uint8Array: slice() of Node's Buffer would share memory instead of copying.
  const body = new Uint8Array(file.buffer, file.byteOffset + 8 + headerBytes, file.byteLength - 8 - headerBytes);
  const metadata = checkMetadata(header.get('__metadata__'));
  header.delete('__metadata__');
  return { metadata, tensors: readTensors(header, body) };
}

/** A copy of the values of a tensor whose type has an array of its own. */
export function tensorValues({ dtype, bytes }: StoredTensor): Float32Array | Float64Array | Int8Array {
  const { buffer } = bytes.slice();
  if (dtype === 'F32') return new Float32Array(buffer);
  if (dtype === 'F64') return new Float64Array(buffer);
  if (dtype === 'I8') return new Int8Array(buffer);
  throw new RangeError(`no array for ${dtype}`);
}

function parseHeader(bytes: Uint8Array): Map<string, unknown> {
  let header: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    header = parseJsonWithin(text, beyondLimits);
  } catch (error) {
    if (error instanceof WeightsError) throw error;
    fail('the header is not JSON', { offset: 8 });
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) fail('the header is not a JSON object', { offset: 8 });
  return new Map(Object.entries(header as object));
}

function beyondLimits(what: string): WeightsError {
  return new WeightsError('BAD_SAFETENSORS', `Not a usable safetensors file: ${what} in its header`, { format: 'safetensors', offset: 8 });
}

function checkMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Object.values(value).some((entry) => typeof entry !== 'string')) {
    fail('"__metadata__" expected an object of strings', { offset: 8 });
  }
  return value as Record<string, string>;
}

function readTensors(header: Map<string, unknown>, body: Uint8Array): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  const spans: [begin: number, end: number, name: string][] = [];
  for (const [name, entry] of header) {
    const { dtype, shape, data_offsets: span } = (entry ?? {}) as { dtype: Dtype; shape: number[]; data_offsets: [number, number] };
    if (typeof dtype !== 'string' || !isWholes(shape) || !isWholes(span) || span.length !== 2)
      fail('expected dtype, shape and data_offsets', { tensor: name });
    if (!Object.hasOwn(DTYPE_BYTES, dtype))
      fail(`dtype ${JSON.stringify(dtype)} is not one of ${Object.keys(DTYPE_BYTES).join(' ')}`, { tensor: name });
    const [begin, end] = span;
    const expected = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
    if (end - begin !== expected) fail(`expected ${expected} bytes for ${dtype} [${shape}], got ${end - begin}`, { tensor: name });
    if (end > body.byteLength) fail(`ends at byte ${end} of ${body.byteLength}: the file is truncated`, { tensor: name });
    spans.push([begin, end, name]);
    tensors.set(name, { dtype, shape, bytes: body.subarray(begin, end) });
  }
  spans.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let next = 0;
  for (const [begin, end, name] of spans) {
    if (begin !== next)
      fail(`begins at byte ${begin}, where ${next} was expected (tensors leave no gap and do not overlap)`, { tensor: name });
    next = end;
  }
  if (next !== body.byteLength) fail(`${body.byteLength - next} bytes follow the last tensor`, { offset: next });
  return tensors;
}

function isWholes(values: unknown): values is number[] {
  return Array.isArray(values) && values.length <= 8 && values.every((value) => Number.isSafeInteger(value) && value >= 0);
}

function fail(message: string, place: { offset?: number; tensor?: string }): never {
  throw new WeightsError('BAD_SAFETENSORS', `Not a usable safetensors file: ${message}`, { format: 'safetensors', ...place });
}
