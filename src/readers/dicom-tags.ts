import { FormatError } from '../errors.js';

// Elements of a DICOM data set, little-endian: PS3.5 section 7.1 (elements), 7.5 (sequences), 6.2.2 (UN).
//
// A walker of our own instead of the package dicom-parser (1.8.21), which decodes every element, the patient's among them, follows nested
// sequences until the stack ends (a RangeError from 320 kB of them), and takes a file that ends between two elements, or inside a
// sequence, for a whole one with warnings.

const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const UNDEFINED_LENGTH = 0xffffffff;

/** Value representations whose length takes four bytes: PS3.5 table 7.1-1. */
const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);

/** The sequences that are looked into lie four deep. */
const MAX_DEPTH = 8;

const MAX_TEXT_BYTES = 1024;

/** Of the sequences that are looked into, in all. An item may have eight bytes, and takes hundreds of memory. */
const MAX_ITEMS = 65_536;

/** A decimal string, PS3.5 section 6.2. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/** What is kept of a data set. The rest is passed over without being decoded. */
export interface Wanted {
  values: ReadonlySet<number>;
  sequences: ReadonlySet<number>;
}

/** The elements kept of one data set or item, by tag (group * 65536 + element). */
export class DataSet {
  private readonly values = new Map<number, Uint8Array>();
  private readonly sequences = new Map<number, DataSet[]>();

  /** @param offset where it begins */
  constructor(readonly offset: number) {}

  add(tag: number, content: Uint8Array | DataSet[], offset: number): void {
    if (this.values.has(tag) || this.sequences.has(tag)) fail('an element stands twice in one data set', offset);
    if (Array.isArray(content)) this.sequences.set(tag, content);
    else this.values.set(tag, content);
  }

  /** Undefined where the element is missing or empty. */
  bytes(tag: number): Uint8Array | undefined {
    const value = this.values.get(tag);
    return value?.length ? value : undefined;
  }

  items(tag: number): DataSet[] {
    return this.sequences.get(tag) ?? [];
  }

  /** Text without the blanks and NUL characters that pad it. */
  text(tag: number): string | undefined {
    const value = this.bytes(tag);
    if (!value) return undefined;
    if (value.length > MAX_TEXT_BYTES) fail(`a text of ${value.length} bytes where a short one belongs`, this.offset);
    const text = String.fromCharCode(...value).replace(/^[\s\0]+|[\s\0]+$/g, '');
    return text === '' ? undefined : text;
  }

  /** A decimal or integer string (DS, IS) of one value. */
  decimal(tag: number): number | undefined {
    const text = this.text(tag);
    if (text === undefined) return undefined;
    const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
    return Number.isFinite(value) ? value : fail('a decimal string holds no number', this.offset);
  }

  /** An unsigned integer of 16 or 32 bits (US, UL). */
  uint(tag: number): number | undefined {
    const value = this.bytes(tag);
    if (!value) return undefined;
    if (value.length !== 2 && value.length !== 4) fail(`an integer of ${value.length} bytes, expected 2 or 4`, this.offset);
    return value.reduceRight((number, byte) => number * 256 + byte, 0);
  }
}

/**
 * Reads a data set, to the end of `bytes` or as long as the elements are of one group.
 *
 * @returns the elements that are wanted, and the byte behind the last one read
 * @throws FormatError `BAD_DICOM`, `TRUNCATED`
 */
export function readDataSet(bytes: Uint8Array, start: number, wanted: Wanted, form: { explicit: boolean; group?: number }) {
  const walker = new Walker(bytes, start, wanted);
  const dataSet = walker.dataSet(bytes.length, form.explicit, { depth: 0, isDelimited: false, group: form.group });
  return { dataSet, end: walker.at };
}

interface Header {
  tag: number;
  /** Undefined in implicit data sets, and for items and delimiters. */
  vr: string | undefined;
  length: number;
}

interface Level {
  depth: number;
  /** Ends with a delimiter, not with its length. */
  isDelimited: boolean;
  /** Ends before the first element of another group. */
  group?: number | undefined;
}

