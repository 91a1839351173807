// Files that claim or nest more than any recording does: each limit has an error with a name, and what is claimed is never allocated.

import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/convert/checkpoint.js';
import { formatSafetensors } from '../../src/convert/format-safetensors.js';
import { LeadwiseError } from '../../src/errors.js';
import { readLabels } from '../../src/evaluate/labels.js';
import {
  readAecg,
  readBytes,
  readCsv,
  readDicom,
  readEdf,
  readFhir,
  readIshne,
  readJson,
  readMat,
  readMuse,
  readSierra,
  readWfdb,
  sniff,
} from '../../src/readers/index.js';
import { MAX_LEADS, MAX_LINES } from '../../src/readers/limits.js';
import { parseXml } from '../../src/readers/xml.js';
import { parseSafetensors } from '../../src/safetensors.js';
import { parseWeights } from '../../src/weights.js';
import { ecg, waveform, writeDicom } from '../readers/dicom-writer.js';
import { annotations, LEAD, makeEdf, timeKeeping } from '../readers/edf-files.js';
import { writeSierra } from '../readers/sierra-writer.js';
import { bytesOf, writeMat } from '../readers/writers.js';
import { allocatedBytes } from './oracle.js';
import { LIBRARIES } from './targets/readers.js';

type Run = () => unknown;

const SLOWEST_MS = 5000;
const MOST_BYTES = 2 ** 21;
const MANY = MAX_LEADS + 1;

/** The code of the error, within time, and within so many bytes of arrays beside the input's own. */
async function refusal(run: Run, most = MOST_BYTES): Promise<string> {
  const before = allocatedBytes();
  const start = performance.now();
  let code = 'none';
  try {
    await run();
  } catch (error) {
    expect(error).toBeInstanceOf(LeadwiseError);
    code = (error as LeadwiseError).code;
  }
  expect(performance.now() - start).toBeLessThan(SLOWEST_MS);
  expect(allocatedBytes() - before).toBeLessThan(most);
  return code;
}

const libraries = { libraries: LIBRARIES };
const json = (value: unknown) => bytesOf(JSON.stringify(value));
const wfdb = (header: string, bytes = 100) => readWfdb(header, () => new Uint8Array(bytes), { ...libraries, checksum: 'ignore' });
const xml = (text: string) => parseXml(bytesOf(text), LIBRARIES, 'xml');
const list = (count: number, piece: (index: number) => string) => Array.from({ length: count }, (_, index) => piece(index)).join('');

