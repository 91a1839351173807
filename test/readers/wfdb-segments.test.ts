import { describe, expect, it } from 'vitest';
import { readWfdb } from '../../src/readers/index.js';
import { bytesOf, encode16, openFrom } from './writers.js';

/** Files of a record: texts are headers. */
const open = (files: Record<string, string | number[]>) => {
  const bytes = Object.entries(files).map(
    ([name, content]) => [name, typeof content === 'string' ? bytesOf(content) : encode16(content)] as const,
  );
  return openFrom({ header: '', files: new Map(bytes) });
};

const lists = (signals: ArrayLike<number>[] | undefined) => signals?.map((samples) => Array.from(samples));

const { NaN: nan } = Number;

describe('a record of several segments', () => {
  it('of one layout is their sequence, gaps too', async () => {
    const files = {
      'a.hea': 'a 2 100 2\na.dat 16 10(1)/mV 16 0 1 4 0 I\na.dat 16 100/uV 16 0 2 6 0 II\n# a',
      'a.dat': [1, 2, 3, 4],
      'b.hea': 'b 2 100\nb.dat 16 10(1)/mv 16 0 5 5 0 I\nb.dat 16 100/\u00b5V 16 0 6 6 0 II',
      'b.dat': [5, 6],
    };
    const record = await readWfdb('r/4 2 100\na 2\n~ 1\nb 1\na 2\n# of all', open(files));
    expect(record).toMatchObject({ fs: 100, sigName: ['I', 'II'], units: ['mV', 'uV'], adcGain: [10, 100], baseline: [1, 0] });
    expect(record.comments).toEqual(['of all']);
    expect(lists(record.digital)).toEqual([
      [1, 3, -32768, 5, 1, 3],
      [2, 4, -32768, 6, 2, 4],
    ]);
    expect(lists(record.signal)).toEqual([
      [0, 0.2, nan, 0.4, 0, 0.2],
      [0.02, 0.04, nan, 0.06, 0.02, 0.04],
    ]);
  });

  const variable = {
    'layout.hea': 'layout 3 100 0\n~ 0x2 7(3)/mV 12 0 0 0 0 I\n~ 0 1/mmHg 12 0 0 0 0 ABP\n~ 0x2 1/mV 12 0 0 0 0 V1',
    'a.hea': 'a 2 100\na.dat 16 1/mmHg 16 0 0 0 0 ABP\na.dat 16x2 10/mV 16 0 1 3 0 V1',
    'a.dat': [0, 1, 2],
    'b.hea': 'b 1 100\nb.dat 16x2 10/mV 16 0 3 18 0 V1',
    'b.dat': [3, 4, 5, 6],
  };

  it('of variable layout has the signals by their names, at the rate of its ECG', async () => {
    const record = await readWfdb('r/4 3 100 4\nlayout 0\na 1\n~ 1\nb 2', open(variable));
    expect(record).toMatchObject({ fs: 200, sigName: ['I', 'ABP', 'V1'], units: ['mV', 'unknown', 'mV'], adcGain: [7, 1, 10] });
    expect(lists(record.signal)).toEqual([
      [nan, nan, nan, nan, nan, nan, nan, nan],
      [0, 0, nan, nan, nan, nan, nan, nan],
      [0.1, 0.2, nan, nan, 0.3, 0.4, 0.5, 0.6],
    ]);
    const part = await readWfdb('r/4 3 100 4\nlayout 0\na 1\n~ 1\nb 2', open(variable), { startSeconds: 0.005, seconds: 0.02 });
    expect(lists(part.signal)?.[2]).toEqual([0.2, nan, nan, 0.3]);
  });

  it('whose scales differ has one of physical values only', async () => {
    const other = { ...variable, 'b.hea': 'b 1 100\nb.dat 16x2 20(2)/mV 16 0 3 18 0 V1' };
    const record = await readWfdb('r/3 3 100\nlayout 0\na 1\nb 2', open(other));
    expect(record.signal[2]).toEqual(Float64Array.from([0.1, 0.2, 0.05, 0.1, 0.15, 0.2]));
    for (const key of ['digital', 'adcGain', 'baseline']) expect(record).not.toHaveProperty(key);
    // Of one segment alone there is but one scale.
    const part = await readWfdb('r/3 3 100\nlayout 0\na 1\nb 2', open(other), { startSeconds: 0.01 });
    expect(part).toMatchObject({ adcGain: [7, 1, 20], baseline: [3, 0, 2] });
    // The value for invalid samples belongs to the scale: -32768 is one of format 32's.
    const wide = { ...variable, 'b.hea': 'b 1 100\nb.dat 32x2 10/mV 16 0 262147 0 0 V1' };
    const mixed = await readWfdb('r/3 3 100\nlayout 0\na 1\nb 1', open(wide), { checksum: 'ignore' });
    expect(mixed).not.toHaveProperty('digital');
  });

  it('leads of one name are told apart by their order', async () => {
    const files = {
      'layout.hea': 'l 2 100\n~ 0 1/mV 12 0 0 0 0 ECG\n~ 0 1/mV 12 0 0 0 0 ECG',
      'a.hea': 'a 2 100\na.dat 16 1 16 0 1 1 0 ECG\na.dat 16 1 16 0 2 2 0 ECG',
      'a.dat': [1, 2],
    };
    expect(lists((await readWfdb('r/2 2 100\nlayout 0\na 1', open(files))).digital)).toEqual([[1], [2]]);
  });

  const one = { 'a.hea': 'a 1 100 2\na.dat 16 200 16 0 1 3 0 I', 'a.dat': [1, 2] };

  it('may take less than a segment has, and opens it once', async () => {
    const opened: string[] = [];
    const counting = (name: string) => {
      opened.push(name);
      return open(one)(name);
    };
    const record = await readWfdb('r/3 1 100\na 2\na 1\na 2', counting);
    expect(lists(record.digital)).toEqual([[1, 2, 1, 1, 2]]);
    expect(opened).toEqual(['a.hea', 'a.dat']);
  });

  it('verifies the checksums of every segment', async () => {
    const files = { ...one, 'b.hea': 'b 1 100 2\nb.dat 16 200 16 0 1 4 0 I', 'b.dat': [1, 2] };
    const error = { code: 'CHECKSUM_MISMATCH', place: { format: 'wfdb', file: 'b.dat', line: 2 } };
    await expect(readWfdb('r/2 1 100\na 2\nb 2', open(files))).rejects.toMatchObject(error);
    expect((await readWfdb('r/2 1 100\na 2\nb 2', open(files), { checksum: 'ignore' })).signal[0]).toHaveLength(4);
  });

  const named = (changes: Record<string, string | number[]>) => ({ ...one, 'b.hea': 'b 1 100\na.dat 16 200 16 0 1 3 0 I', ...changes });

  it.each<[string, string, Record<string, string | number[]>, string, object]>([
    ['a segment of segments', 'r/1 1 100\nr 1', { 'r.hea': 'r/1 1 100\nr 1' }, 'BAD_SEGMENT', { line: 2 }],
    ['another rate', 'r/2 1 100\na 2\nb 2', named({ 'b.hea': 'b 1 200\na.dat 16 200 16 0 1 3 0 I' }), 'BAD_SEGMENT', { line: 3 }],
    ['too short a segment', 'r/2 1 100\na 2\nb 3', named({}), 'BAD_SEGMENT', { line: 3 }],
    ['another signal', 'r/2 1 100\na 2\nb 2', named({ 'b.hea': 'b 1 100\na.dat 16 200 16 0 1 3 0 II' }), 'BAD_SEGMENT', { line: 3 }],
    ['another number of signals', 'r/2 1 100\na 2\nb 1', named({ 'b.hea': 'b 2 100\na.dat 16\na.dat 16' }), 'BAD_SEGMENT', { line: 3 }],
    ['other frames', 'r/2 1 100\na 2\nb 1', named({ 'b.hea': 'b 1 100\na.dat 16x2 200 16 0 1 3 0 I' }), 'BAD_SEGMENT', { line: 3 }],
    [
      'a signal that the layout has not',
      'r/2 1 100\nb 0\na 2',
      named({ 'b.hea': 'b 1 100\n~ 0 1 1 0 0 0 0 V' }),
      'BAD_SEGMENT',
      { line: 3 },
    ],
    [
      'a signal twice',
      'r/2 1 100\nb 0\nc 1',
      named({ 'c.hea': 'c 2 100\na.dat 16 1 1 0 1 1 0 I\na.dat 16 1 1 0 2 2 0 I' }),
      'BAD_SEGMENT',
      { line: 3 },
    ],
    [
      'another unit',
      'r/2 1 100\na 2\nb 2',
      named({ 'b.hea': 'b 1 100\na.dat 16 200/uV 16 0 1 3 0 I' }),
      'UNEQUAL_UNITS',
      { file: 'b.hea', line: 2 },
    ],
    [
      'another unit that is not known',
      'r/2 1 100\nb 2\nc 2',
      named({ 'b.hea': 'b 1 100\na.dat 16 1/NU 1 0 1 3 0 I', 'c.hea': 'b 1 100\na.dat 16 1/mmHg 1 0 1 3 0 I' }),
      'UNEQUAL_UNITS',
      { file: 'c.hea', line: 2 },
    ],
    ['other signals than announced', 'r/1 2 100\na 2', one, 'BAD_HEADER', { line: 2 }],
    ['nothing but gaps', 'r/1 1 100\n~ 2', {}, 'NO_SIGNALS', {}],
    ['a segment without signals', 'r/1 0 100\na 2', { 'a.hea': 'a 0 100' }, 'NO_SIGNALS', {}],
    ['a bad header of a segment', 'r/1 1 100\na 2', { 'a.hea': 'a 1 100\na.dat 16x' }, 'BAD_HEADER', { file: 'a.hea', line: 2 }],
    ['a path in a segment', 'r/1 1 100\na 2', { 'a.hea': 'a 1 100\n../a.dat 16' }, 'UNSAFE_FILE_NAME', { file: 'a.hea', line: 2 }],
    ['a path', 'r/1 1 100\n../a 2', one, 'UNSAFE_FILE_NAME', { line: 2 }],
    ['a long path', 'r/1 1 100\nC:\\a 2', one, 'UNSAFE_FILE_NAME', { line: 2 }],
    ['a gap without end', 'r/2 1 100\na 2\n~ 9007199254740000', one, 'GAPS_TOO_LONG', {}],
    [
      'a segment without end',
      `r/${99999} 1 100\n${'a 99\n'.repeat(99999)}`,
      { ...one, 'a.hea': 'a 1 100\na.dat 16 200 16 0 0 0 0 I', 'a.dat': new Array(99).fill(0) },
      'GAPS_TOO_LONG',
      {},
    ],
    ['a file that is missing', 'r/1 1 100\nc 2', one, 'FILE_NOT_FOUND', { file: 'c.hea' }],
  ])('is refused: %s', async (_, header, files, code, place) => {
    await expect(readWfdb(header, open(files))).rejects.toMatchObject({ code, place });
  });

  it('with a gap of any length is read in parts', async () => {
    const header = 'r/3 1 100\na 2\n~ 9007199254740000\na 2';
    const record = await readWfdb(header, open(one), { seconds: 0.04 });
    expect(lists(record.signal)).toEqual([[0.005, 0.01, nan, nan]]);
  });
});