class Walker {
  private readonly view: DataView;
  private items = 0;

  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
    private readonly wanted: Wanted,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  dataSet(end: number, explicit: boolean, { depth, isDelimited, group }: Level): DataSet {
    const dataSet = new DataSet(this.at);
    while (isDelimited || this.at < end) {
      if (group !== undefined && this.at + 2 <= end && this.view.getUint16(this.at, true) !== group) break;
      const start = this.at;
      const { tag, vr, length } = this.header(end, explicit);
      if (isDelimited && tag === ITEM_END && length === 0) break;
      if (tag >>> 16 === 0xfffe) fail('an item or delimiter outside of a sequence', start);
      const isUndefined = length === UNDEFINED_LENGTH;
      // Unknown content of undefined length is a sequence in implicit form, whatever is around it.
      const inner = explicit && vr !== 'UN';
      const stop = isUndefined ? end : this.stop(length, end, start);
      if (this.wanted.sequences.has(tag)) {
        if (vr !== undefined && vr !== 'SQ' && vr !== 'UN') fail(`a sequence is marked as ${vr}`, start);
        dataSet.add(tag, this.sequence(stop, isUndefined, inner, depth + 1), start);
      } else if (isUndefined) {
        this.passOver(end, inner);
      } else {
        if (this.wanted.values.has(tag)) dataSet.add(tag, this.bytes.subarray(this.at, stop), start);
        this.at = stop;
      }
    }
    return dataSet;
  }

  private sequence(end: number, isUndefined: boolean, explicit: boolean, depth: number): DataSet[] {
    if (depth > MAX_DEPTH) fail('sequences lie too deep', this.at);
    const items: DataSet[] = [];
    while (isUndefined || this.at < end) {
      const start = this.at;
      const { tag, length } = this.header(end, false);
      if (isUndefined && tag === SEQUENCE_END && length === 0) return items;
      if (tag !== ITEM) fail('a sequence holds what is no item', start);
      if (++this.items > MAX_ITEMS) fail(`more than ${MAX_ITEMS} items in sequences`, start);
      if (length === UNDEFINED_LENGTH) {
        items.push(this.dataSet(end, explicit, { depth, isDelimited: true }));
      } else {
        const stop = this.stop(length, end, start);
        items.push(this.dataSet(stop, explicit, { depth, isDelimited: false }));
        if (this.at !== stop) fail('an item ends elsewhere than its length says', start);
      }
    }
    return items;
  }

  /** Passes over a value of undefined length, with all that is nested in it. Without recursion: how deep it goes is up to the file. */
  private passOver(end: number, explicit: boolean): void {
    // One entry for each open sequence or item: whether elements in it are explicit.
    const open = [explicit];
    while (open.length > 0) {
      const start = this.at;
      const here = open[open.length - 1]!;
      const { tag, vr, length } = this.header(end, here);
      if (tag === ITEM_END || tag === SEQUENCE_END) {
        if (length !== 0) fail('a delimiter has a length', start);
        open.pop();
      } else if (length === UNDEFINED_LENGTH) {
        open.push(here && vr !== 'UN');
      } else {
        this.at = this.stop(length, end, start);
      }
    }
  }

  private header(end: number, explicit: boolean): Header {
    const { view, at } = this;
    if (at + 8 > end) truncated(at);
    const tag = view.getUint16(at, true) * 65536 + view.getUint16(at + 2, true);
    this.at += 8;
    if (!explicit || tag >>> 16 === 0xfffe) return { tag, vr: undefined, length: view.getUint32(at + 4, true) };
    const vr = String.fromCharCode(view.getUint8(at + 4), view.getUint8(at + 5));
    if (!/^[A-Z]{2}$/.test(vr)) fail('an element has no value representation', at);
    if (!LONG.has(vr)) return { tag, vr, length: view.getUint16(at + 6, true) };
    if (at + 12 > end) truncated(at);
    this.at += 4;
    return { tag, vr, length: view.getUint32(at + 8, true) };
  }

  private stop(length: number, end: number, start: number): number {
    return this.at + length <= end ? this.at + length : truncated(start);
  }
}

function fail(message: string, offset: number): never {
  throw new FormatError('BAD_DICOM', message, { format: 'dicom', offset });
}

function truncated(offset: number): never {
  throw new FormatError('TRUNCATED', 'an element ends behind what holds it: the file is damaged or incomplete', {
    format: 'dicom',
    offset,
  });
}
