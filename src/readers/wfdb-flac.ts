import { FormatError, UnsupportedError } from '../errors.js';
import type { FrameSink, SignalFile } from './wfdb-files.js';
import { FLAC_BITS } from './wfdb-formats.js';
import { placeOf } from './wfdb-header.js';

// Formats 508, 516 and 524: a FLAC file (RFC 9639) with one channel for each signal. Decoded by @wasm-audio-decoders/flac, which the caller
// hands in: no module here imports a package. What the stream says of itself is compared with the header before anything is decoded.

/** What a decoder gives for some bytes: the samples of each channel, as fractions of the largest positive value. */
export interface FlacAudio {
  channelData: Float32Array[];
  samplesDecoded: number;
  errors: unknown[];
}

/** What is used of the module `@wasm-audio-decoders/flac` (version 0.2): `import * as` it, or `await import` it. */
export interface FlacLibrary {
  FLACDecoder: new () => {
    ready: Promise<unknown>;
    decode(bytes: Uint8Array): Promise<FlacAudio>;
    flush(): Promise<FlacAudio>;
    free(): void;
  };
}

interface StreamInfo {
  channels: number;
  bits: number;
  /** Samples of each channel; 0 where the stream does not say. */
  samples: number;
}

const PACKAGE = '@wasm-audio-decoders/flac';

/** `fLaC`, the header of a metadata block, and STREAMINFO, which is always the first. */
const STREAM_INFO_BYTES = 4 + 4 + 34;

/** Bytes that are given to the decoder at a time: its output is bounded by them. */
const CHUNK_BYTES = 8192;

/** Values that a byte of FLAC may stand for, beyond a few million in any file: constant signals of libFLAC's usual blocks stay below. */
const MAX_VALUES_PER_BYTE = 2048;
const ALWAYS_ALLOWED_VALUES = 2 ** 22;

/**
 * The number of frames in a FLAC file.
 *
 * @throws FormatError `BAD_FLAC`, `FLAC_MISMATCH` when channels or bits are not the header's, `TRUNCATED`.
 */
export async function openFlac(file: SignalFile, sigLen: number | undefined): Promise<number> {
  const { format, signals, source, byteOffset, name } = file;
  const [{ samplesPerFrame }] = signals as [SignalFile['signals'][number]];
  const place = { format: 'flac', file: name };
  const info = readStreamInfo(await source.read(0, Math.min(source.byteLength, STREAM_INFO_BYTES)), name);
  const unequal = signals.find((signal) => signal.samplesPerFrame !== samplesPerFrame);
  if (unequal) {
    const message = 'signals of one FLAC file must have the same number of samples per frame';
    throw new FormatError('BAD_HEADER', message, placeOf(unequal));
  }
  if (info.channels !== signals.length || info.bits > FLAC_BITS.get(format)!) {
    const message = `the header describes ${signals.length} signals of ${FLAC_BITS.get(format)} bits, the FLAC stream has ${info.channels} of ${info.bits}`;
    throw new FormatError('FLAC_MISMATCH', message, place);
  }
  if (info.samples === 0 && sigLen === undefined) {
    throw new FormatError('BAD_FLAC', 'neither the header nor the FLAC stream says how many samples it has', place);
  }
  // Without its length in the stream, decoding will tell.
  const frames = info.samples === 0 ? sigLen! : Math.max(0, Math.floor((info.samples - byteOffset) / samplesPerFrame));
  const values = (sigLen ?? frames) * file.frameSize;
  if (values <= ALWAYS_ALLOWED_VALUES + MAX_VALUES_PER_BYTE * source.byteLength) return frames;
  throw new FormatError('BAD_FLAC', `${values} values in ${source.byteLength} bytes of FLAC are not credible`, place);
}

/** Values of a FLAC file that count as stored in it, for the bound on gaps. */
export function flacValues({ frames, frameSize, source }: SignalFile): number {
  return Math.min(frames * frameSize, MAX_VALUES_PER_BYTE * source.byteLength);
}

