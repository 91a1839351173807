import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import * as fastXmlParser from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { checkRecord, type EcgRecord } from '../../src/ecg.js';
import { FormatError } from '../../src/errors.js';
import { isSierra, readSierra, type SierraOptions } from '../../src/readers/sierra.js';
import { decodeXli } from '../../src/readers/xli.js';
import { describeWithData } from '../data-folder.js';
import digests from '../golden/sierra-digests.json' with { type: 'json' };
import { chunk, fixtureLeads, lzwCodes, packCodes, plainPayload, type Sierra, writeSierra, xliChunk, xliPayload } from './sierra-writer.js';
import { bytesOf } from './writers.js';

const libraries = { 'fast-xml-parser': fastXmlParser };
const TWELVE = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'];

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`fixtures/sierra/${name}`, import.meta.url)));
const read = (file: Uint8Array, options: SierraOptions = {}) => readSierra(file, { libraries, ...options });
const readWritten = (sierra: Partial<Sierra> = {}, options: SierraOptions = {}) =>
  read(bytesOf(writeSierra({ payload: xliPayload(fixtureLeads()), sigLen: 60, ...sierra })), options);
const error = (code: string) => expect.objectContaining({ name: 'FormatError', code });
const arrays = (record: EcgRecord) => record.digital!.map((lead) => [...lead]);

const FIXTURES = ['xli-1.03', 'xli-1.04', 'plain-1.04'];

