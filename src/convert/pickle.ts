import { WeightsError } from '../errors.js';
import { OPERATIONS, PROTO } from './opcodes.js';

// Python's pickle, protocols 2 to 5, as a machine that runs nothing: PEP 307, 3154, 574; opcodes as in CPython's Lib/pickletools.py.
//
// A pickle is a program. Its GLOBAL opcodes name Python functions, REDUCE calls them. Here a name is looked up in a table of constructors
// of our own; one that is not in it is an error, told together with all others of the file, because the machine goes on with a
// placeholder in its place. Values are shared by reference as in Python, so that a pickle that says "twice the last" a hundred times
// costs a hundred steps. Nothing recurses; every length is held against the bytes that are left before it is believed.

/** Makes a value of what a pickle passes to a Python function. It charges `session` for what it copies. */
export type Construct = (args: readonly unknown[], session: PickleSession) => unknown;

/** What Python names stand for: a constructor, or a constant. */
export type PickleGlobals = ReadonlyMap<string, Construct | object>;

export interface PickleOptions {
  readonly globals: PickleGlobals;
  /** Gives the object of a persistent id; without it, such ids are an error. */
  readonly persistentLoad?: (id: unknown, session: PickleSession) => unknown;
}

/** An object with its own idea of what BUILD gives it. */
export abstract class PickleObject {
  abstract setState(state: unknown, session: PickleSession): void;
}

// A checkpoint of the published network takes 80,000 operations, and nests 4 deep.
const MAX_OPERATIONS = 4_000_000;
const MAX_MEMO = 1_000_000;
const MAX_MARKS = 1000;
const MAX_STREAMS = 4;
const MAX_INTEGER_BYTES = 256;
/** Text and copies may take this many bytes for each byte of the file. */
const WORK_PER_BYTE = 4;
const LEAST_WORK = 1 << 20;
const SHOWN_GLOBALS = 20;
const MAX_UNKNOWN_GLOBALS = 1000;

/** What the pickles of one file share: the limits, the unknown globals, and the place for error messages. */
export class PickleSession {
  /** Python names that the file asks for and the table does not have. */
  readonly unknown = new Set<string>();
  offset = 0;
  private operations = 0;
  private streams = 0;
  private work: number;

  constructor(fileBytes: number) {
    this.work = LEAST_WORK + WORK_PER_BYTE * fileBytes;
  }

  /** Reads one pickle that starts at `start`. @throws WeightsError `BAD_PICKLE`, `UNSUPPORTED_PICKLE`, `PICKLE_LIMIT`, `UNKNOWN_GLOBAL` */
  read(bytes: Uint8Array, start: number, options: PickleOptions): { value: unknown; end: number } {
    const outer = this.offset;
    if (++this.streams > MAX_STREAMS) this.fail('PICKLE_LIMIT', `pickles are nested more than ${MAX_STREAMS} deep`);
    try {
      const machine = new Machine(bytes, start, this, options);
      const value = machine.run();
      if (this.unknown.size === 0) return { value, end: machine.offset };
    } catch (error) {
      if (this.unknown.size === 0) throw error;
    } finally {
      this.streams--;
      this.offset = outer;
    }
    return this.failUnknown();
  }

  countOperation(offset: number): void {
    this.offset = offset;
    if (++this.operations > MAX_OPERATIONS) this.fail('PICKLE_LIMIT', `more than ${MAX_OPERATIONS} operations`);
  }

  /** Pays for work in proportion to `bytes`. */
  charge(bytes: number): void {
    this.work -= bytes;
    if (this.work < 0) this.fail('PICKLE_LIMIT', 'it copies its own content over and over');
  }

  fail(code: 'BAD_PICKLE' | 'UNSUPPORTED_PICKLE' | 'PICKLE_LIMIT', message: string): never {
    const wayOut = code === 'BAD_PICKLE' ? '' : `. ${RESAVE}`;
    throw new WeightsError(code, `Not a usable pickle: ${message}${wayOut}`, { format: 'pickle', offset: this.offset });
  }

