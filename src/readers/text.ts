import { FormatError } from '../errors.js';
import { MAX_LINES } from './limits.js';

// Text from bytes without TextDecoder: bare JavaScript shells have none.

/** Longest text that is read, in bytes: JavaScript strings end near 2^29 characters. */
const MAX_TEXT_BYTES = 2 ** 28;

/** Characters joined at a time: arguments of one call live on the stack. */
const CHUNK = 8192;

/**
 * The text of `bytes`: UTF-8, or ISO-8859-1 where that is not valid (old headers write `µV` so), or UTF-16 by its byte-order mark
 * (spreadsheets). A byte-order mark is removed.
 *
 * @throws FormatError `FILE_TOO_LARGE` over 256 MiB.
 */
export function decodeText(bytes: Uint8Array): string {
  if (bytes.length > MAX_TEXT_BYTES) {
    throw new FormatError('FILE_TOO_LARGE', `a text file of ${bytes.length} bytes: at most ${MAX_TEXT_BYTES} are read`);
  }
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decodeUtf16(bytes, 0);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decodeUtf16(bytes, 1);
  const text = decodeUtf8(bytes) ?? decodeLatin1(bytes);
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** The lines of a text, whatever ends them: LF, CRLF or CR. @throws FormatError `FILE_TOO_LARGE` */
export function splitLines(text: string): string[] {
  let ends = 0;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) === 10 || text.charCodeAt(at) === 13) ends++;
  if (ends > MAX_LINES) throw new FormatError('FILE_TOO_LARGE', `a text of ${ends} lines: at most ${MAX_LINES} are read`);
  return text.split(/\r\n|\n|\r/);
}

/** Collects UTF-16 code units and joins them by the chunk. */
class CodeUnits {
  private readonly units = new Uint16Array(CHUNK);
  private readonly chunks: string[] = [];
  private used = 0;

  push(unit: number): void {
    if (this.used === CHUNK) this.flush();
    this.units[this.used++] = unit;
  }

  text(): string {
    this.flush();
    return this.chunks.join('');
  }

  private flush(): void {
    // Reflect.apply takes the array as it is; a spread would walk it by its iterator (measured: 2.4 s against 0.4 s for 27 MB).
    this.chunks.push(Reflect.apply(String.fromCharCode, undefined, this.units.subarray(0, this.used)));
    this.used = 0;
  }
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  const out = new CodeUnits();
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i++]!;
    if (first < 0x80) {
      out.push(first);
      continue;
    }
    const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4) return undefined;
    let point = first & (0x3f >> more);
    for (let k = 0; k < more; k++) {
      const next = bytes[i++];
      if (next === undefined || (next & 0xc0) !== 0x80) return undefined;
      point = (point << 6) | (next & 0x3f);
    }
    if (isOverlongOrSurrogate(point, more)) return undefined;
    if (point > 0xffff) {
      out.push(0xd7c0 + (point >> 10));
      out.push(0xdc00 | (point & 0x3ff));
    } else {
      out.push(point);
    }
  }
  return out.text();
}

function isOverlongOrSurrogate(point: number, more: number): boolean {
  if (more === 2) return point < 0x800 || (point >= 0xd800 && point < 0xe000);
  return more === 3 && (point < 0x10000 || point > 0x10ffff);
}

function decodeLatin1(bytes: Uint8Array): string {
  const out = new CodeUnits();
  for (const byte of bytes) out.push(byte);
  return out.text();
}

function decodeUtf16(bytes: Uint8Array, highByte: 0 | 1): string {
  const out = new CodeUnits();
  const high = highByte === 0 ? 1 : 0;
  for (let i = 2; i + 1 < bytes.length; i += 2) out.push((bytes[i + high]! << 8) | bytes[i + 1 - high]!);
  return out.text();
}
