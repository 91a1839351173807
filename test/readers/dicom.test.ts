import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkRecord, type EcgRecord } from '../../src/ecg.js';
import { FormatError } from '../../src/errors.js';
import { inflateRaw, isDicom, readDicom } from '../../src/readers/dicom.js';
import { type Elements, ecg, type WrittenGroup, waveform, writeDicom, writeElements } from './dicom-writer.js';

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`fixtures/dicom/${name}`, import.meta.url)));

interface Expected {
  fs: number;
  sigName: string[];
  units: string[];
  digital: number[][];
  signal: (number | null)[][];
}
const expected = (name: string) => JSON.parse(new TextDecoder().decode(fixture(`${name}.json`))) as Expected;

const NAMES = [
  'explicit',
  'implicit',
  'undefined',
  'unknown',
  'unknown-undefined',
  'deflated',
  'ambulatory',
  'bits-sign',
  'bits-zero',
  'bits-unsigned',
  'labels',
  'wide',
  'halves',
];

const read = (...groups: WrittenGroup[]) => readDicom(ecg(...groups.map(waveform)));
const error = (code: string) => expect.objectContaining({ name: 'FormatError', code });

describe('what pydicom writes and reads', () => {
  it.each(NAMES)('%s: equal samples, units and leads', async (name) => {
    const record = await readDicom(fixture(`${name}.dcm`));
    const { fs, sigName, units, digital, signal } = expected(name);
    expect(record).toMatchObject({ fs, sigName, units });
    expect(record.digital!.map((lead) => [...lead])).toEqual(digital);
    expect(record.signal.map((lead) => [...lead])).toEqual(signal.map((lead) => lead.map((value) => value ?? Number.NaN)));
    expect(() => checkRecord(record)).not.toThrow();
    const { adcGain, baseline } = record;
    signal.forEach((lead, index) => {
      lead.forEach((value, t) => {
        const physical = (digital[index]![t]! - baseline![index]!) / adcGain![index]!;
        if (value !== null) expect(Math.abs(physical - value)).toBeLessThan(1e-9 * Math.max(1, Math.abs(value)));
      });
    });
  });

  it('is known by its four letters', () => {
    for (const name of [...NAMES, 'big-endian']) expect(isDicom(fixture(`${name}.dcm`))).toBe(true);
    expect(isDicom(fixture('explicit.dcm').subarray(1))).toBe(false);
    expect(isDicom(new Uint8Array(131))).toBe(false);
  });

  it('holds nothing of the patient', async () => {
    const file = fixture('explicit.dcm');
    expect(new TextDecoder('latin1').decode(file)).toMatch(/Never\^Read/);
    expect(JSON.stringify(await readDicom(file))).not.toMatch(/never/i);
  });

  it('takes the median beat only where it is asked for', async () => {
    const record = await readDicom(fixture('explicit.dcm'), { group: 1 });
    expect(Math.max(...record.digital!.flatMap((lead) => [...lead]))).toBeLessThanOrEqual(900);
    await expect(readDicom(fixture('explicit.dcm'), { group: 3 })).rejects.toThrow(RangeError);
    await expect(readDicom(fixture('explicit.dcm'), { group: 0.5 })).rejects.toThrow(RangeError);
  });

  it('refuses big-endian files by name', async () => {
    await expect(readDicom(fixture('big-endian.dcm'))).rejects.toThrow(/explicit big-endian/);
    await expect(readDicom(fixture('big-endian.dcm'))).rejects.toThrow(error('UNSUPPORTED_DICOM'));
  });
});

