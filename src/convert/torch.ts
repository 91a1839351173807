import { WeightsError } from '../errors.js';
import { NUMPY_GLOBALS } from './numpy.js';
import type { Construct, PickleGlobals, PickleSession } from './pickle.js';
import { PYTHON_GLOBALS } from './python.js';
import { type CheckpointTensor, DTYPE_BYTES, findLayoutFault, gather, type StridedLayout } from './tensors.js';
import { ZipArchive } from './zip.js';

// What PyTorch writes: torch.save (a zip archive since 1.6, before that a chain of pickles followed by raw storages), and tensors in plain
// pickles, whose storages are such chains again. Names and arguments as in torch/_utils.py, torch/storage.py and torch/serialization.py.

class TorchDtype {
  readonly bytes: number;
  constructor(readonly name: string) {
    this.bytes = DTYPE_BYTES[name]!;
  }
}

/** The memory that tensors are views of. A legacy file brings its bytes after the pickle. */
class Storage {
  constructor(
    readonly dtype: TorchDtype,
    readonly byteLength: number,
    public bytes?: Uint8Array,
  ) {}
}

class TorchTensor implements CheckpointTensor {
  readonly dtype: string;
  readonly shape: readonly number[];

  constructor(
    private readonly storage: Storage,
    private readonly element: TorchDtype,
    private readonly layout: StridedLayout,
  ) {
    this.dtype = element.name;
    this.shape = layout.shape;
  }

  contiguous(): Uint8Array {
    const { bytes } = this.storage;
    if (!bytes) throw new WeightsError('BAD_CHECKPOINT', 'A tensor has no storage in the file: damaged or incomplete', { format: 'torch' });
    return gather(bytes, this.element.bytes, this.layout);
  }
}

const STORAGE_TYPES: Readonly<Record<string, string>> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
  ComplexFloatStorage: 'C64',
  ComplexDoubleStorage: 'C128',
};

const DTYPES: Readonly<Record<string, string>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint64: 'U64',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
};

const UNTYPED = new TorchDtype('U8');
const CLASS = { python: 'torch.Tensor' };

/** Everything that a pickle of tensors, arrays and plain values may name. */
export const CHECKPOINT_GLOBALS: PickleGlobals = new Map<string, Construct | object>([
  ...PYTHON_GLOBALS,
  ...NUMPY_GLOBALS,
  ...Object.entries(STORAGE_TYPES).map(([name, dtype]) => [`torch.${name}`, new TorchDtype(dtype)] as const),
  ...Object.entries(DTYPES).map(([name, dtype]) => [`torch.${name}`, new TorchDtype(dtype)] as const),
  ...['torch.storage.UntypedStorage', 'torch.storage._UntypedStorage', 'torch.UntypedStorage'].map((name) => [name, UNTYPED] as const),
  ['torch.Tensor', CLASS],
  ['torch.nn.parameter.Parameter', CLASS],
  ['torch.Size', ([sizes = []]: readonly unknown[]) => sizes],
  ['torch.device', ([name]: readonly unknown[]) => name],
  ['torch.storage._load_from_bytes', loadFromBytes],
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_tensor_v3', rebuildUntypedTensor],
  ['torch._utils._rebuild_parameter', ([tensor]: readonly unknown[]) => tensor],
  ['torch._utils._rebuild_parameter_with_state', ([tensor]: readonly unknown[]) => tensor],
  ['torch._tensor._rebuild_from_type_v2', rebuildFromType],
]);

const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;

/** Where a legacy torch.save is told from a plain pickle: its first pickle is this number alone. */
export function isLegacyTorch(bytes: Uint8Array): boolean {
  // PROTO, one byte, LONG1 of 10 bytes
  let magic = 0n;
  for (let i = 13; i >= 4; i--) magic = (magic << 8n) | BigInt(bytes[i] ?? 0);
  return bytes[0] === 0x80 && bytes[2] === 0x8a && bytes[3] === 10 && magic === LEGACY_MAGIC;
}

/** The object that torch.save wrote into a zip archive. @throws WeightsError of the archive and its pickle, `UNSUPPORTED_CHECKPOINT` */
export function readTorchZip(file: Uint8Array, session: PickleSession): unknown {
  const archive = new ZipArchive(file);
  const pickleName = [...archive.names()].find((name) => /^[^/]*\/data\.pkl$/.test(name));
  if (pickleName === undefined) {
    throw new WeightsError('UNKNOWN_CHECKPOINT', 'A zip archive without data.pkl: torch.save did not write it', { format: 'zip' });
  }
  const root = pickleName.slice(0, -'data.pkl'.length);
  if (archive.read(`${root}constants.pkl`)) {
    throw new WeightsError('UNSUPPORTED_CHECKPOINT', 'A TorchScript archive: save its tensors with torch.save(module.state_dict(), …)', {
      format: 'torch',
    });
  }
  const byteOrder = archive.read(`${root}byteorder`);
  if (byteOrder && new TextDecoder().decode(byteOrder) !== 'little') failByteOrder();
  const persistentLoad = (id: unknown): Storage => {
    const { dtype, key, byteLength } = parseStorageId(id, session);
    const bytes = archive.read(`${root}data/${key}`);
    if (!bytes || bytes.byteLength < byteLength) {
      session.fail('BAD_PICKLE', `a storage of ${byteLength} bytes is announced, the archive has ${bytes?.byteLength ?? 'none'}`);
    }
    return new Storage(dtype, byteLength, bytes);
  };
  return session.read(archive.read(pickleName)!, 0, { globals: CHECKPOINT_GLOBALS, persistentLoad }).value;
}

