// A reader of NumPy's .npz (a zip of .npy files): stored or deflated entries without ZIP64, C order, int16 or fixed-length strings.

import { inflateRawSync } from 'node:zlib';

export interface NpyArray {
  /** NumPy's type string, e.g. `<i2`, `<U8`. */
  descr: string;
  shape: number[];
  bytes: Uint8Array<ArrayBuffer>;
}

/** The arrays of an .npz file by name. */
export function readNpz(file: Buffer): Map<string, NpyArray> {
  const end = file.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  if (end < 0) throw new Error('no zip file');
  const arrays = new Map<string, NpyArray>();
  let at = file.readUInt32LE(end + 16);
  for (let entry = file.readUInt16LE(end + 10); entry > 0; entry--) {
    const [method, packedBytes, nameBytes] = [file.readUInt16LE(at + 10), file.readUInt32LE(at + 20), file.readUInt16LE(at + 28)];
    const local = file.readUInt32LE(at + 42);
    const start = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    const packed = file.subarray(start, start + packedBytes);
    arrays.set(
      file.toString('utf8', at + 46, at + 46 + nameBytes).replace(/\.npy$/, ''),
      parseNpy(method === 0 ? packed : inflateRawSync(packed)),
    );
    at += 46 + nameBytes + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
  }
  return arrays;
}

function parseNpy(file: Buffer): NpyArray {
  const [lengthBytes, headerBytes] = file[6] === 1 ? [2, file.readUInt16LE(8)] : [4, file.readUInt32LE(8)];
  const start = 8 + lengthBytes + headerBytes;
  const header = file.toString('latin1', 8 + lengthBytes, start);
  const [, descr] = /'descr': '([^']+)'/.exec(header)!;
  const [, shape] = /'shape': \(([^)]*)\)/.exec(header)!;
  if (header.includes("'fortran_order': True")) throw new Error('Fortran order');
  return {
    descr: descr!,
    shape: shape!
      .split(',')
      .filter((size) => size.trim())
      .map(Number),
    bytes: Uint8Array.from(file.subarray(start)),
  };
}

/** The values of an `<i2` array. */
export function int16Values({ descr, bytes }: NpyArray): Int16Array {
  if (descr !== '<i2') throw new Error(`expected <i2, got ${descr}`);
  return new Int16Array(bytes.buffer);
}

/** The values of a `<U…` array. */
export function stringValues({ descr, bytes, shape }: NpyArray): string[] {
  const characters = Number(/^<U(\d+)$/.exec(descr)?.[1]);
  const codePoints = new Uint32Array(bytes.buffer);
  return Array.from({ length: shape[0]! }, (_, i) =>
    String.fromCodePoint(...codePoints.subarray(i * characters, (i + 1) * characters)).replace(/\0+$/, ''),
  );
}
