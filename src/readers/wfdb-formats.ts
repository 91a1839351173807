// WFDB's storage formats: https://physionet.org/physiotools/wag/signal-5.htm. Values are exact; nothing is scaled.

/** A format whose samples lie side by side in blocks of bytes; a reader can start at any block. */
export interface SampleFormat {
  blockSamples: number;
  /** Bytes of the first samples of a block: of none, of one, … of all. An incomplete last block may end there. */
  blockBytes: readonly number[];
  /** Fills the first `count` of `samples` from the start of `bytes`, where a block begins. */
  decode(bytes: Uint8Array, samples: Int32Array, count: number): void;
  /** The value that stands for "no valid sample". Format 8 has none: this one no sum of 8-bit differences meets. */
  invalid: number;
  /** The values are differences between neighbours of one signal. */
  differences?: true;
  /** Element type of the MATLAB v4 matrix that can hold this format. */
  matType?: string;
}

/** Stands for format 0, whose signals have no file: all samples are invalid. */
export const NULL_FORMAT = '0';

/** Formats that are FLAC files, by the most bits that a sample may have. */
export const FLAC_BITS: ReadonlyMap<string, number> = new Map([
  ['508', 8],
  ['516', 16],
  ['524', 24],
]);

/** The formats of plain files. A further one is one entry. */
export const SAMPLE_FORMATS: ReadonlyMap<string, SampleFormat> = new Map<string, SampleFormat>([
  ['8', { ...single(1), decode: decode8, invalid: -(2 ** 31), differences: true }],
  ['16', { ...single(2), decode: decode16, invalid: -32768, matType: 'int16' }],
  ['24', { ...single(3), decode: decode24, invalid: -(2 ** 23) }],
  ['32', { ...single(4), decode: decode32, invalid: -(2 ** 31), matType: 'int32' }],
  ['61', { ...single(2), decode: decode61, invalid: -32768 }],
  ['80', { ...single(1), decode: decode80, invalid: -128 }],
  ['160', { ...single(2), decode: decode160, invalid: -32768 }],
  ['212', { blockSamples: 2, blockBytes: [0, 2, 3], decode: decode212, invalid: -2048 }],
  ['310', { blockSamples: 3, blockBytes: [0, 2, 4, 4], decode: decode310, invalid: -512 }],
  ['311', { blockSamples: 3, blockBytes: [0, 2, 3, 4], decode: decode311, invalid: -512 }],
]);

/** Whether a format is read: plain, FLAC or null. */
export function isKnownFormat(format: string): boolean {
  return SAMPLE_FORMATS.has(format) || FLAC_BITS.has(format) || format === NULL_FORMAT;
}

/** The value that stands for "no valid sample" in a known format. */
export function invalidValue(format: string): number {
  return SAMPLE_FORMATS.get(format)?.invalid ?? -(1 << ((FLAC_BITS.get(format) ?? 16) - 1));
}

/** Bytes that `samples` values take. */
export function bytesFor({ blockSamples, blockBytes }: SampleFormat, samples: number): number {
  return Math.floor(samples / blockSamples) * blockBytes[blockSamples]! + (blockBytes[samples % blockSamples] ?? 0);
}

/** Values that `bytes` can hold. */
export function samplesIn({ blockSamples, blockBytes }: SampleFormat, bytes: number): number {
  const whole = blockBytes[blockSamples]!;
  let samples = blockSamples - 1;
  while (blockBytes[samples]! > bytes % whole) samples--;
  return Math.floor(bytes / whole) * blockSamples + samples;
}

function single(bytes: number): Pick<SampleFormat, 'blockSamples' | 'blockBytes'> {
  return { blockSamples: 1, blockBytes: [0, bytes] };
}

/** Signed first differences. */
function decode8(bytes: Uint8Array, samples: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) samples[i] = (bytes[i]! << 24) >> 24;
}

/** Two's complement, little-endian, as 24 and 32 are. */
function decode16(bytes: Uint8Array, samples: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) samples[i] = ((bytes[2 * i]! | (bytes[2 * i + 1]! << 8)) << 16) >> 16;
}

function decode24(bytes: Uint8Array, samples: Int32Array, count: number): void {
  for (let i = 0, at = 0; i < count; i++, at += 3) {
    samples[i] = ((bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)) << 8) >> 8;
  }
}

function decode32(bytes: Uint8Array, samples: Int32Array, count: number): void {
  for (let i = 0, at = 0; i < count; i++, at += 4) {
    samples[i] = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }
}

/** Two's complement, big-endian. */
function decode61(bytes: Uint8Array, samples: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) samples[i] = ((bytes[2 * i + 1]! | (bytes[2 * i]! << 8)) << 16) >> 16;
}

/** Offset binary, as 160 is. */
function decode80(bytes: Uint8Array, samples: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) samples[i] = bytes[i]! - 128;
}

function decode160(bytes: Uint8Array, samples: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) samples[i] = (bytes[2 * i]! | (bytes[2 * i + 1]! << 8)) - 32768;
}

/** Two 12-bit values: bytes `aaaaaaaa bbbbAAAA bbbbbbbb`, where A and the first b are the high bits. */
function decode212(bytes: Uint8Array, samples: Int32Array, count: number): void {
  for (let i = 0, at = 0; i < count; i += 2, at += 3) {
    const high = bytes[at + 1]!;
    samples[i] = ((bytes[at]! | (high << 8)) << 20) >> 20;
    if (i + 1 < count) samples[i + 1] = ((bytes[at + 2]! | ((high & 0xf0) << 4)) << 20) >> 20;
  }
}

/** Three 10-bit values: `aaaaaaa- cccccAAA bbbbbbb- CCCCCBBB`, where capitals are the high bits. */
function decode310(bytes: Uint8Array, samples: Int32Array, count: number): void {
  for (let i = 0, at = 0; i < count; i += 3, at += 4) {
    const [second, fourth] = [bytes[at + 1]!, bytes[at + 3]!];
    samples[i] = (((bytes[at]! >> 1) | (second << 7)) << 22) >> 22;
    if (i + 1 < count) samples[i + 1] = (((bytes[at + 2]! >> 1) | (fourth << 7)) << 22) >> 22;
    if (i + 2 < count) samples[i + 2] = (((second >> 3) | ((fourth >> 3) << 5)) << 22) >> 22;
  }
}

/** Three 10-bit values, the first in the lowest bits of a little-endian 32-bit word. */
function decode311(bytes: Uint8Array, samples: Int32Array, count: number): void {
  for (let i = 0, at = 0; i < count; i += 3, at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    samples[i] = (word << 22) >> 22;
    if (i + 1 < count) samples[i + 1] = (word << 12) >> 22;
    if (i + 2 < count) samples[i + 2] = (word << 2) >> 22;
  }
}