describe('sizes that are claimed', () => {
  const flac = (values: string) => {
    const stream = new Uint8Array(100);
    stream.set(bytesOf('fLaC\0\0\0\x22'));
    stream.set([0, 0, 0xf0 | 0x0f, 0xff, 0xff, 0xff, 0xff], 19); // 2^36 - 1 samples of one channel, 16 bits
    stream[20] = 0x00;
    stream[21] = 0xff;
    return readWfdb(`a 1 250${values}\na.dat 516 200 16 0 0 0 0 I\n`, () => stream, libraries);
  };
  const ishne = new Uint8Array(622);
  ishne.set(bytesOf('ISHNE1.0'));
  const view = new DataView(ishne.buffer);
  for (const [at, value] of [
    [14, 2 ** 31 - 1],
    [18, 522],
    [22, 522],
  ] as const)
    view.setInt32(at, value, true);
  for (const [at, value] of [
    [156, 1],
    [206, 1],
    [272, 250],
  ] as const)
    view.setInt16(at, value, true);

  const cases: [string, Run, string, number?][] = [
    ['2^31 samples in 100 bytes, WFDB', () => wfdb('a 1 500 2147483648\na.dat 16 200 16 0 0 0 0 I'), 'TRUNCATED'],
    ['2^53 samples in a frame', () => wfdb('a 1 500 1\na.dat 16x9007199254740991 200 16 0 0 0 0 I'), 'TRUNCATED'],
    ['a frame of 2^53 samples, as long as the file', () => wfdb('a 1 500\na.dat 16x9007199254740991 200 16 0 0 0 0 I'), 'none'],
    ['a skew of 2^53', () => wfdb('a 1 500 10\na.dat 16:9007199254740991 200 16 0 0 0 0 I'), 'none'],
    ['a signal without a file, 2^40 samples', () => wfdb('a 1 500 1099511627776\n~ 0 200 16 0 0 0 0 I'), 'GAPS_TOO_LONG'],
    ['2^36 samples of FLAC', () => flac(''), 'BAD_FLAC'],
    ['2^40 samples of FLAC', () => flac(' 1099511627776'), 'BAD_FLAC'],
    ['a matrix of 2^62', () => readMat(writeMat(30, 2 ** 31 - 1, [], { columns: 2 ** 31 - 1 })), 'TRUNCATED'],
    ['99999999 data records, EDF', () => readEdf(makeEdf({ signals: [LEAD], records: '99999999' })), 'TRUNCATED'],
    [
      'a gap of 10^60 s, EDF+D',
      () =>
        readEdf(
          makeEdf({
            signals: [{ ...LEAD, records: [[1], [2]] }, annotations(timeKeeping('+0'), timeKeeping(`+1${'0'.repeat(50)}`))],
            reserved: 'EDF+D',
          }),
          { maxGapSeconds: 1e300 },
        ),
      'GAP_TOO_LONG',
    ],
    ['2^31 samples in 100 bytes, ISHNE', () => readIshne(ishne, { checksum: 'ignore' }), 'TRUNCATED'],
    ['2^32 samples, DICOM', () => readDicom(ecg(waveform({ attributes: { '003A,0010 UL': 2 ** 32 - 1 } }))), 'TRUNCATED'],
    [
      'a Sierra file of a day',
      () => readSierra(bytesOf(writeSierra({ payload: [], sigLen: 43_200_000 })), libraries),
      'UNSUPPORTED_SIERRA',
    ],
    ['a zip of 65535 entries', () => readCheckpoint(zip({ count: 65_535 })), 'BAD_ZIP'],
    ['an entry of 2^32 bytes', () => readCheckpoint(zip({ count: 1, entryBytes: 2 ** 32 - 1 })), 'BAD_ZIP'],
    ['a zip bomb', () => readCheckpoint(zip({ count: 1, method: 8 })), 'UNSUPPORTED_ZIP'],
  ];
  it.each(cases)('%s', async (_, run, code, most) => expect(await refusal(run, most)).toBe(code));

  it('a deflated data set of 300 MB', async () => {
    const bomb = new Uint8Array(deflateRawSync(new Uint8Array(300 * 2 ** 20)));
    const file = new Uint8Array([...writeDicom({}, { syntax: '1.2.840.10008.1.2.1.99' }), ...bomb]);
    await expect(readDicom(file)).rejects.toMatchObject({ code: expect.stringMatching(/^(?:FILE_TOO_LARGE|BAD_DICOM)$/) });
  });
});

describe('numbers of leads', () => {
  const names = Array.from({ length: MANY }, (_, index) => `x${index}`);
  const cases: [string, Run][] = [
    ['WFDB', () => wfdb(`a ${MANY} 500 1\n${list(MANY, () => '~ 0 200 16 0 0 0 0 x\n')}`)],
    ['CSV', () => readCsv(`${names.join(',')}\n${names.map(() => '1').join(',')}\n`)],
    ['JSON', () => readJson(json({ fs: 1, sigName: names, units: 'mV', signal: names.map(() => [1]) }))],
    [
      'FHIR',
      () =>
        readFhir(
          json({
            resourceType: 'Observation',
            valueSampledData: { origin: { value: 0 }, period: 4, dimensions: MANY, data: '1 '.repeat(MANY) },
          }),
          { units: 'mV' },
        ),
    ],
    ['DICOM', () => readDicom(ecg(waveform({ samples: [names.map(() => 1)], names })))],
    [
      'MUSE',
      () =>
        readMuse(
          bytesOf(`<RestingECG><Waveform><WaveformType>Rhythm</WaveformType>${'<LeadData/>'.repeat(MANY)}</Waveform></RestingECG>`),
          libraries,
        ),
    ],
    [
      'aECG',
      () =>
        readAecg(
          bytesOf(
            `<AnnotatedECG><component><series><code code="RHYTHM"/><component><sequenceSet>${'<component><sequence/></component>'.repeat(MANY)}</sequenceSet></component></series></component></AnnotatedECG>`,
          ),
          libraries,
        ),
    ],
    ['Sierra', () => readSierra(bytesOf(writeSierra({ payload: [], sigLen: 1, attributes: { leadlabels: names.join(' ') } })), libraries)],
  ];
  it.each(cases)('%s', async (_, run) => expect(await refusal(run)).toBe('TOO_MANY_LEADS'));
});