describe('leads', () => {
  const source = (code: string, scheme: string, meaning: string): Elements => ({
    '003A,0203 SH': '',
    '003A,0208 SQ': [{ '0008,0100 SH': code, '0008,0102 SH': scheme, '0008,0104 LO': meaning }],
  });
  const nameOf = async (channel: Elements) => (await read({ channel })).sigName[0];

  it.each([
    ['2:61', 'MDC', 'Lead III', 'III'],
    ['2:62', 'MDC', 'aVR, augmented voltage, right', 'aVR'],
    ['5.6.3-9-8', 'SCPECG', 'Lead V6', 'V6'],
    ['5.6.3-9-1', 'SCPECG', 'Lead I (Einthoven)', 'I'],
    ['2:3', 'MDC', '', 'V1'],
    ['2:3', 'MDC', 'MDC_ECG_LEAD_V1', 'V1'],
    ['2:65', 'MDC', '-aVR', '-aVR'],
    ['2:37', 'MDC', 'Derived Lead V5', 'Derived Lead V5'],
    ['7', 'LOCAL', 'Lead II\0', 'II'],
    ['2:3', 'LOCAL', 'Lead II', 'II'],
  ])('%s of %s, "%s" is %s', async (code, scheme, meaning, lead) => expect(await nameOf(source(code, scheme, meaning))).toBe(lead));

  it('takes the label where there is no source', async () => {
    expect(await nameOf({ '003A,0203 SH': 'Lead aVF\0' })).toBe('aVF');
    expect(await nameOf({ '003A,0203 SH': 'PACE' })).toBe('PACE');
  });

  it.each(['2:2', '2:37'])('refuses code %s called Lead I', async (code) => {
    await expect(nameOf(source(code, 'MDC', 'Lead I'))).rejects.toThrow(error('BAD_DICOM'));
  });
});

describe('samples and units', () => {
  it.each([
    ['uV', 'uV'],
    ['mV', 'mV'],
    ['\u00b5V', 'uV'],
    ['MV', 'unknown'],
    ['mm[Hg]', 'unknown'],
  ])('%s is %s', async (code, unit) => {
    expect((await read({ channel: { '003A,0211 SQ': [{ '0008,0100 SH': code }] } })).units).toEqual([unit]);
  });

  it('a sensitivity without a unit is unknown, and no sensitivity is adc', async () => {
    expect((await read({ channel: { '003A,0211 SQ': [] } })).units).toEqual(['unknown']);
    const record = await read({ channel: { '003A,0210 DS': '', '003A,0213 DS': '5' } });
    expect(record).toMatchObject({ units: ['adc'], adcGain: [1], baseline: [0] });
    expect([...record.signal[0]!]).toEqual([1, 2]);
  });

  it('reads what is written, of every kind', async () => {
    const kinds = [
      { kind: 'SS', bits: 16, min: -32768, max: 32767 },
      { kind: 'US', bits: 16, min: 0, max: 65535 },
      { kind: 'SB', bits: 8, min: -128, max: 127 },
      { kind: 'UB', bits: 8, min: 0, max: 255 },
      { kind: 'SL', bits: 32, min: -(2 ** 31), max: 2 ** 31 - 1 },
    ];
    const written = fc.constantFrom(...kinds).chain(({ kind, bits, min, max }) =>
      fc
        .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 9 }))
        .chain(([channels, samples]) => {
          const row = fc.array(fc.integer({ min, max }), { minLength: channels, maxLength: channels });
          return fc.array(row, { minLength: samples, maxLength: samples });
        })
        .map((samples) => ({ kind, bits, samples })),
    );
    await fc.assert(
      fc.asyncProperty(written, async ({ kind, bits, samples }) => {
        const type = { 8: Uint8Array, 16: Uint16Array, 32: Uint32Array }[bits]!;
        const record = await read({
          samples,
          names: samples[0]!.map((_, index) => `lead ${index}`),
          attributes: { '5400,1004 US': bits, '5400,1006 CS': kind, '5400,1010 OW': new Uint8Array(type.from(samples.flat()).buffer) },
        });
        expect(record.digital!.map((lead) => [...lead])).toEqual(samples[0]!.map((_, index) => samples.map((row) => row[index])));
      }),
      { numRuns: 300 },
    );
  });

  it('makes padding NaN in the signal, before the sign of unused bits is looked at', async () => {
    const padding = new Uint8Array([0x00, 0x80]);
    const record = await read({ samples: [[5], [-32768], [-7]], attributes: { '5400,100A OW': padding }, channel: { '003A,021A US': 12 } });
    expect([...record.signal[0]!]).toEqual([5, Number.NaN, -7]);
    expect([...record.digital![0]!]).toEqual([5, -32768, -7]);
  });

  it.each([
    ['a number beyond the bits', [[5000], [1]]],
    ['one fill and the other', [[-5], [0xffb]]],
  ])('refuses %s', async (_, samples) => {
    await expect(read({ samples, channel: { '003A,021A US': 12 } })).rejects.toThrow(error('BAD_DICOM'));
  });
});

