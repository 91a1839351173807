import type { Construct, PickleGlobals, PickleSession } from './pickle.js';

// The few things of Python's own library that pickles of tensors and arrays are made of. Protocol 2 calls `builtins` `__builtin__`.

const LATIN1 = /^latin-?1$/i;

export const PYTHON_GLOBALS: PickleGlobals = new Map<string, Construct>([
  ['collections.OrderedDict', toOrderedDict],
  ['_codecs.encode', encode],
  ...['builtins', '__builtin__'].flatMap((module): [string, Construct][] => [
    [`${module}.bytes`, toBytes],
    [`${module}.bytearray`, toBytes],
    [`${module}.set`, toSet],
    [`${module}.frozenset`, toSet],
  ]),
]);

/** `OrderedDict()`, and Python 2's `OrderedDict([[key, value], …])`. */
function toOrderedDict([items = []]: readonly unknown[], session: PickleSession): Map<unknown, unknown> {
  if (!Array.isArray(items)) session.fail('BAD_PICKLE', 'an OrderedDict of what is no list');
  session.charge(16 * items.length);
  const dict = new Map<unknown, unknown>();
  for (const item of items as unknown[]) {
    if (!Array.isArray(item) || item.length !== 2) session.fail('BAD_PICKLE', 'an OrderedDict of what are no pairs');
    dict.set(item[0], item[1]);
  }
  return dict;
}

/** `_codecs.encode(text, 'latin1')`: how protocol 2 writes bytes. */
function encode([text, encoding]: readonly unknown[], session: PickleSession): Uint8Array {
  if (typeof text !== 'string' || typeof encoding !== 'string' || !LATIN1.test(encoding)) {
    session.fail('BAD_PICKLE', 'bytes in another encoding than latin1');
  }
  session.charge(text.length);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 255) session.fail('BAD_PICKLE', 'bytes that are not latin1');
    bytes[i] = unit;
  }
  return bytes;
}

/** `bytes()`, `bytearray(bytes)`, and protocol 2's `bytearray(text, 'latin-1')`. */
function toBytes(args: readonly unknown[], session: PickleSession): Uint8Array {
  const [content = new Uint8Array(), encoding] = args;
  if (encoding !== undefined) return encode([content, encoding], session);
  if (!(content instanceof Uint8Array)) session.fail('BAD_PICKLE', 'bytes of what are none');
  return content;
}

function toSet([items = []]: readonly unknown[], session: PickleSession): Set<unknown> {
  if (!Array.isArray(items)) session.fail('BAD_PICKLE', 'a set of what is no list');
  session.charge(16 * items.length);
  return new Set(items as unknown[]);
}
