// Every storage format and layout against what Python's wfdb reads from the same files, whole and in parts.

import { describe, expect, it } from 'vitest';
import { readWfdb } from '../../src/readers/index.js';
import { FIXTURES, type Fixture, fixture, LIBRARIES, openSources } from './wfdb-fixtures.js';
import { openFrom } from './writers.js';

const FORMATS = ['8', '16', '24', '32', '61', '80', '160', '212', '310', '311', '508', '516', '524'];

/** Samples of a frame in the result, where they are not 1: those of the ECG signals that agree. */
const PER_FRAME = new Map([
  ['frames', 4],
  ['frames8', 2],
  ['frames_ecg2', 2],
  ['frames_flac', 4],
]);

const read = (record: Fixture, options = {}) => readWfdb(record.header, openFrom(record), { libraries: LIBRARIES, ...options });

const lists = (signals: ArrayLike<number>[] | undefined) => signals?.map((samples) => Array.from(samples));

it('the fixtures have every format, layout and odd count', () => {
  const headers = FIXTURES.map(({ header }) => header).join('\n');
  for (const format of FORMATS) expect(headers).toMatch(new RegExp(`\\.dat ${format}[ x:+]`));
  expect(FIXTURES).toHaveLength(34);
  expect(new Set(FIXTURES.filter(({ name }) => /31[01]_/.test(name)).map(({ expected }) => expected.sigLen % 3))).toEqual(
    new Set([0, 1, 2]),
  );
});

describe.each(FIXTURES.map((record) => [record.name, record] as const))('%s', (name, record) => {
  const { expected } = record;

  it('averaged over frames', async () => {
    const result = await read(record, { smoothFrames: true });
    expect(result).toMatchObject({ fs: expected.fs, sigName: expected.sigName });
    for (const samples of result.signal) expect(samples).toHaveLength(expected.sigLen);
    expected.units.forEach((unit, row) => {
      if (unit !== null) expect(result.units[row]).toBe(unit === 'mmHg' ? 'unknown' : unit);
    });
    expect(lists(result.digital)).toEqual(expected.digital);
    if (expected.physical) {
      const physical = expected.physical.map((samples) => samples.map((value) => value ?? Number.NaN));
      expect(lists(result.signal)).toEqual(physical);
      return;
    }
    // wfdb knows no gain of a signal that no segment has.
    expected.adcGain!.forEach((gain, row) => {
      if (gain !== null) expect([result.adcGain![row], result.baseline![row]]).toEqual([gain, expected.baseline![row]]);
    });
    result.signal.forEach((samples, row) => {
      const invalid = new Set(expected.invalid![row]);
      const { [row]: gain } = result.adcGain!;
      const { [row]: baseline } = result.baseline!;
      const physical = expected.digital![row]!.map((value, t) => (invalid.has(t) ? Number.NaN : (value - baseline!) / gain!));
      expect(Array.from(samples)).toEqual(physical);
    });
  });

  it('as stored', async () => {
    const result = await read(record);
    const perFrame = PER_FRAME.get(name) ?? 1;
    expect(result.fs).toBe(expected.fs * perFrame);
    if (perFrame === 1) {
      expect(result).toEqual(await read(record, { smoothFrames: true }));
      return;
    }
    const digital = expected.expanded!.map((stored, row) =>
      Array.from({ length: expected.sigLen * perFrame }, (_, t) => stored[Math.floor((t * expected.samplesPerFrame![row]!) / perFrame)]),
    );
    expect(lists(result.digital)).toEqual(digital);
  });

  it('in parts, from sources', async () => {
    const whole = await read(record);
    const sigLen = whole.signal[0]!.length;
    for (let start = 0; start < sigLen; start += 7) {
      for (const count of [1, 2, 13, 50]) {
        const { open } = openSources(record);
        const options = { libraries: LIBRARIES, startSeconds: start / whole.fs, seconds: count / whole.fs };
        const part = await readWfdb(record.header, open, options);
        expect(lists(part.signal)).toEqual(whole.signal.map((samples) => Array.from(samples.subarray(start, start + count))));
        if (whole.digital) {
          const cut = whole.digital.map((samples) => Array.from(samples.subarray(start, start + count)));
          if (!record.header.includes('/')) expect(lists(part.digital)).toEqual(cut);
        }
        expect(part).toMatchObject({ fs: whole.fs, sigName: whole.sigName, comments: whole.comments });
      }
    }
    await expect(read(record, { startSeconds: sigLen / whole.fs })).rejects.toMatchObject({ code: 'PAST_END' });
  });
});

describe('of a part only its bytes are read', () => {
  it.each(['fmt16', 'fmt24', 'fmt212', 'fmt310_67', 'fmt311_68', 'frames', 'skew', 'files'])('%s', async (name) => {
    const record = fixture(name);
    const { open, read: bytesRead } = openSources(record);
    await readWfdb(record.header, open, { startSeconds: 10 / record.expected.fs, seconds: 2 / record.expected.fs });
    for (const [file, bytes] of record.files) expect(bytesRead.get(file)!).toBeLessThan(bytes.length / 4);
    expect(bytesRead.size).toBe(record.files.size);
  });

  it('and only its segments', async () => {
    const record = fixture('variable');
    const { open, read: bytesRead } = openSources(record);
    const gap = await readWfdb(record.header, open, { startSeconds: 42 / 250, seconds: 10 / 250 });
    expect([...bytesRead.keys()]).toEqual(['seg_layout3.hea']);
    expect(gap.signal.map((samples) => samples.every(Number.isNaN))).toEqual([true, true, true]);
    await readWfdb(record.header, open, { startSeconds: 50 / 250, seconds: 10 / 250 });
    expect([...bytesRead.keys()]).toEqual(['seg_layout3.hea', 'seg_d.hea', 'seg_d.dat']);
  });

  it('of format 8 and FLAC all before it, too', async () => {
    for (const name of ['fmt8', 'fmt516']) {
      const record = fixture(name);
      const { open, read: bytesRead } = openSources(record);
      await readWfdb(record.header, open, { startSeconds: 0.2, libraries: LIBRARIES });
      expect(bytesRead.get(`${name}.dat`)).toBeGreaterThanOrEqual(record.files.get(`${name}.dat`)!.length);
    }
  });
});