/** The object that torch.save wrote before version 1.6: magic number, protocol, system, object, storage keys; then the storages' bytes. */
export function readTorchLegacy(file: Uint8Array, session: PickleSession): unknown {
  let at = 0;
  const storages = new Map<string, Storage>();
  const persistentLoad = (id: unknown): Storage => {
    const { dtype, key, byteLength } = parseStorageId(id, session);
    if (byteLength > file.byteLength) session.fail('BAD_PICKLE', `a storage of ${byteLength} bytes in a file of ${file.byteLength}`);
    const storage = storages.get(key) ?? new Storage(dtype, byteLength);
    storages.set(key, storage);
    return storage;
  };
  const next = (): unknown => {
    const { value, end } = session.read(file, at, { globals: CHECKPOINT_GLOBALS, persistentLoad });
    at = end;
    return value;
  };
  const [magic, protocol, system] = [next(), next(), next()];
  if (magic !== LEGACY_MAGIC || protocol !== LEGACY_PROTOCOL) {
    throw new WeightsError('UNSUPPORTED_CHECKPOINT', 'Not the legacy format of torch.save that is known', { format: 'torch', offset: 0 });
  }
  if (system instanceof Map && system.get('little_endian') === false) failByteOrder();
  const value = next();
  readStorages(file, next(), storages, at);
  return value;
}

/** For each key in its order: the number of elements, and the elements. */
function readStorages(file: Uint8Array, keys: unknown, storages: Map<string, Storage>, start: number): void {
  let at = start;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (const key of Array.isArray(keys) ? keys : []) {
    const storage = storages.get(key as string);
    if (!storage) failStorage('a storage that no tensor uses', at);
    if (at + 8 > file.byteLength) failStorage('it ends before its storages: damaged or incomplete', at);
    const byteLength = Number(view.getBigUint64(at, true)) * storage.dtype.bytes;
    if (byteLength !== storage.byteLength) failStorage(`a storage of ${byteLength} bytes, announced as ${storage.byteLength}`, at);
    at += 8;
    if (at + byteLength > file.byteLength) failStorage(`a storage ends at byte ${at + byteLength} of ${file.byteLength}`, at);
    storage.bytes = file.subarray(at, at + byteLength);
    at += byteLength;
  }
}

/** ('storage', type, key, location, elements), and in legacy files a view, which is None since version 0.4. */
function parseStorageId(id: unknown, session: PickleSession): { dtype: TorchDtype; key: string; byteLength: number } {
  const [kind, dtype, key, , elements, view = null] = (Array.isArray(id) ? id : []) as unknown[];
  if (kind !== 'storage' || !(dtype instanceof TorchDtype) || typeof key !== 'string')
    session.fail('BAD_PICKLE', 'a persistent id that is no storage');
  if (view !== null) session.fail('UNSUPPORTED_PICKLE', 'a storage that is a view of another one');
  // Before anything is computed: what a pickle puts here may be a list of lists that is endless as text.
  if (!Number.isSafeInteger(elements) || (elements as number) < 0) session.fail('BAD_PICKLE', 'a storage without its size');
  return { dtype, key, byteLength: (elements as number) * dtype.bytes };
}

/** A storage within a plain pickle: torch.save's own bytes. */
function loadFromBytes([bytes]: readonly unknown[], session: PickleSession): unknown {
  if (!(bytes instanceof Uint8Array)) session.fail('BAD_PICKLE', 'a storage without its bytes');
  return isLegacyTorch(bytes) ? readTorchLegacy(bytes, session) : readTorchZip(bytes, session);
}

/** (storage, offset, sizes, strides, …) */
function rebuildTensor(args: readonly unknown[], session: PickleSession): TorchTensor {
  const [storage] = args;
  if (!(storage instanceof Storage)) session.fail('BAD_PICKLE', 'a tensor without its storage');
  return makeTensor(storage, storage.dtype, args, session);
}

/** (storage, offset, sizes, strides, requires_grad, hooks, dtype, …) */
function rebuildUntypedTensor(args: readonly unknown[], session: PickleSession): TorchTensor {
  const [storage, , , , , , dtype] = args;
  if (!(storage instanceof Storage) || !(dtype instanceof TorchDtype)) session.fail('BAD_PICKLE', 'a tensor without its storage or dtype');
  return makeTensor(storage, dtype, args, session);
}

function makeTensor(storage: Storage, dtype: TorchDtype, args: readonly unknown[], session: PickleSession): TorchTensor {
  const [, offset, shape, strides] = args;
  if (!Array.isArray(shape) || !Array.isArray(strides)) session.fail('BAD_PICKLE', 'a tensor without sizes and strides');
  const layout = { shape: shape as number[], strides: strides as number[], offset: offset as number };
  const fault = findLayoutFault(layout, Math.floor(storage.byteLength / dtype.bytes));
  if (fault !== undefined) session.fail('BAD_PICKLE', `a tensor with ${fault}`);
  // Of its own: the lists of the pickle can still change.
  return new TorchTensor(storage, dtype, { ...layout, shape: [...layout.shape], strides: [...layout.strides] });
}

/** (function, type, arguments, state): a tensor with Python attributes, which are dropped. */
function rebuildFromType([rebuild, , args]: readonly unknown[], session: PickleSession): unknown {
  if (typeof rebuild !== 'function' || rebuild === rebuildFromType || !Array.isArray(args))
    session.fail('BAD_PICKLE', 'a tensor of no known type');
  return (rebuild as Construct)(args, session);
}

function failStorage(message: string, offset: number): never {
  throw new WeightsError('BAD_CHECKPOINT', `Not a usable torch.save file: ${message}`, { format: 'torch', offset });
}

function failByteOrder(): never {
  throw new WeightsError('UNSUPPORTED_CHECKPOINT', 'Saved on a big-endian machine: load and save it again on another', { format: 'torch' });
}