describe('groups', () => {
  const labelled = (label: string, group: WrittenGroup = {}): WrittenGroup => ({
    ...group,
    attributes: { '003A,0020 SH': label, ...group.attributes },
  });
  const derived = { '003A,0004 CS': 'DERIVED' };
  const long = [[3], [4], [5]];

  it('prefers the original, then the label, then leads, then length', async () => {
    const sigLen = async (...groups: WrittenGroup[]) => (await read(...groups)).signal[0]!.length;
    expect(await sigLen({ samples: long, attributes: derived }, {})).toBe(2);
    expect(await sigLen({ samples: long }, labelled('RHYTHM'))).toBe(2);
    expect(await sigLen({ names: ['PACE'], samples: long }, {})).toBe(2);
    expect(await sigLen({}, { samples: long })).toBe(3);
    expect(await sigLen({ samples: long, attributes: { '003A,001A DS': '1000' } }, {})).toBe(2); // three of 1 ms, two of 2 ms
    expect(await sigLen(labelled('MEDIAN BEAT', { samples: long }), { attributes: derived })).toBe(2);
  });

  it('names what it cannot decide', async () => {
    await expect(read(labelled('MEDIAN BEAT'))).rejects.toThrow(error('NO_RHYTHM'));
    const other = { names: ['V1'], samples: long };
    await expect(read({}, other)).rejects.toThrow(error('SEVERAL_GROUPS'));
    await expect(read({ samples: long }, { ...other, attributes: { '003A,001A DS': '250' } })).rejects.toThrow(/groups 2 and 1/);
    await expect(read({}, { names: ['V1'], attributes: { '0018,1068 DS': '2500' } })).rejects.toThrow(error('SEVERAL_GROUPS'));
    expect((await readDicom(ecg(waveform(), waveform(other)), { group: 2 })).sigName).toEqual(['V1']);
    expect((await read({}, { names: ['V1'] })).sigName).toEqual(['I', 'V1']);
    expect((await read({}, { names: ['PACE'], samples: long })).sigName).toEqual(['I']);
  });
});

describe('skew', () => {
  const skewed = (element: string, values: string[]) => {
    const group = waveform({ names: ['I', 'II'], samples: [[1, 2]] });
    const channels = group['003A,0200 SQ'] as Elements[];
    channels.forEach((channel, index) => {
      channel[element] = values[index]!;
    });
    return ecg(group);
  };

  it.each(['003A,0214 DS', '003A,0215 DS', '003A,0218 DS'])('%s: refused between channels, unless it is to be ignored', async (element) => {
    await expect(readDicom(skewed(element, ['0', '0.25']))).rejects.toThrow(error('UNSUPPORTED_DICOM_SKEW'));
    expect((await readDicom(skewed(element, ['0', '0.25']), { skew: 'ignore' })).sigName).toEqual(['I', 'II']);
    expect((await readDicom(skewed(element, ['0.25', '0.25']))).sigName).toEqual(['I', 'II']);
  });
});