describe('what the encoder of the tests wrote', () => {
  it.each(FIXTURES)('%s: equals a program of its own', (name) => {
    const record = read(fixture(`${name}.xml`));
    const expected = JSON.parse(new TextDecoder().decode(fixture(`${name}.json`))) as {
      fs: number;
      sigName: string[];
      samples: number[][];
    };
    expect(record).toMatchObject({ fs: 500, sigName: TWELVE, units: TWELVE.map(() => 'uV') });
    expect(record).toMatchObject({ fs: expected.fs, sigName: expected.sigName });
    expect(arrays(record)).toEqual(expected.samples);
    expect(arrays(record)).toEqual(fixtureLeads());
    expect(record.signal.map((lead) => [...lead])).toEqual(expected.samples.map((lead) => lead.map((sample) => 5 * sample)));
    expect(record.adcGain).toEqual(TWELVE.map(() => 0.2));
    expect(record.baseline).toEqual(TWELVE.map(() => 0));
    expect(() => checkRecord(record)).not.toThrow();
  });

  it('is known by its root, in UTF-16 too', () => {
    const text = writeSierra({ payload: [], sigLen: 1 });
    expect(isSierra(bytesOf(text))).toBe(true);
    expect(isSierra(new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le')))).toBe(true);
    expect(isSierra(bytesOf('<RestingECG/>'))).toBe(false);
    expect(isSierra(bytesOf('restingecgdata'))).toBe(false);
    expect(() => read(bytesOf('<RestingECG/>'))).toThrow(error('BAD_SIERRA'));
  });

  it('is read in UTF-16', () => {
    const text = `\ufeff${writeSierra({ payload: xliPayload(fixtureLeads()), sigLen: 60 }).replace('UTF-8', 'utf-16')}`;
    expect(arrays(read(new Uint8Array(Buffer.from(text, 'utf16le'))))).toEqual(fixtureLeads());
  });

  it('holds nothing of the patient, and needs the library', () => {
    expect(JSON.stringify(readWritten())).not.toMatch(/never/i);
    expect(() => readSierra(fixture('xli-1.04.xml'))).toThrow(expect.objectContaining({ code: 'LIBRARY_REQUIRED' }));
  });

  it('passes over the chunks of channels that are not in use', () => {
    const payload = [...xliPayload(fixtureLeads()), ...xliChunk([0, 0, 200]), ...chunk([])];
    expect(arrays(readWritten({ payload }))).toEqual(fixtureLeads());
  });

  it('takes what the waveforms say before what the acquisition says, and an offset off', () => {
    const attributes = { samplespersecond: '250', durationperchannel: '240', resolution: '2.5' };
    expect(readWritten({ attributes })).toMatchObject({ fs: 250, adcGain: TWELVE.map(() => 0.4) });
    const plain = { compression: undefined, signaloffset: '10', signalsigned: 'False' };
    const payload = plainPayload(TWELVE.map(() => [10, 65535]));
    const record = readWritten({ payload, sigLen: 2, attributes: plain });
    expect([...record.signal[0]!]).toEqual([0, 65525 * 5]);
    expect(record.baseline).toEqual(TWELVE.map(() => 10));
  });
});

describe('decodeXli', () => {
  it('reads what is written, leads of every shape', () => {
    const lead = fc.oneof(
      fc.array(fc.integer({ min: -8000, max: 8000 }), { minLength: 1, maxLength: 60 }),
      fc
        .tuple(fc.integer({ min: -300, max: 300 }), fc.integer({ min: 1, max: 3000 }))
        .map(([value, length]) => new Array<number>(length).fill(value)),
      fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 500, maxLength: 3000 }), // fills the table
    );
    fc.assert(
      fc.property(lead, (samples) => {
        expect(decodeXli(Uint8Array.from(xliChunk(samples)), 1, samples.length).map((decoded) => [...decoded])).toEqual([samples]);
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  const bytes = (content: number[]) => Uint8Array.from(chunk(content));

  it('refuses codes that stand for nothing, and leads of another length', () => {
    expect(() => decodeXli(bytes(packCodes([256, 1023])), 1, 1)).toThrow(error('BAD_XLI'));
    expect(() => decodeXli(bytes(packCodes([256, 0, 0, 1023])), 1, 1)).toThrow(/stands for nothing/);
    expect(() => decodeXli(bytes(packCodes([0, 300, 1023])), 1, 2)).toThrow(error('BAD_XLI'));
    expect(() => decodeXli(bytes(packCodes([0, 0, 1023])), 1, 2)).toThrow(error('BAD_XLI'));
    expect(() => decodeXli(bytes(packCodes([0, 0, 0, 0, 1023])), 1, 1)).toThrow(error('BAD_XLI'));
    expect(() => decodeXli(bytes(packCodes([0, 0, 0])), 1, 2)).toThrow(error('TRUNCATED'));
    expect(() => decodeXli(bytes([]), 1, 1)).toThrow(error('TRUNCATED'));
    expect(() => decodeXli(Uint8Array.from([255, 255, 255, 255, 1, 0, 0, 0]), 1, 1)).toThrow(error('TRUNCATED'));
    expect(() => decodeXli(bytes(packCodes([0, 0, 1023])), 2, 1)).toThrow(error('TRUNCATED'));
  });

  it('refuses samples that leave 16 bits', () => {
    const corrections = [...new Array<number>(300).fill(0x7f), ...new Array<number>(300).fill(0xff)];
    expect(() => decodeXli(bytes(packCodes(lzwCodes(corrections))), 1, 300)).toThrow(error('BAD_XLI'));
  });

  it('allocates nothing for a length that cannot be', () => {
    expect(() => decodeXli(bytes(packCodes([0, 0, 1023])), 1, 2 ** 40)).toThrow(error('TRUNCATED'));
  });

  it('ends a bomb at the length that was announced', () => {
    const bomb = packCodes([0, ...Array.from({ length: 766 }, (_, index) => 256 + index), ...new Array<number>(50_000).fill(1022), 1023]);
    expect(() => decodeXli(bytes(bomb), 1, 5000)).toThrow(error('BAD_XLI'));
  });
});

describe('calibration pulse', () => {
  const leads = fixtureLeads();
  const ends = [...new Array<number>(30).fill(0), ...new Array<number>(100).fill(200), ...new Array<number>(20).fill(0)];
  const pulsed = { payload: xliPayload(leads.map((lead) => [...lead, ...ends])), sigLen: 210 };

  it('is kept as it is, or cut off with what is around it', () => {
    expect(arrays(readWritten(pulsed)).map((lead) => lead.length)).toEqual(TWELVE.map(() => 210));
    expect(arrays(readWritten(pulsed, { calibration: 'cut' }))).toEqual(leads);
  });

  it.each([
    ['another height', 200, 199, 100],
    ['another length', 200, 200, 90],
    ['nothing at all', 0, 0, 100],
  ])('%s is none', (_, __, height, length) => {
    const other = [...new Array<number>(30).fill(0), ...new Array<number>(length).fill(height), 0];
    const sierra = { payload: xliPayload(leads.map((lead) => [...lead, ...other])), sigLen: 60 + other.length };
    expect(readWritten(sierra, { calibration: 'cut' }).signal[0]).toHaveLength(60 + other.length);
  });
});

describe('refuses by name', () => {
  const without = (...names: string[]) => Object.fromEntries(names.map((name) => [name, undefined]));

  it.each([
    ['another version', { version: '1.05' }, 'UNSUPPORTED_SIERRA'],
    ['a version that is none', { version: 'Never' }, 'UNSUPPORTED_SIERRA'],
    ['another encoding', { attributes: { dataencoding: 'Plain' } }, 'UNSUPPORTED_SIERRA'],
    ['another compression', { attributes: { compression: 'Huffman' } }, 'UNSUPPORTED_SIERRA'],
    ['another size', { attributes: { bitspersample: '12' } }, 'UNSUPPORTED_SIERRA'],
    [
      'no size',
      { attributes: without('bitspersample'), edit: (text: string) => text.replace(/<bitspersample>.*/, '') },
      'UNSUPPORTED_SIERRA',
    ],
    ['an unsigned difference', { attributes: { signalsigned: 'False' } }, 'UNSUPPORTED_SIERRA'],
    ['no sign', { attributes: without('signalsigned'), edit: (text: string) => text.replace(/<signalsigned>.*/, '') }, 'BAD_SIERRA'],
    ['an offset difference', { attributes: { signaloffset: '1' } }, 'UNSUPPORTED_SIERRA'],
    ['an offset between steps', { attributes: { signaloffset: '0.5', compression: undefined } }, 'BAD_SIERRA'],
    ['no rate', { attributes: without('samplespersecond'), edit: (text: string) => text.replace(/<samplingrate>.*/, '') }, 'BAD_SIERRA'],
    ['a rate of nothing', { attributes: { samplespersecond: '0' } }, 'BAD_SIERRA'],
    ['no resolution', { attributes: without('resolution'), edit: (text: string) => text.replace(/<resolution>.*/, '') }, 'BAD_SIERRA'],
    ['a resolution of nothing', { attributes: { resolution: '0' } }, 'BAD_SIERRA'],
    ['no duration', { attributes: without('durationperchannel') }, 'BAD_SIERRA'],
    ['part of a sample', { attributes: { durationperchannel: '121' } }, 'BAD_SIERRA'],
    ['too many samples', { attributes: { durationperchannel: '1e9' } }, 'UNSUPPORTED_SIERRA'],
    ['other leads first', { attributes: { leadlabels: 'II I III aVR aVL aVF V1 V2 V3 V4 V5 V6' } }, 'UNSUPPORTED_SIERRA'],
    ['another number of labels', { attributes: { leadlabels: 'I II' } }, 'BAD_SIERRA'],
    ['another lead set', { version: '1.03', edit: (text: string) => text.replace('STD-12', 'PAN-16') }, 'UNSUPPORTED_SIERRA'],
    ['waveforms elsewhere', { edit: (text: string) => text.replaceAll('parsedwaveforms', 'unparsedwaveforms') }, 'UNSUPPORTED_SIERRA'],
    ['waveforms by lead', { edit: (text: string) => text.replaceAll('parsedwaveforms', 'leadwaveforms') }, 'UNSUPPORTED_SIERRA'],
    ['no waveforms', { edit: (text: string) => text.replace(/<waveforms>.*<\/waveforms>/s, '') }, 'BAD_SIERRA'],
    ['no Base64', { edit: (text: string) => text.replace('</parsedwaveforms>', '!</parsedwaveforms>') }, 'BAD_SIERRA'],
    ['fewer chunks than leads', { payload: xliPayload(fixtureLeads()).slice(0, -200) }, 'TRUNCATED'],
    ['too few plain samples', { payload: [1, 0], attributes: { compression: undefined } }, 'TRUNCATED'],
  ] as [string, Partial<Sierra>, string][])('%s', (_, sierra, code) => {
    expect(() => readWritten(sierra)).toThrow(error(code));
    expect(() => readWritten(sierra)).not.toThrow(/never/i);
  });

  it('takes no compression from a flag that is off', () => {
    const sierra = { version: '1.03', payload: plainPayload(fixtureLeads()), attributes: { compressflag: 'False' } };
    expect(arrays(readWritten(sierra))).toEqual(fixtureLeads());
  });
});

describe('damage', () => {
  function readsOrRefuses(file: Uint8Array): EcgRecord | undefined {
    try {
      const record = read(file);
      checkRecord(record);
      for (const lead of record.signal) expect(lead.length).toBe(record.signal[0]!.length);
      for (const lead of record.signal) expect(lead.every(Number.isFinite)).toBe(true);
      return record;
    } catch (caught) {
      expect(caught).toBeInstanceOf(FormatError);
      expect((caught as Error).message).not.toMatch(/never/i);
      return undefined;
    }
  }

  it.each(FIXTURES)('%s: every truncation is refused, or loses nothing', (name) => {
    const file = fixture(`${name}.xml`);
    for (let end = 0; end < file.length; end++) {
      const record = readsOrRefuses(file.subarray(0, end));
      if (record) expect(arrays(record)).toEqual(fixtureLeads());
    }
  });

  it('every truncation of the compressed leads is refused', () => {
    const payload = xliPayload(fixtureLeads());
    for (let end = 0; end < payload.length; end++) {
      expect(() => decodeXli(Uint8Array.from(payload.slice(0, end)), 12, 60)).toThrow(FormatError);
    }
  });

  it('random mutations of the file give a record or a named error', () => {
    const change = fc.tuple(fc.nat(), fc.oneof(fc.integer({ min: 32, max: 126 }), fc.nat(255)));
    fc.assert(
      fc.property(
        fc.constantFrom(...FIXTURES.map((name) => fixture(`${name}.xml`))),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        (file, changes) => {
          const mutated = Uint8Array.from(file);
          for (const [at, value] of changes) mutated[at % file.length] = value;
          readsOrRefuses(mutated);
        },
      ),
      { numRuns: 2000, seed: 11 },
    );
  });

  it('random mutations of the compressed leads give samples or a named error', () => {
    const payload = Uint8Array.from(xliPayload(fixtureLeads()));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(payload.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const mutated = Uint8Array.from(payload);
        for (const [at, value] of changes) mutated[at] = value;
        try {
          for (const lead of decodeXli(mutated, 12, 60)) expect(lead).toHaveLength(60);
        } catch (caught) {
          expect(caught).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 4000, seed: 13 },
    );
  });
});

describeWithData('files of Philips cardiographs', (folder) => {
  it.each(Object.entries(digests))('%s', (name, { fs, resolution, sigName, sigLen, sums, sha256 }) => {
    const record = read(new Uint8Array(readFileSync(`${folder}/philips/${name}`)));
    expect(record).toMatchObject({ fs, sigName, units: sigName.map(() => 'uV'), adcGain: sigName.map(() => 1 / resolution) });
    const digital = record.digital!;
    expect(digital.map((lead) => lead.length)).toEqual(sigName.map(() => sigLen));
    expect(digital.map((lead) => lead.reduce((sum, sample) => sum + sample, 0))).toEqual(sums);
    const hash = createHash('sha256');
    for (const lead of digital) hash.update(new Uint8Array(lead.buffer, lead.byteOffset, lead.byteLength));
    expect(hash.digest('hex')).toBe(sha256);
    const cut = read(new Uint8Array(readFileSync(`${folder}/philips/${name}`)), { calibration: 'cut' });
    expect(cut.signal[0]!.length).toBeGreaterThan(10.4 * fs);
    expect(cut.signal[0]!.length).toBeLessThan(10.7 * fs);
    expect(Math.max(...record.signal.map((lead) => lead.at(-100)!))).toBe(1000);
  });
});
