import { FormatError, UnsupportedError } from '../errors.js';
import { decodeText } from './text.js';

// XML by fast-xml-parser, which the caller hands in: no module here imports a package. What makes XML dangerous is refused before the
// library sees it: declared entities, depth, and numbers of elements and attributes without bound.

export interface XmlParserOptions {
  preserveOrder: boolean;
  ignoreAttributes: boolean;
  attributeNamePrefix: string;
  cdataPropName: string;
  parseTagValue: boolean;
  parseAttributeValue: boolean;
  trimValues: boolean;
  processEntities: boolean;
  ignoreDeclaration: boolean;
  ignorePiTags: boolean;
}

/** What is used of the module `fast-xml-parser` (version 5): `import * as` it, or `await import` it. */
export interface XmlLibrary {
  XMLParser: new (options: XmlParserOptions) => { parse(text: string): unknown };
  XMLValidator: { validate(text: string): true | { err: { code: string; line: number } } };
}

export interface XmlOptions {
  /** Libraries that the reader needs, by the name of their package; leadwise/node finds those that are installed by itself. */
  libraries?: { 'fast-xml-parser'?: XmlLibrary };
}

/** One element. Names of elements and attributes have no namespace prefix; declarations of namespaces are left out. */
export interface XmlElement {
  name: string;
  attributes: ReadonlyMap<string, string>;
  children: XmlElement[];
  /** The element's own characters, not those of its children. */
  text: string;
}

/** The largest files met are a few megabytes, six levels to twelve deep. */
const MAX_BYTES = 2 ** 26;
const MAX_DEPTH = 64;
const MAX_ELEMENTS = 500_000;
/** Comments, sections and instructions: the library makes a piece of text before each of them. */
const MAX_OTHERS = 500_000;
const MAX_ATTRIBUTES = 64;
/** Characters of a tag between two values of attributes: a name and white space. */
const MAX_MARKUP = 512;
/** Where the name of the root must end. */
const SNIFFED_BYTES = 65536;

const PARSER_OPTIONS: XmlParserOptions = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  cdataPropName: '#cdata',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false, // the five of XML and the numbered ones are decoded here
  ignoreDeclaration: true,
  ignorePiTags: true,
};

/** Encodings that agree with ISO-8859-1 on all that a reader looks at. */
const LATIN1 = new Set(['iso-8859-1', 'iso-8859-15', 'latin1', 'windows-1252']);
/** Told from each other by the bytes: a byte-order mark makes it UTF-16. */
const UNICODE = new Set(['utf-8', 'utf8', 'utf-16', 'us-ascii', 'ascii']);

/**
 * The root element of an XML document: UTF-8, UTF-16 with a byte-order mark, or ISO-8859-1 where it declares so.
 * A document type without a subset of its own is passed over, and never fetched.
 *
 * @throws UnsupportedError `LIBRARY_REQUIRED` without `fast-xml-parser`.
 * @throws FormatError `BAD_XML`, `XML_ENTITIES`, `XML_LIMIT`, `UNSUPPORTED_XML_ENCODING`, `FILE_TOO_LARGE`.
 */
export function parseXml(bytes: Uint8Array, libraries: XmlOptions['libraries'], format: string): XmlElement {
  const library = requireLibrary(libraries, format);
  if (bytes.length > MAX_BYTES) {
    throw new FormatError('FILE_TOO_LARGE', `an XML file of ${bytes.length} bytes: at most ${MAX_BYTES} are read`, { format });
  }
  const text = withoutDoctype(decodeXml(bytes, format), format);
  checkLimits(text, format);
  const verdict = attempt(() => library.XMLValidator.validate(text), format);
  if (verdict !== true) throw new FormatError('BAD_XML', 'the XML is broken or ends too early', { format, line: verdict.err.line });
  const nodes = attempt(() => new library.XMLParser(PARSER_OPTIONS).parse(text), format);
  const roots = toElements(nodes as Node[], format);
  if (roots.length !== 1) throw new FormatError('BAD_XML', `the document has ${roots.length} root elements`, { format });
  return roots[0]!;
}

/** Name of the root element, without its prefix, where the first 64 kB show it. Needs no library. */
export function xmlRoot(bytes: Uint8Array): string | undefined {
  const text = decodeText(bytes.subarray(0, SNIFFED_BYTES)).trimStart();
  if (!text.startsWith('<')) return undefined;
  for (const { kind, start, end } of markup(text)) {
    if (kind === 'open' || kind === 'empty') return /^(?:[^\s/>:]+:)?([^\s/>:]+)/.exec(text.slice(start + 1, end))?.[1];
    if (kind === 'close') break;
  }
  return undefined;
}