describe('depth and number of parts', () => {
  const nested = (count: number) => '['.repeat(count) + ']'.repeat(count);
  const laughs = `<!DOCTYPE a [<!ENTITY a0 "ha">${list(30, (index) => `<!ENTITY a${index + 1} "&a${index};&a${index};">`)}]><a>&a30;</a>`;
  const config = (text: string) => parseWeights(formatSafetensors({ format: 'leadwise/1', config: text }, new Map()));
  const cases: [string, Run, string][] = [
    ['JSON, deep', () => readJson(bytesOf(`{"a":${nested(1_000_000)}}`)), 'BAD_JSON'],
    ['JSON, 65 deep', () => readJson(bytesOf(`{"fs":1,"I":[1],"a":${nested(64)}}`), { units: 'mV' }), 'BAD_JSON'],
    ['JSON, 64 deep', () => readJson(bytesOf(`{"fs":1,"I":[1],"a":${nested(63)}}`), { units: 'mV' }), 'none'],
    ['JSON, brackets in texts', () => readJson(bytesOf(`{"fs":1,"I":[1],"a":"\\\\\\"${'['.repeat(100)}"}`), { units: 'mV' }), 'none'],
    ['JSON of a million lists', () => readJson(bytesOf(`{"a":[${'[],'.repeat(2 ** 20)}1]}`)), 'BAD_JSON'],
    ['JSON of a million texts, FHIR', () => readFhir(bytesOf(`{"a":[${'"",'.repeat(2 ** 20)}1]}`)), 'BAD_JSON'],
    ['safetensors header', () => parseSafetensors(withHeader(`{"a":${nested(1_000_000)}}`)), 'BAD_SAFETENSORS'],
    ['config of a weight file, deep', () => config(nested(100_000)), 'BAD_CONFIG'],
    ['config of a weight file, a million lists', () => config(`[${'[],'.repeat(2 ** 20)}1]`), 'BAD_METADATA'],
    ['billion laughs', () => xml(laughs), 'XML_ENTITIES'],
    ['XML, deep', () => xml('<a>'.repeat(1_000_000)), 'XML_LIMIT'],
    ['XML elements', () => xml(`<a>${'<b/>'.repeat(500_001)}</a>`), 'XML_LIMIT'],
    ['XML comments', () => xml(`<a>${'x<!---->'.repeat(500_001)}</a>`), 'XML_LIMIT'],
    ['XML attributes', () => xml(`<a ${list(100_000, (index) => `a${index}="" `)}/>`), 'XML_LIMIT'],
    ['an XML name', () => xml(`<${'a'.repeat(1_000_000)}/>`), 'XML_LIMIT'],
    [
      'DICOM sequences',
      () => readDicom(new Uint8Array([...writeDicom({}), ...list32([0x54000100, 0x5351, 0xffffffff], 1000)])),
      'BAD_DICOM',
    ],
    ['lines of a table', () => readCsv('\n'.repeat(MAX_LINES + 1)), 'FILE_TOO_LARGE'],
  ];
  it.each(cases)('%s', async (_, run, code) => expect(await refusal(run, 2 ** 28)).toBe(code));

  it('DICOM items', async () => {
    await expect(readDicom(dicomItems(65_537))).rejects.toThrow('more than 65536 items');
    await expect(readDicom(dicomItems(65_536))).rejects.not.toThrow('items');
  });

  it('files without end', async () => {
    expect(await refusal(() => readCsv(new Uint8Array(2 ** 28 + 1)), 2 ** 30)).toBe('FILE_TOO_LARGE');
    const document = new Uint8Array(2 ** 26 + 1);
    document.set(bytesOf('<RestingECG>'));
    expect(await refusal(() => readMuse(document, libraries))).toBe('FILE_TOO_LARGE');
  });
});