/** Decodes from the start, because only the decoder knows where a sample lies; stops when the last frame wanted is there. */
export async function readFlac(file: SignalFile, library: FlacLibrary | undefined, sink: FrameSink): Promise<void> {
  const { source, name } = file;
  const decoder = await startDecoder(library, name);
  try {
    const { bits } = readStreamInfo(await source.read(0, STREAM_INFO_BYTES), name);
    const writer = new ChannelWriter(file, (1 << (bits - 1)) - 1, sink);
    for (let at = 0; at < source.byteLength && !writer.isFull; at += CHUNK_BYTES) {
      const chunk = await source.read(at, Math.min(at + CHUNK_BYTES, source.byteLength));
      writer.take(await decodeOr(() => decoder.decode(chunk.slice()), name));
    }
    if (!writer.isFull) writer.take(await decodeOr(() => decoder.flush(), name));
    if (writer.isFull) return;
    const message = `the FLAC stream ends, or is damaged, after ${writer.written} of ${writer.wanted} samples`;
    throw new FormatError('TRUNCATED', message, { format: 'flac', file: name });
  } finally {
    decoder.free();
  }
}

async function startDecoder(library: FlacLibrary | undefined, file: string) {
  if (library === undefined) {
    const message = `FLAC is read by ${PACKAGE}: npm install ${PACKAGE}, and pass { libraries: { '${PACKAGE}': module } }`;
    throw new UnsupportedError('LIBRARY_REQUIRED', message, { format: 'flac', file });
  }
  if (typeof library.FLACDecoder !== 'function') {
    throw new TypeError(`"libraries['${PACKAGE}']" expected the module ${PACKAGE}, with FLACDecoder`);
  }
  const decoder = new library.FLACDecoder();
  await decoder.ready;
  return decoder;
}

/** Of what the decoder throws for damaged bytes only that it did is told. */
async function decodeOr(decode: () => Promise<FlacAudio>, file: string): Promise<FlacAudio> {
  let audio: FlacAudio;
  try {
    audio = await decode();
  } catch {
    throw new FormatError('BAD_FLAC', 'the FLAC decoder gave up on the stream', { format: 'flac', file });
  }
  if (audio.errors.length === 0) return audio;
  throw new FormatError('BAD_FLAC', 'the FLAC decoder found a damaged frame', { format: 'flac', file });
}

/** Puts decoded channels into frames: of each signal `samplesPerFrame` samples of its channel. */
class ChannelWriter {
  readonly wanted: number;
  written = 0;
  private readonly values: Int32Array;
  private readonly samplesPerFrame: number;
  /** Samples of each channel before the first that is wanted. */
  private skip: number;

  constructor(
    private readonly file: SignalFile,
    private readonly scale: number,
    private readonly sink: FrameSink,
  ) {
    this.samplesPerFrame = file.signals[0]!.samplesPerFrame;
    this.wanted = (sink.to - sink.from) * this.samplesPerFrame;
    this.skip = file.byteOffset + sink.from * this.samplesPerFrame;
    this.values = new Int32Array(file.frameSize);
  }

  get isFull(): boolean {
    return this.written >= this.wanted;
  }

  take({ channelData, samplesDecoded }: FlacAudio): void {
    if (samplesDecoded > 0 && channelData.length !== this.file.signals.length) {
      throw new FormatError('FLAC_MISMATCH', `a FLAC frame has ${channelData.length} channels`, { format: 'flac', file: this.file.name });
    }
    const skipped = Math.min(this.skip, samplesDecoded);
    this.skip -= skipped;
    for (let i = skipped; i < samplesDecoded && !this.isFull; i++) {
      const k = this.written % this.samplesPerFrame;
      // Rounding undoes the division: 24 bits come within 0.25 of an integer (measured).
      channelData.forEach((channel, index) => {
        this.values[index * this.samplesPerFrame + k] = Math.round(channel[i]! * this.scale);
      });
      this.written++;
      if (k === this.samplesPerFrame - 1)
        this.sink.put(this.values, this.sink.from + Math.floor(this.written / this.samplesPerFrame) - 1, 1);
    }
  }
}

function readStreamInfo(head: Uint8Array, file: string): StreamInfo {
  const isFlac = [0x66, 0x4c, 0x61, 0x43].every((byte, index) => head[index] === byte);
  if (!isFlac || (head[4]! & 0x7f) !== 0 || head.length < STREAM_INFO_BYTES) {
    throw new FormatError('BAD_FLAC', 'not a FLAC stream that begins with its STREAMINFO', { format: 'flac', file });
  }
  // From byte 18: 20 bits sampling rate, 3 bits channels - 1, 5 bits bits per sample - 1, 36 bits samples.
  return {
    channels: ((head[20]! >> 1) & 7) + 1,
    bits: (((head[20]! & 1) << 4) | (head[21]! >> 4)) + 1,
    samples: (head[21]! & 15) * 2 ** 32 + head[22]! * 2 ** 24 + ((head[23]! << 16) | (head[24]! << 8) | head[25]!),
  };
}
