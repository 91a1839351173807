/** One of WFDB's storage formats: https://physionet.org/physiotools/wag/signal-5.htm. Values are exact; nothing is scaled. */
export interface SampleFormat {
  /** Bytes that `samples` values take. */
  bytesFor(samples: number): number;
  /** Values that `bytes` can hold. */
  samplesIn(bytes: number): number;
  /** Fills `samples` with the values at the start of `bytes`, which hold at least `bytesFor(samples.length)`. */
  decode(bytes: Uint8Array, samples: Int32Array): void;
  /** The value that stands for "no valid sample". */
  invalid: number;
  /** Element type of the MATLAB v4 matrix that can hold this format. */
  matType?: string;
}

/** The formats that are read. A further one is one entry. */
export const SAMPLE_FORMATS: ReadonlyMap<string, SampleFormat> = new Map<string, SampleFormat>([
  [
    '16', // two's complement, little-endian
    {
      bytesFor: (samples) => 2 * samples,
      samplesIn: (bytes) => Math.floor(bytes / 2),
      decode: decode16,
      invalid: -32768,
      matType: 'int16',
    },
  ],
  [
    '212', // pairs of 12-bit two's complement values in three bytes
    {
      bytesFor: (samples) => Math.ceil((3 * samples) / 2),
      samplesIn: (bytes) => Math.floor((2 * bytes) / 3),
      decode: decode212,
      invalid: -2048,
    },
  ],
]);

function decode16(bytes: Uint8Array, samples: Int32Array): void {
  for (let i = 0; i < samples.length; i++) samples[i] = ((bytes[2 * i]! | (bytes[2 * i + 1]! << 8)) << 16) >> 16;
}

/** Bytes `aaaaaaaa bbbbAAAA bbbbbbbb`, where A and the first b are the high bits: an odd last value takes two bytes. */
function decode212(bytes: Uint8Array, samples: Int32Array): void {
  for (let i = 0, at = 0; i < samples.length; i += 2, at += 3) {
    const high = bytes[at + 1]!;
    samples[i] = ((bytes[at]! | (high << 8)) << 20) >> 20;
    if (i + 1 < samples.length) samples[i + 1] = ((bytes[at + 2]! | ((high & 0xf0) << 4)) << 20) >> 20;
  }
}