/** All children of this name. */
export function children(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter((candidate) => candidate.name === name) ?? [];
}

/** The element down a path of names, the first of each. */
export function child(element: XmlElement | undefined, ...path: string[]): XmlElement | undefined {
  return path.reduce((parent, name) => parent?.children.find((candidate) => candidate.name === name), element);
}

/** Text of the element down a path of names, without white space around it; undefined where there is no element. */
export function text(element: XmlElement | undefined, ...path: string[]): string | undefined {
  return child(element, ...path)?.text.trim();
}

/** Value of an attribute, without white space around it. */
export function attribute(element: XmlElement | undefined, name: string): string | undefined {
  return element?.attributes.get(name)?.trim();
}

function requireLibrary(libraries: XmlOptions['libraries'], format: string): XmlLibrary {
  const library = libraries?.['fast-xml-parser'];
  if (library === undefined) {
    const message = "XML is read by fast-xml-parser: npm install fast-xml-parser, and pass { libraries: { 'fast-xml-parser': module } }";
    throw new UnsupportedError('LIBRARY_REQUIRED', message, { format });
  }
  if (typeof library.XMLParser !== 'function' || typeof library.XMLValidator?.validate !== 'function') {
    throw new TypeError('"libraries[\'fast-xml-parser\']" expected the module fast-xml-parser, with XMLParser and XMLValidator');
  }
  return library;
}

/** What the library says may quote the file: its message goes no further. */
function attempt<T>(run: () => T, format: string): T {
  try {
    return run();
  } catch {
    throw new FormatError('BAD_XML', 'the XML is refused by its parser', { format });
  }
}

function decodeXml(bytes: Uint8Array, format: string): string {
  const declaration = String.fromCharCode(...bytes.subarray(0, 200));
  const encoding = /^(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]*)["']/.exec(declaration)?.[1]?.toLowerCase() ?? 'utf-8';
  let decoded: string;
  if (LATIN1.has(encoding)) {
    const widened = new Uint8Array(2 * bytes.length + 2); // as UTF-16, which decodeText knows by its mark
    widened.set([0xff, 0xfe]);
    for (let i = 0; i < bytes.length; i++) widened[2 * i + 2] = bytes[i]!;
    decoded = decodeText(widened);
  } else {
    if (!UNICODE.has(encoding) && bytes.some((byte) => byte > 127)) {
      const message = 'the encoding that the document declares is not read: UTF-8, UTF-16 and ISO-8859-1 are';
      throw new FormatError('UNSUPPORTED_XML_ENCODING', message, { format });
    }
    decoded = decodeText(bytes);
  }
  const forbidden = decoded.indexOf('\0');
  if (forbidden >= 0) throw new FormatError('BAD_XML', 'a NUL character', { format, line: lineAt(decoded, forbidden) });
  return decoded.trimStart();
}

interface Markup {
  kind: 'open' | 'close' | 'empty' | 'doctype' | 'other';
  start: number;
  /** Behind the `>`; the text's length where it never comes. */
  end: number;
  /** Values in quotes, and the most characters between two of them. */
  values: number;
  longest: number;
}

/** Every tag, comment, section, instruction and document type of a text. Linear, and as tolerant as a count needs. */
function* markup(text: string): Generator<Markup> {
  const other = (start: number, closed: string, from: number): Markup => {
    const end = text.indexOf(closed, from);
    return { kind: 'other', start, end: end < 0 ? text.length : end + closed.length, values: 0, longest: 0 };
  };
  for (let start = text.indexOf('<'); start >= 0; ) {
    let found: Markup;
    if (text.startsWith('<!--', start)) found = other(start, '-->', start + 4);
    else if (text.startsWith('<![CDATA[', start)) found = other(start, ']]>', start + 9);
    else if (text.startsWith('<?', start)) found = other(start, '?>', start + 2);
    else found = tagAt(text, start);
    yield found;
    start = text.indexOf('<', found.end);
  }
}

