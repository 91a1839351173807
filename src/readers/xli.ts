import { FormatError } from '../errors.js';

// XLI, the compression of Philips cardiographs: one chunk for each lead. Its header is an int32 with the bytes that follow it, an int16
// that is always 1, and the first correction as int16, little-endian; then LZW codes of ten bits, highest bit first. They expand to the
// high bytes of all 16-bit words, then the low bytes. The first two words are samples, the others corrections, plus 64, of the straight
// line through the two samples before. Described by Christopher Watford, https://github.com/sixlettervariables/sierra-ecg-tools/wiki.

const HEADER_BYTES = 8;
const CODE_BITS = 10;
const END_CODE = 1023;
const LITERALS = 256;
const CORRECTION_OFFSET = 64;

/**
 * The first `leads` chunks as int16 samples. Cardiographs write sixteen chunks, the last four for channels that are not in use: their
 * content is not looked at.
 *
 * @throws FormatError `BAD_XLI`, `TRUNCATED`
 */
export function decodeXli(payload: Uint8Array, leads: number, sigLen: number): Int32Array[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const samples: Int32Array[] = [];
  for (let at = 0; at < payload.length; ) {
    if (at + HEADER_BYTES > payload.length) throw truncated(at);
    const start = at + HEADER_BYTES;
    const end = start + view.getUint32(at, true);
    if (end > payload.length) throw truncated(at);
    if (samples.length < leads) {
      const words = expand(payload.subarray(start, end), 2 * sigLen, at);
      samples.push(integrate(words, view.getInt16(at + 6, true), at));
    }
    at = end;
  }
  if (samples.length < leads) throw truncated(payload.length);
  return samples;
}

/** LZW without a clear code: the table stays as it is when it is full. @returns exactly `length` bytes */
function expand(chunk: Uint8Array, length: number, offset: number): Uint8Array {
  const codes = Math.floor((chunk.length * 8) / CODE_BITS);
  if (length > codes * END_CODE) throw truncated(offset); // no string is longer than the table: nothing is allocated for it
  const out = new Uint8Array(length);
  // A string of the table is where it was first written, which is always in what is there already.
  const starts = new Int32Array(END_CODE);
  const lengths = new Int32Array(END_CODE).fill(1, 0, LITERALS);
  let next = LITERALS;
  let used = 0;
  let previous = 0; // length of the string before
  for (let index = 0; index < codes; index++) {
    const code = codeAt(chunk, index);
    if (code === END_CODE) {
      if (used !== length) throw new FormatError('BAD_XLI', `a lead of ${used} bytes, expected ${length}`, { format: 'sierra', offset });
      return out;
    }
    if (previous > 0 && next < END_CODE) {
      starts[next] = used - previous;
      lengths[next++] = previous + 1;
    }
    if (code >= next) throw new FormatError('BAD_XLI', 'a code that stands for nothing', { format: 'sierra', offset });
    const size = lengths[code]!;
    if (used + size > length) throw new FormatError('BAD_XLI', `a lead of more than ${length} bytes`, { format: 'sierra', offset });
    // Byte by byte: the string may reach into what it writes itself.
    if (code < LITERALS) out[used] = code;
    else for (let i = 0; i < size; i++) out[used + i] = out[starts[code]! + i]!;
    used += size;
    previous = size;
  }
  throw truncated(offset);
}

function codeAt(chunk: Uint8Array, index: number): number {
  const bit = index * CODE_BITS;
  const byte = bit >> 3;
  return (((chunk[byte]! << 8) | chunk[byte + 1]!) >> (16 - CODE_BITS - (bit & 7))) & END_CODE;
}

/** Samples from their second differences. */
function integrate(bytes: Uint8Array, first: number, offset: number): Int32Array {
  const sigLen = bytes.length / 2;
  const samples = new Int32Array(sigLen);
  let correction = first;
  for (let t = 0; t < sigLen; t++) {
    const word = ((bytes[t]! << 24) >> 16) | bytes[sigLen + t]!;
    if (t < 2) {
      samples[t] = word;
      continue;
    }
    const sample = 2 * samples[t - 1]! - samples[t - 2]! - correction;
    if (sample !== (sample << 16) >> 16) throw new FormatError('BAD_XLI', 'a sample beyond 16 bits', { format: 'sierra', offset });
    samples[t] = sample;
    correction = word - CORRECTION_OFFSET;
  }
  return samples;
}

function truncated(offset: number): FormatError {
  return new FormatError('TRUNCATED', 'the compressed leads end too early', { format: 'sierra', offset });
}