describe('numbers', () => {
  const digits = '1'.repeat(1_000_000);
  const fhir = (sampled: object) =>
    readFhir(json({ resourceType: 'Observation', valueSampledData: { origin: { value: 0 }, period: 4, data: '1 2', ...sampled } }), {
      units: 'mV',
    });
  const scaled = (physical: [string, string]) => readEdf(makeEdf({ signals: [{ ...LEAD, physical }] }));
  const cases: [string, Run, string][] = [
    ['a sample of a million digits and a letter, FHIR', () => fhir({ data: `${digits}x` }), 'BAD_FHIR'],
    [
      'a gain of 0, JSON',
      () => readJson(json({ fs: 1, sigName: ['I'], units: 'mV', signal: [[1]], digital: [[1]], adcGain: [0], baseline: [0] })),
      'BAD_JSON',
    ],
    ['a factor of 0, FHIR', () => fhir({ factor: 0 }), 'BAD_FHIR'],
    ['a factor without an inverse, FHIR', () => fhir({ factor: 1e-320 }), 'BAD_SCALE'],
    ['an origin that is none in steps, FHIR', () => fhir({ factor: 1e-300, origin: { value: 1e300 } }), 'BAD_SCALE'],
    ['a physical range of nothing, EDF', () => scaled(['0', '1e-320']), 'BAD_SCALE'],
    ['a physical range of 0, EDF', () => scaled(['1', '1']), 'BAD_SCALE'],
    ['a gain of 0 is that of the standard, WFDB', () => wfdb('a 1 250 1\na.dat 16 0 16 0 0 0 0 I'), 'none'],
    ['a rate of 400 digits, WFDB', () => wfdb(`a 1 ${'9'.repeat(400)} 1\na.dat 16 0 16 0 0 0 0 I`), 'BAD_HEADER'],
    ['times without a distance, CSV', () => readCsv('time,I (mV)\n0,1\n1e-310,1\n'), 'UNEVEN_TIME'],
    ['a rate of 400 digits, Apple Health', () => readCsv(`Rate,${'9'.repeat(400)} hertz\nUnit,mV\n\n1\n`, { fs: 1 }), 'NOT_A_NUMBER'],
  ];
  it.each(cases)('%s', async (_, run, code) => expect(await refusal(run, 2 ** 25)).toBe(code));

  it('brackets without end, told apart in linear time', async () => {
    const start = performance.now();
    expect(sniff(bytesOf(`${'('.repeat(60_000)}\u2028x`))).toBeUndefined();
    await expect(readBytes(bytesOf(`${'(,'.repeat(30_000)}\u2028x`))).rejects.toThrow(LeadwiseError);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(await refusal(() => readLabels(bytesOf(`file,dx\n${',"'.repeat(100_000)}`)))).toBe('BAD_LABELS');
  });
});