  private failUnknown(): never {
    const names = [...this.unknown].map((name) => name.replace(/[^\w.]/g, '?').slice(0, 100)).sort();
    const more = names.length > SHOWN_GLOBALS ? `, and ${names.length - SHOWN_GLOBALS} more` : '';
    const asked = `${names.slice(0, SHOWN_GLOBALS).join(', ')}${more}`;
    const message = `The pickle asks for Python objects that a state_dict does not need: ${asked}. Nothing was run. ${RESAVE}`;
    throw new WeightsError('UNKNOWN_GLOBAL', message, { format: 'pickle' });
  }
}

const RESAVE = 'If you trust the file, load it in Python and save its tensors alone: torch.save(model.state_dict(), "checkpoint.pt")';

/** Stands for everything made by an unknown global while the rest is looked through. */
class Opaque extends PickleObject {
  setState(): void {}
}

const OPAQUE = new Opaque();
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * One stream. None, bool, int, float, str, bytes become null, boolean, number or bigint, number, string, Uint8Array; list, tuple, dict, set
 * become array, frozen array, Map, Set.
 */
export class Machine {
  readonly stack: unknown[] = [];
  /** Heights of the stack at the marks that are open. */
  readonly marks: number[] = [];
  readonly memo = new Map<number, unknown>();
  private readonly view: DataView;
  private stopped = false;

  constructor(
    readonly bytes: Uint8Array,
    public offset: number,
    readonly session: PickleSession,
    readonly options: PickleOptions,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): unknown {
    const session: PickleSession = this.session;
    session.offset = this.offset;
    if (this.bytes[this.offset] !== PROTO) session.fail('UNSUPPORTED_PICKLE', 'expected protocol 2 to 5, which begins with byte 0x80');
    while (!this.stopped) {
      session.countOperation(this.offset);
      const opcode = this.byte();
      const operation = OPERATIONS.get(opcode);
      if (!operation) session.fail('BAD_PICKLE', `unknown opcode 0x${opcode.toString(16).padStart(2, '0')}`);
      operation(this);
    }
    if (this.stack.length !== 1) session.fail('BAD_PICKLE', `it ends with ${this.stack.length} values, not one`);
    return this.stack[0];
  }

  stop(): void {
    this.stopped = true;
  }

  /** The next `count` bytes, not copied. */
  take(count: number): Uint8Array {
    const left = this.bytes.byteLength - this.offset;
    if (count > left) this.session.fail('BAD_PICKLE', `${count} bytes are announced, ${left} are left: damaged or incomplete`);
    const start = this.offset;
    this.offset += count;
    return this.bytes.subarray(start, this.offset);
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  uint16(): number {
    this.take(2);
    return this.view.getUint16(this.offset - 2, true);
  }

  int32(): number {
    this.take(4);
    return this.view.getInt32(this.offset - 4, true);
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  uint64(): number {
    const low = this.uint32();
    return low + this.uint32() * 2 ** 32;
  }

  float64(): number {
    this.take(8);
    return this.view.getFloat64(this.offset - 8, false);
  }

  text(count: number): string {
    const bytes = this.take(count);
    this.session.charge(count);
    try {
      return UTF8.decode(bytes);
    } catch {
      this.session.fail('BAD_PICKLE', 'a string is not UTF-8');
    }
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.offset);
    if (end < 0) this.session.fail('BAD_PICKLE', 'it ends within a line');
    const text = this.text(end - this.offset);
    this.offset++;
    return text;
  }

  /** Little-endian two's complement. */
  integer(count: number): number | bigint {
    if (count > MAX_INTEGER_BYTES) this.session.fail('PICKLE_LIMIT', `an integer of ${count} bytes`);
    const bytes = this.take(count);
    let value = 0n;
    for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    if (count > 0 && bytes[count - 1]! >= 0x80) value -= 1n << BigInt(8 * count);
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }

  push(value: unknown): void {
    this.stack.push(value);
  }

  pop(): unknown {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) this.session.fail('BAD_PICKLE', 'an operation finds no value to work on');
    return this.stack.pop();
  }

