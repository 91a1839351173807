// Archives of torch.save: zip64, and what is no archive of torch.save.

import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/convert/checkpoint.js';
import { ZipArchive } from '../../src/convert/zip.js';
import { readFixture } from './fixture.js';

interface Entry {
  name: string;
  content: Uint8Array;
  flags?: number;
  method?: number;
}

const encode = (text: string) => new TextEncoder().encode(text);
const little = (bytes: number, value: number) => Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256);

/** An archive of stored entries; with zip64, all sizes and offsets stand in the 64-bit fields alone. */
function writeZip(entries: readonly Entry[], zip64 = false): Uint8Array {
  const file: number[] = [];
  const directory: number[] = [];
  const narrow = (value: number) => little(4, zip64 ? 0xffffffff : value);
  for (const { name, content, flags = 0, method = 0 } of entries) {
    const offset = file.length;
    const fields = [...little(2, 45), ...little(2, flags), ...little(2, method), ...little(8, 0)];
    const title = encode(name);
    file.push(...little(4, 0x04034b50), ...fields, ...little(4, content.length), ...little(4, content.length), ...little(2, title.length));
    file.push(...little(2, 4), ...title, ...little(2, 0x4246), ...little(2, 0), ...content);
    // Another extra field first, then the zip64 one.
    const extra = zip64
      ? [
          ...little(2, 9),
          ...little(2, 1),
          7,
          ...little(2, 1),
          ...little(2, 24),
          ...[content.length, content.length, offset].flatMap((value) => little(8, value)),
        ]
      : [];
    directory.push(...little(4, 0x02014b50), ...little(2, 45), ...fields, ...narrow(content.length), ...narrow(content.length));
    directory.push(...little(2, title.length), ...little(2, extra.length), ...little(10, 0), ...narrow(offset), ...title, ...extra);
  }
  const [start, record] = [file.length, file.length + directory.length];
  const counts = (bytes: number) => [...little(bytes, entries.length), ...little(bytes, entries.length)];
  file.push(...directory);
  if (zip64) {
    file.push(...little(4, 0x06064b50), ...little(8, 44), ...little(4, 0), ...little(8, 0), ...counts(8), ...little(8, directory.length));
    file.push(...little(8, start), ...little(4, 0x07064b50), ...little(4, 0), ...little(8, record), ...little(4, 1));
  }
  file.push(
    ...little(4, 0x06054b50),
    ...little(4, 0),
    ...counts(2),
    ...narrow(directory.length),
    ...narrow(start),
    ...little(2, 3),
    1,
    2,
    3,
  );
  return Uint8Array.from(file);
}

const original = new ZipArchive(readFixture('small.pt'));
const ENTRIES: Entry[] = [...original.names()].map((name) => ({ name, content: original.read(name)! }));
const values = (file: Uint8Array) => readCheckpoint(file).tensors.get('linear2.bias')!.contiguous();
const other = (name: string, changes: Partial<Entry>) => ENTRIES.map((entry) => (entry.name === name ? { ...entry, ...changes } : entry));

it('the fixture is what torch.save writes', () => {
  expect(ENTRIES.map(({ name }) => name)).toEqual(expect.arrayContaining(['archive/data.pkl', 'archive/byteorder', 'archive/data/0']));
});

it.each([false, true])('entries are found (zip64 %s)', (zip64) => {
  const file = writeZip(ENTRIES, zip64);
  expect(values(file)).toEqual(values(readFixture('small.pt')));
  expect([...new ZipArchive(file).names()]).toEqual(ENTRIES.map(({ name }) => name));
});

describe('named errors', () => {
  it.each<[string, () => Uint8Array, string, RegExp]>([
    ['compressed', () => writeZip(other('archive/data/0', { method: 8 })), 'UNSUPPORTED_ZIP', /compressed \(method 8\)/],
    ['encrypted', () => writeZip(other('archive/data.pkl', { flags: 1 })), 'UNSUPPORTED_ZIP', /encrypted/],
    ['two of one name', () => writeZip([...ENTRIES, ENTRIES[0]!]), 'BAD_ZIP', /two entries of one name/],
    ['no pickle', () => writeZip(ENTRIES.slice(1)), 'UNKNOWN_CHECKPOINT', /without data\.pkl/],
    ['a pickle at the top', () => writeZip(other('archive/data.pkl', { name: 'data.pkl' })), 'UNKNOWN_CHECKPOINT', /without data\.pkl/],
    [
      'a TorchScript archive',
      () => writeZip([...ENTRIES, { name: 'archive/constants.pkl', content: encode('x') }]),
      'UNSUPPORTED_CHECKPOINT',
      /TorchScript/,
    ],
    ['big-endian', () => writeZip(other('archive/byteorder', { content: encode('big') })), 'UNSUPPORTED_CHECKPOINT', /big-endian/],
    ['a storage that is short', () => writeZip(other('archive/data/0', { content: encode('short') })), 'BAD_PICKLE', /12 bytes .* has 5/],
    ['no storage', () => writeZip(other('archive/data/0', { name: 'archive/data/1' })), 'BAD_PICKLE', /12 bytes .* has none/],
    ['no directory', () => writeZip(ENTRIES).subarray(0, 300), 'BAD_ZIP', /no directory/],
    [
      'bytes before the archive',
      () => Uint8Array.from([...encode('PK\x03\x04 '), ...writeZip(ENTRIES)]),
      'BAD_ZIP',
      /not where it should be/,
    ],
  ])('%s', (_what, file, code, message) => {
    expect(() => readCheckpoint(file())).toThrow(
      expect.objectContaining({ name: 'WeightsError', code, message: expect.stringMatching(message) }),
    );
  });
});
