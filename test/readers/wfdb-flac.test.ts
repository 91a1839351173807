import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readWfdb } from '../../src/readers/index.js';
import { fixture, LIBRARIES, openSources } from './wfdb-fixtures.js';
import { openFrom, type WrittenRecord } from './writers.js';

const FLAC = '@wasm-audio-decoders/flac';

const record = fixture('fmt516');
const bytes = record.files.get('fmt516.dat')!;

const read = ({ header, files }: WrittenRecord, libraries: object = LIBRARIES) =>
  readWfdb(header, openFrom({ header, files }), { libraries });

/** The record with another FLAC file and header. */
function changed(change: (bytes: Uint8Array) => void, header = record.header): WrittenRecord {
  const copy = bytes.slice();
  change(copy);
  return { header, files: new Map([['fmt516.dat', copy]]) };
}

describe('FLAC', () => {
  it('needs its library, and says which', async () => {
    const read = readWfdb(record.header, openFrom(record));
    await expect(read).rejects.toMatchObject({ name: 'UnsupportedError', code: 'LIBRARY_REQUIRED', place: { file: 'fmt516.dat' } });
    await expect(readWfdb(record.header, openFrom(record))).rejects.toThrow(/npm install @wasm-audio-decoders\/flac/);
    await expect(readWfdb(record.header, openFrom(record), { libraries: { [FLAC]: {} as never } })).rejects.toThrow(TypeError);
  });

  it('of 8 and 16 bits may stand in formats of more', async () => {
    for (const format of ['516', '524']) {
      const eight = fixture('fmt508');
      const header = eight.header.replaceAll('508x1', format);
      const { digital } = await read({ ...eight, header });
      expect(digital!.map((samples) => [...samples])).toEqual(eight.expected.digital);
    }
  });

  it('has an offset in samples', async () => {
    const header = 'rec 3 250 60\nfmt516.dat 516+7\nfmt516.dat 516+7\nfmt516.dat 516+7';
    const { digital } = await read({ ...record, header });
    expect(digital!.map((samples) => [...samples])).toEqual(record.expected.digital!.map((samples) => samples.slice(7)));
    const withoutLength = await read({ ...record, header: header.replace(' 60', '') });
    expect(withoutLength.digital).toEqual(digital);
    await expect(read({ ...record, header: header.replace(' 60', ' 61') })).rejects.toMatchObject({ code: 'TRUNCATED' });
  });

  it('that does not say its length is read by the header', async () => {
    const silent = changed((flac) => flac.fill(0, 22, 26));
    silent.files.get('fmt516.dat')![21]! &= 0xf0;
    expect((await read(silent)).digital!.map((samples) => [...samples])).toEqual(record.expected.digital);
    await expect(read({ ...silent, header: silent.header.replace('250 67', '250') })).rejects.toMatchObject({ code: 'BAD_FLAC' });
    await expect(read({ ...silent, header: silent.header.replace('250 67', '250 68') })).rejects.toMatchObject({ code: 'TRUNCATED' });
  });

  it.each([
    ['no FLAC', changed((flac) => flac.fill(1, 0, 1)), 'BAD_FLAC'],
    ['another first block', changed((flac) => flac.fill(1, 4, 5)), 'BAD_FLAC'],
    ['nothing', { header: record.header, files: new Map([['fmt516.dat', new Uint8Array()]]) }, 'BAD_FLAC'],
    ['more bits than the format', { ...record, header: record.header.replaceAll('516x1', '508') }, 'FLAC_MISMATCH'],
    ['other channels', { ...record, header: record.header.replace(' 3 ', ' 2 ').replace(/fmt516[^\n]*V1\n/, '') }, 'FLAC_MISMATCH'],
    ['uneven frames', { ...record, header: record.header.replace('516x1', '516x2') }, 'BAD_HEADER'],
    ['a longer record', { ...record, header: record.header.replace('250 67', '250 68') }, 'TRUNCATED'],
    ['no frame that is whole', changed((flac) => flac.fill(0, 100)), 'TRUNCATED'],
    ['a length beyond belief', changed((flac) => flac.fill(255, 22, 26), record.header.replace('250 67', '250 4294967295')), 'BAD_FLAC'],
  ])('is refused: %s', async (_, written, code) => {
    await expect(read(written)).rejects.toMatchObject({ name: 'FormatError', code });
  });

  it('is decoded in pieces, whatever they hold', async () => {
    const audio = (start: number, count: number) => ({
      channelData: [0, 1].map((channel) => Float32Array.from({ length: count }, (_, i) => (100 * channel + start + i) / 32767)),
      samplesDecoded: count,
      errors: [],
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(9), { maxLength: 9 }), fc.integer({ min: 1, max: 3 }), async (counts, perFrame) => {
        const total = counts.reduce((sum, count) => sum + count, 0);
        let [call, start] = [0, 0];
        const next = async () => {
          const count = counts[call++] ?? 0;
          start += count;
          return audio(start - count, count);
        };
        class FLACDecoder {
          ready = Promise.resolve();
          decode = next;
          flush = next;
          free(): void {}
        }
        const file = new Uint8Array(8192 * Math.max(0, counts.length - 1) + 1 + 42);
        file.set(bytes.subarray(0, 42));
        file[20] = (1 << 1) | 0; // two channels of 16 bits, of unknown length
        file[21] = 15 << 4;
        file.fill(0, 22, 26);
        const frames = Math.floor(total / perFrame);
        const header = `rec 2 250 ${frames}\nrec.dat 516x${perFrame} 200 16 0 0 0 0 I\nrec.dat 516x${perFrame} 200 16 0 100 0 0 II`;
        const options = { libraries: { [FLAC]: { FLACDecoder } }, checksum: 'ignore' as const };
        if (frames === 0) return;
        const { digital } = await readWfdb(header, () => file, options);
        expect(digital!.map((samples) => [...samples])).toEqual(
          [0, 100].map((from) => Array.from({ length: frames * perFrame }, (_, i) => from + i)),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('what a decoder throws or reports is a FormatError, and the decoder is freed', async () => {
    let freed = 0;
    for (const decode of [() => Promise.reject(new Error('x')), async () => ({ channelData: [], samplesDecoded: 0, errors: [{}] })]) {
      class FLACDecoder {
        ready = Promise.resolve();
        decode = decode;
        flush = decode;
        free = () => void freed++;
      }
      await expect(read(record, { [FLAC]: { FLACDecoder } })).rejects.toMatchObject({ name: 'FormatError', code: 'BAD_FLAC' });
    }
    expect(freed).toBe(2);
  });

  it('of a part is decoded no further than needed', async () => {
    let calls = 0;
    const decode = async () => {
      const channelData = [0, 0, 0].map(() => Float32Array.from({ length: 20 }, (_, i) => (20 * calls + i) / 32767));
      calls++;
      return { channelData, samplesDecoded: 20, errors: [] };
    };
    class FLACDecoder {
      ready = Promise.resolve();
      decode = decode;
      flush = decode;
      free(): void {}
    }
    const long = new Uint8Array(40 * 8192);
    long.set(bytes);
    const { read: bytesRead, open } = openSources({ header: '', files: new Map([['fmt516.dat', long]]) });
    const options = { libraries: { [FLAC]: { FLACDecoder } }, startSeconds: 0.1, seconds: 0.1 };
    const { digital } = await readWfdb(record.header, open, options);
    expect([...digital![0]!]).toEqual(Array.from({ length: 25 }, (_, i) => 25 + i));
    expect(calls).toBe(3);
    expect(bytesRead.get('fmt516.dat')).toBe(3 * 8192 + 2 * 42);
  });
});