  top(): unknown {
    const value = this.pop();
    this.push(value);
    return value;
  }

  mark(): void {
    if (this.marks.length >= MAX_MARKS) this.session.fail('PICKLE_LIMIT', `values are nested more than ${MAX_MARKS} deep`);
    this.marks.push(this.stack.length);
  }

  /** What was pushed since the last mark. */
  popMark(): unknown[] {
    const height = this.marks.pop();
    if (height === undefined) this.session.fail('BAD_PICKLE', 'an operation finds no mark');
    return this.stack.splice(height);
  }

  tuple(count: number): void {
    const values = Array.from({ length: count }, () => this.pop()).reverse();
    this.push(Object.freeze(values));
  }

  append(values: unknown[]): void {
    const list = this.top();
    if (list instanceof Opaque) return;
    if (!Array.isArray(list) || Object.isFrozen(list)) this.session.fail('BAD_PICKLE', 'an element is appended to what is no list');
    for (const value of values) list.push(value);
  }

  setItems(values: unknown[]): void {
    const dict = this.top();
    if (dict instanceof Opaque) return;
    if (!(dict instanceof Map) || values.length % 2 !== 0) this.session.fail('BAD_PICKLE', 'an item is set on what is no dict');
    for (let i = 0; i < values.length; i += 2) dict.set(values[i], values[i + 1]);
  }

  addItems(values: unknown[]): void {
    const set = this.top();
    if (set instanceof Opaque) return;
    if (!(set instanceof Set)) this.session.fail('BAD_PICKLE', 'an item is added to what is no set');
    for (const value of values) set.add(value);
  }

  get(index: number): void {
    if (!this.memo.has(index)) this.session.fail('BAD_PICKLE', `memo ${index} is asked for before it was set`);
    this.push(this.memo.get(index));
  }

  put(index: number): void {
    this.memo.set(index, this.top());
    if (this.memo.size > MAX_MEMO) this.session.fail('PICKLE_LIMIT', `more than ${MAX_MEMO} values in the memo`);
  }

  global(module: unknown, name: unknown): void {
    if (typeof module !== 'string' || typeof name !== 'string') this.session.fail('BAD_PICKLE', 'a global without a name');
    const fullName = `${module}.${name}`;
    const value = this.options.globals.get(fullName);
    const { unknown } = this.session;
    if (value === undefined && unknown.size < MAX_UNKNOWN_GLOBALS) unknown.add(fullName);
    this.push(value ?? OPAQUE);
  }

  /** Functions on the stack come from the table of globals alone. */
  call(): void {
    const args = this.pop();
    const callee = this.pop();
    const session: PickleSession = this.session;
    if (callee instanceof Opaque) {
      this.push(OPAQUE);
      return;
    }
    if (typeof callee !== 'function' || !Array.isArray(args)) session.fail('BAD_PICKLE', 'a call of what is no function');
    try {
      this.push((callee as Construct)(args, session));
    } catch (error) {
      if (session.unknown.size === 0) throw error;
      this.push(OPAQUE);
    }
  }

  build(): void {
    const state = this.pop();
    const target = this.top();
    // Attributes of an OrderedDict (`_metadata` of a state_dict) say nothing that is needed.
    if (target instanceof Map) return;
    if (!(target instanceof PickleObject)) this.session.fail('BAD_PICKLE', 'a state is given to what has none');
    if (this.session.unknown.size === 0) target.setState(state, this.session);
  }

  persistent(): void {
    const id = this.pop();
    const { persistentLoad } = this.options;
    if (!persistentLoad) this.session.fail('BAD_PICKLE', 'a persistent id, which only torch.save writes');
    this.push(this.session.unknown.size > 0 ? OPAQUE : persistentLoad(id, this.session));
  }
}