function tagAt(text: string, start: number): Markup {
  let values = 0;
  let longest = 0;
  let run = start;
  let at = start + 1;
  for (; at < text.length && text[at] !== '>'; at++) {
    const letter = text[at]!;
    if (letter !== '"' && letter !== "'") continue;
    values++;
    longest = Math.max(longest, at - run);
    const closed = text.indexOf(letter, at + 1);
    at = closed < 0 ? text.length : closed;
    run = at;
  }
  longest = Math.max(longest, at - run);
  const second = text[start + 1];
  const kind = second === '!' ? 'doctype' : second === '/' ? 'close' : text[at - 1] === '/' ? 'empty' : 'open';
  return { kind, start, end: Math.min(at + 1, text.length), values, longest };
}

/** Blanks out a document type that only refers to a file. One that declares anything could declare entities. */
function withoutDoctype(source: string, format: string): string {
  for (const { kind, start, end } of markup(source)) {
    if (kind === 'other') continue;
    if (kind !== 'doctype') return source;
    const declaration = source.slice(start, end);
    if (declaration.includes('[') || !/^<!doctype\s/i.test(declaration)) throw entities(source, start, format);
    return source.slice(0, start) + declaration.replace(/[^\r\n]/g, ' ') + source.slice(end);
  }
  return source;
}

function checkLimits(source: string, format: string): void {
  let depth = 0;
  let elements = 0;
  let others = 0;
  const refuse = (what: string, start: number) => {
    throw new FormatError('XML_LIMIT', `${what}: no recording is written so`, { format, line: lineAt(source, start) });
  };
  for (const { kind, start, values, longest } of markup(source)) {
    if (kind === 'doctype') throw entities(source, start, format);
    if (kind === 'close') depth--;
    if (kind === 'other' && ++others > MAX_OTHERS) refuse(`more than ${MAX_OTHERS} comments, sections and instructions`, start);
    if (kind !== 'open' && kind !== 'empty') continue;
    if (kind === 'open') depth++;
    elements++;
    if (depth > MAX_DEPTH) refuse(`elements more than ${MAX_DEPTH} deep`, start);
    if (elements > MAX_ELEMENTS) refuse(`more than ${MAX_ELEMENTS} elements`, start);
    if (values > MAX_ATTRIBUTES) refuse(`more than ${MAX_ATTRIBUTES} attributes in one element`, start);
    if (longest > MAX_MARKUP) refuse(`a tag with ${longest} characters outside of its values`, start);
  }
}

function entities(source: string, start: number, format: string): FormatError {
  const message = 'the document declares a type or entities of its own, which are not read: remove the declaration';
  return new FormatError('XML_ENTITIES', message, { format, line: lineAt(source, start) });
}

function lineAt(source: string, end: number): number {
  return source.slice(0, end).split(/\r\n|\n|\r/).length;
}

/** A node of fast-xml-parser in document order: one key for its name or kind, and `:@` for its attributes. */
type Node = { [name: string]: unknown };

function toElements(nodes: Node[], format: string): XmlElement[] {
  return nodes.flatMap((node) => {
    const name = Object.keys(node).find((key) => key !== ':@');
    if (name === undefined || name.startsWith('#')) return [];
    const inner = node[name] as Node[];
    const attributes = new Map<string, string>();
    for (const [key, value] of Object.entries((node[':@'] ?? {}) as { [name: string]: string })) {
      const local = key.slice(key.indexOf(':') + 1);
      if (!/^xmlns(?::|$)/.test(key) && !attributes.has(local)) attributes.set(local, decodeEntities(value, format));
    }
    const element: XmlElement = {
      name: name.slice(name.indexOf(':') + 1),
      attributes,
      children: toElements(inner, format),
      text: inner.map((part) => characters(part, format)).join(''),
    };
    return [element];
  });
}

function characters(node: Node, format: string): string {
  if ('#text' in node) return decodeEntities(String(node['#text']), format);
  const cdata = node['#cdata'] as Node[] | undefined;
  return cdata?.map((part) => String(part['#text'])).join('') ?? '';
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['apos', "'"],
  ['quot', '"'],
]);

function decodeEntities(source: string, format: string): string {
  if (!source.includes('&')) return source;
  return source.replace(/&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|([A-Za-z]\w{0,30}));|&/g, (_, decimal, hexadecimal, name) => {
    const point = decimal ? Number(decimal) : hexadecimal ? Number.parseInt(hexadecimal, 16) : -1;
    const character = name ? ENTITIES.get(name) : point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : undefined;
    if (character === undefined) throw new FormatError('BAD_XML', 'a reference to a character that XML does not know', { format });
    return character;
  });
}
