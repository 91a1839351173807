import type { Machine } from './pickle.js';

// What each opcode of a pickle does; names and meaning as in CPython's Lib/pickletools.py.

type Operation = (machine: Machine) => void;

/** The opcode that every pickle of protocol 2 and later begins with. */
export const PROTO = 0x80;

function protocol(machine: Machine): void {
  const version = machine.byte();
  if (version < 2 || version > 5) machine.session.fail('UNSUPPORTED_PICKLE', `protocol ${version}; 2 to 5 are read`);
}

/** A frame is a hint for readers of streams; its length must still be true. */
function frame(machine: Machine): void {
  const length = machine.uint64();
  const left = machine.bytes.byteLength - machine.offset;
  if (length > left) machine.session.fail('BAD_PICKLE', `a frame of ${length} bytes is announced, ${left} are left: damaged or incomplete`);
}

function newObjectWithKeywords(machine: Machine): void {
  const keywords = machine.pop();
  if (!(keywords instanceof Map) || keywords.size > 0) machine.session.fail('UNSUPPORTED_PICKLE', 'an object made with keyword arguments');
  machine.call();
}

function stackGlobal(machine: Machine): void {
  const name = machine.pop();
  machine.global(machine.pop(), name);
}

/** What an empty dict or set takes in memory, for one byte of the file, is paid for. */
const HASH_TABLE_BYTES = 32;

function pushTable(machine: Machine, table: Map<unknown, unknown> | Set<unknown>): void {
  machine.session.charge(HASH_TABLE_BYTES);
  machine.push(table);
}

function toMap(machine: Machine): void {
  const items = machine.popMark();
  pushTable(machine, new Map());
  machine.setItems(items);
}

/** What is legal, and never in a file that torch or NumPy wrote with protocol 2 or later. */
function refuse(what: string): Operation {
  return ({ session }) => session.fail('UNSUPPORTED_PICKLE', what);
}

const TEXT_OPCODE = refuse('an opcode of protocol 0 or 1');
const OUT_OF_BAND = refuse('it keeps its buffers out of band (buffer_callback)');
const EXTENSION = refuse('an entry of the extension registry');

export const OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [PROTO, protocol],
  [0x95, frame],
  [code('.'), (m) => m.stop()],
  [code('('), (m) => m.mark()],
  [code('0'), (m) => void (m.stack.length === m.marks.at(-1) ? m.popMark() : m.pop())],
  [code('1'), (m) => void m.popMark()],
  [code('2'), (m) => m.push(m.top())],
  // Constants and numbers
  [code('N'), (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  [code('K'), (m) => m.push(m.byte())],
  [code('M'), (m) => m.push(m.uint16())],
  [code('J'), (m) => m.push(m.int32())],
  [0x8a, (m) => m.push(m.integer(m.byte()))],
  [0x8b, (m) => m.push(m.integer(m.uint32()))],
  [code('G'), (m) => m.push(m.float64())],
  // Text; T and U are the str of Python 2
  [code('X'), (m) => m.push(m.text(m.uint32()))],
  [0x8c, (m) => m.push(m.text(m.byte()))],
  [0x8d, (m) => m.push(m.text(m.uint64()))],
  [code('T'), (m) => m.push(m.text(m.uint32()))],
  [code('U'), (m) => m.push(m.text(m.byte()))],
  // Bytes
  [code('B'), (m) => m.push(m.take(m.uint32()))],
  [code('C'), (m) => m.push(m.take(m.byte()))],
  [0x8e, (m) => m.push(m.take(m.uint64()))],
  [0x96, (m) => m.push(m.take(m.uint64()))],
  [0x97, OUT_OF_BAND],
  [0x98, OUT_OF_BAND],
  // Lists, tuples, dicts, sets
  [code(']'), (m) => m.push([])],
  [code('l'), (m) => m.push(m.popMark())],
  [code('a'), (m) => m.append([m.pop()])],
  [code('e'), (m) => m.append(m.popMark())],
  [code(')'), (m) => m.tuple(0)],
  [0x85, (m) => m.tuple(1)],
  [0x86, (m) => m.tuple(2)],
  [0x87, (m) => m.tuple(3)],
  [code('t'), (m) => m.push(Object.freeze(m.popMark()))],
  [code('}'), (m) => pushTable(m, new Map())],
  [code('d'), toMap],
  [code('s'), (m) => m.setItems([m.pop(), m.pop()].reverse())],
  [code('u'), (m) => m.setItems(m.popMark())],
  [0x8f, (m) => pushTable(m, new Set())],
  [0x90, (m) => m.addItems(m.popMark())],
  [0x91, (m) => pushTable(m, new Set(m.popMark()))],
  // Memo
  [code('h'), (m) => m.get(m.byte())],
  [code('j'), (m) => m.get(m.uint32())],
  [code('q'), (m) => m.put(m.byte())],
  [code('r'), (m) => m.put(m.uint32())],
  [0x94, (m) => m.put(m.memo.size)],
  // Objects
  [code('c'), (m) => m.global(m.line(), m.line())],
  [0x93, stackGlobal],
  [code('R'), (m) => m.call()],
  [0x81, (m) => m.call()],
  [0x92, newObjectWithKeywords],
  [code('b'), (m) => m.build()],
  [code('Q'), (m) => m.persistent()],
  [0x82, EXTENSION],
  [0x83, EXTENSION],
  [0x84, EXTENSION],
  ...Array.from('FILSVgipoP', (letter) => [code(letter), TEXT_OPCODE] as const),
]);

function code(letter: string): number {
  return letter.charCodeAt(0);
}