describe('refuses by name', () => {
  const with_ = (attributes: Elements) => ecg(waveform({ attributes }));
  const channel = (elements: Elements) => ecg(waveform({ channel: elements }));

  it.each([
    ['no waveform', ecg(), 'BAD_DICOM'],
    ['an image', writeDicom({}, { sopClass: '1.2.840.10008.5.1.4.1.1.7' }), 'UNSUPPORTED_DICOM'],
    ['another class in the data set', writeDicom({ '0008,0016 UI': '1.2.3', '5400,0100 SQ': [waveform()] }), 'UNSUPPORTED_DICOM'],
    ['no class', writeDicom({ '5400,0100 SQ': [waveform()] }, { sopClass: '' }), 'BAD_DICOM'],
    ['a JPEG', writeDicom({}, { syntax: '1.2.840.10008.1.2.4.50' }), 'UNSUPPORTED_DICOM'],
    ['no transfer syntax', writeDicom({}, { syntax: '' }), 'BAD_DICOM'],
    ['mu-law', with_({ '5400,1004 US': 8, '5400,1006 CS': 'MB' }), 'UNSUPPORTED_DICOM'],
    ['A-law', with_({ '5400,1004 US': 8, '5400,1006 CS': 'AB' }), 'UNSUPPORTED_DICOM'],
    ['unsigned 32 bits', with_({ '5400,1004 US': 32, '5400,1006 CS': 'UL' }), 'UNSUPPORTED_DICOM'],
    ['bits that do not fit the kind', with_({ '5400,1004 US': 8 }), 'BAD_DICOM'],
    ['a waveform without data', with_({ '5400,1010 OW': new Uint8Array() }), 'BAD_DICOM'],
    ['too little data', with_({ '003A,0010 UL': 3 }), 'TRUNCATED'],
    ['too much data', with_({ '003A,0010 UL': 1 }), 'BAD_DICOM'],
    ['samples beyond all memory', with_({ '003A,0010 UL': 2 ** 32 - 1 }), 'TRUNCATED'],
    ['no samples', with_({ '003A,0010 UL': 0 }), 'BAD_DICOM'],
    ['more channels than described', with_({ '003A,0005 US': 2 }), 'BAD_DICOM'],
    ['no rate', with_({ '003A,001A DS': '' }), 'BAD_DICOM'],
    ['a rate of zero', with_({ '003A,001A DS': '0' }), 'BAD_DICOM'],
    ['a rate without end', with_({ '003A,001A DS': 'Infinity' }), 'BAD_DICOM'],
    ['a rate beyond numbers', with_({ '003A,001A DS': '1e999' }), 'BAD_DICOM'],
    ['a rate in hexadecimal', with_({ '003A,001A DS': '0x1F4' }), 'BAD_DICOM'],
    ['two rates', with_({ '003A,001A DS': '500\\250' }), 'BAD_DICOM'],
    ['a sensitivity of zero', channel({ '003A,0210 DS': '0' }), 'BAD_DICOM'],
    ['a correction of zero', channel({ '003A,0212 DS': '0' }), 'BAD_DICOM'],
    ['a sensitivity without measure', channel({ '003A,0210 DS': '1e-300' }), 'BAD_DICOM'],
    ['a baseline without measure', channel({ '003A,0213 DS': '1e300' }), 'BAD_DICOM'],
    ['a sensitivity in words', channel({ '003A,0210 DS': 'NaN' }), 'BAD_DICOM'],
    ['more bits stored than allocated', channel({ '003A,021A US': 17 }), 'BAD_DICOM'],
    ['no bits', channel({ '003A,021A US': 0 }), 'BAD_DICOM'],
  ] as [string, Uint8Array, string][])('%s', async (_, file, code) => {
    await expect(readDicom(file)).rejects.toThrow(error(code));
  });

  it('an element that stands twice', async () => {
    const twice = [...writeElements(waveform()), ...writeElements({ '003A,001A DS': '250' })];
    const item = Uint8Array.from([0xfe, 0xff, 0x00, 0xe0, twice.length & 255, twice.length >> 8, 0, 0, ...twice]);
    await expect(readDicom(writeDicom({ '5400,0100 SQ': item }))).rejects.toThrow(/stands twice/);
  });

  it('a delimiter that has a length', async () => {
    const file = Buffer.from(fixture('undefined.dcm'));
    const delimiter = Buffer.from('feffdde000000000', 'hex');
    const first = file.indexOf(delimiter, file.indexOf(delimiter) + 1); // the first of all is the value of a private element
    file[first + 4] = 2;
    await expect(readDicom(new Uint8Array(file))).rejects.toThrow(/a delimiter has a length/);
  });

  it('sequences without end, nested deeper than any stack', async () => {
    const open = [0x00, 0x54, 0x00, 0x01, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff];
    const header = writeDicom({}, { syntax: '1.2.840.10008.1.2' });
    const nested = (tag: number[]) =>
      Uint8Array.from([...header, ...Array.from({ length: 20_000 }, () => [...tag, ...open.slice(4)]).flat()]);
    await expect(readDicom(nested([0x00, 0x54, 0x00, 0x01]))).rejects.toThrow(error('BAD_DICOM'));
    await expect(readDicom(nested([0x19, 0x00, 0x02, 0x10]))).rejects.toThrow(error('TRUNCATED'));
  });
});