describe('pickles that are endless as text', () => {
  const text = (value: string) => [0x8c, value.length, ...bytesOf(value)];
  /** A tuple of itself twice, sixty times over: 2^60 elements in 240 bytes. */
  const doubled = [...bytesOf(')'), ...Array.from({ length: 60 }).flatMap(() => [0x32, 0x86])];
  const pickle = (...parts: number[][]) => Uint8Array.from([0x80, 4, ...parts.flat(), 0x2e]);
  const storage = [...bytesOf('ctorch\nFloatStorage\n')];
  const legacy = (elements: number[]) => {
    const magic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
    const id = [0x28, ...text('storage'), ...storage, ...text('0'), ...text('cpu'), ...elements, ...bytesOf('tQ')];
    return Uint8Array.from([...magic, 0x80, 2, 0x4d, 0xe9, 3, 0x2e, ...pickle([0x7d]), ...pickle(id)]);
  };

  it('as the size of a storage', async () => {
    expect(await refusal(() => readCheckpoint(legacy(doubled)))).toBe('BAD_PICKLE');
    expect(await refusal(() => readCheckpoint(legacy([0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1])))).toBe('BAD_PICKLE'); // 2^64: a bigint
  });

  it('as a name in the settings', async () => {
    const tensor = [
      ...bytesOf('ctorch._utils\n_rebuild_tensor_v2\n('),
      0x28,
      ...text('storage'),
      ...storage,
      ...text('0'),
      ...text('cpu'),
      0x4b,
      1,
    ];
    const state = [...tensor, ...bytesOf('tQK\0'), 0x4b, 1, 0x85, 0x4b, 1, 0x85, ...bytesOf('tR')];
    const model = [0x7d, ...text('a'), ...state, 0x73];
    const value = [0x7d, ...text('model'), ...model, 0x73, ...text('classes'), 0x7d, ...doubled, 0x4e, 0x73, 0x73];
    const magic = legacy([]).subarray(0, 15 + 6 + 4);
    const storages = [...pickle([0x5d, ...text('0'), 0x61]), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const checkpoint = readCheckpoint(Uint8Array.from([...magic, ...pickle(value), ...storages]));
    expect([...checkpoint.tensors.keys()]).toEqual(['a']);
    expect(await refusal(() => checkpoint.extra('classes'))).toBe('BAD_CHECKPOINT');
  });

  it('empty dicts without number', async () => {
    for (const opcode of [0x7d, 0x8f]) {
      const bomb = new Uint8Array(4_000_000).fill(opcode);
      bomb.set([0x80, 4, 0x28]);
      expect(await refusal(() => readCheckpoint(bomb))).toBe('PICKLE_LIMIT');
    }
  });
});

/** An archive of one entry at most, whose directory may claim anything. */
function zip({ count, entryBytes = 4, method = 0 }: { count: number; entryBytes?: number; method?: number }): Uint8Array {
  const name = bytesOf('a/data.pkl');
  const file = new Uint8Array(30 + name.length + 4 + 46 + name.length + 22);
  const view = new DataView(file.buffer);
  const directory = 30 + name.length + 4;
  view.setUint32(0, 0x04034b50, true);
  view.setUint16(26, name.length, true);
  file.set(name, 30);
  view.setUint32(directory, 0x02014b50, true);
  view.setUint16(directory + 10, method, true);
  view.setUint32(directory + 24, entryBytes, true);
  view.setUint16(directory + 28, name.length, true);
  file.set(name, directory + 46);
  const end = directory + 46 + name.length;
  view.setUint32(end, 0x06054b50, true);
  view.setUint16(end + 10, count, true);
  view.setUint32(end + 16, directory, true);
  return file;
}

function withHeader(text: string): Uint8Array {
  const file = new Uint8Array(8 + text.length);
  new DataView(file.buffer).setUint32(0, text.length, true);
  file.set(bytesOf(text), 8);
  return file;
}

/** Begins of sequences of undefined length, each with an item of undefined length. */
function list32([tag, vr]: [number, number, number], count: number): number[] {
  const group = [(tag >>> 16) & 255, tag >>> 24, tag & 255, (tag >> 8) & 255];
  const level = [...group, vr >> 8, vr & 255, 0, 0, 255, 255, 255, 255, 0xfe, 0xff, 0, 0xe0, 255, 255, 255, 255];
  return Array.from({ length: count }).flatMap(() => level);
}

/** A waveform sequence of empty items. */
function dicomItems(count: number): Uint8Array {
  const start = writeDicom({});
  const file = new Uint8Array(start.length + 12 + 8 * count);
  file.set(start);
  const view = new DataView(file.buffer, start.length);
  [0x00, 0x54, 0x00, 0x01, 0x53, 0x51, 0, 0].forEach((byte, index) => {
    view.setUint8(index, byte);
  });
  view.setUint32(8, 8 * count, true);
  for (let item = 0; item < count; item++) view.setUint32(12 + 8 * item, 0xe000fffe, true);
  return file;
}