describe('damage', () => {
  /** A record whose leads have one length and whose numbers are numbers, or a named error. */
  async function readsOrRefuses(file: Uint8Array): Promise<EcgRecord | undefined> {
    try {
      const record = await readDicom(file);
      checkRecord(record);
      for (const lead of record.signal) expect(lead.length).toBe(record.digital![0]!.length);
      return record;
    } catch (caught) {
      expect(caught).toBeInstanceOf(FormatError);
      expect((caught as Error).message).not.toMatch(/never/i);
      return undefined;
    }
  }

  it.each(NAMES)('%s: every truncation is refused, or loses nothing', async (name) => {
    const file = fixture(`${name}.dcm`);
    const whole = await readDicom(file);
    for (let end = 0; end < file.length; end++) {
      const record = await readsOrRefuses(file.subarray(0, end));
      if (record) expect(record).toEqual(whole);
    }
  });

  it('random mutations give a record or a named error', async () => {
    const files = NAMES.map((name) => fixture(`${name}.dcm`));
    const change = fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), fc.array(change, { minLength: 1, maxLength: 6 }), async (file, changes) => {
        const mutated = Uint8Array.from(file);
        for (const [at, value] of changes) mutated[132 + (at % (file.length - 132))] = value;
        await readsOrRefuses(mutated);
      }),
      { numRuns: 4000, seed: 7 },
    );
  });
});

describe('inflateRaw', () => {
  const zeros = new Uint8Array(deflateRawSync(new Uint8Array(1e6)));

  it('gives what was deflated, with the padding or without', async () => {
    const isSame = async (deflated: Uint8Array, whole: Uint8Array) => Buffer.compare(await inflateRaw(deflated, 1e6), whole) === 0;
    expect(await isSame(zeros, new Uint8Array(1e6))).toBe(true);
    expect(await isSame(Uint8Array.from([...zeros, 0]), new Uint8Array(1e6))).toBe(true);
    const noise = Uint8Array.from({ length: 300_000 }, (_, index) => (index * index * 7919) >> 7);
    expect(await isSame(new Uint8Array(deflateRawSync(noise)), noise)).toBe(true);
  });

  it('stops at its limit', async () => {
    await expect(inflateRaw(zeros, 999_999)).rejects.toThrow(error('FILE_TOO_LARGE'));
    const bomb = new Uint8Array(deflateRawSync(new Uint8Array(2 ** 27)));
    await expect(inflateRaw(bomb, 1000)).rejects.toThrow(error('FILE_TOO_LARGE'));
  });

  it('refuses what ends early, and what is none', async () => {
    for (const end of [0, 1, 2, 10, zeros.length - 1])
      await expect(inflateRaw(zeros.subarray(0, end), 1e6)).rejects.toThrow(error('BAD_DICOM'));
    await expect(inflateRaw(new Uint8Array([7, 7, 7, 7]), 1e6)).rejects.toThrow(error('BAD_DICOM'));
  });

  it('says so where the engine has no DecompressionStream', async () => {
    const original = globalThis.DecompressionStream;
    try {
      Reflect.deleteProperty(globalThis, 'DecompressionStream');
      await expect(readDicom(fixture('deflated.dcm'))).rejects.toThrow(
        expect.objectContaining({ name: 'UnsupportedError', code: 'NO_DECOMPRESSION' }),
      );
      expect((await readDicom(fixture('explicit.dcm'))).sigName).toHaveLength(12);
    } finally {
      Object.defineProperty(globalThis, 'DecompressionStream', { value: original, configurable: true, writable: true });
    }
  });
});
