import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkRecord, type EcgRecord, selectLeads } from '../../src/ecg.js';
import { FormatError } from '../../src/errors.js';
import { isBdf, isEdf, readEdf } from '../../src/readers/edf.js';
import { annotations, LEAD, type MadeFile, type MadeSignal, makeEdf, timeKeeping } from './edf-files.js';
import { bytesOf, expectRecordOrNamedError } from './writers.js';

interface Expected {
  signals: { label: string; fs: number; dimension: string; digital: number[]; physical: number[] }[];
  onsets?: number[];
}

const FOLDER = new URL('./fixtures/edf/', import.meta.url);
const NAMES = ['plain.edf', 'plus.edf', 'scales.edf', 'micro.edf', 'gaps.edf', 'plain.bdf', 'plus.bdf', 'written.edf'];

function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, FOLDER)));
}

function expected(name: string): Expected {
  return JSON.parse(readFileSync(new URL(name.endsWith('.edf') ? name.replace('.edf', '.json') : `${name}.json`, FOLDER), 'utf8'));
}

const failing = (code: string, more = {}) => expect.objectContaining({ name: 'FormatError', code, ...more });

/** `ECG I` is I, `ECG V1-Ref` nothing but itself. */
const withoutType = (label: string) => label.replace(/^ECG (?=a?V[1-6RLF]$|I{1,3}$)/, '');

describe('readEdf gives what pyedflib reads', () => {
  it.each(NAMES.filter((name) => name !== 'gaps.edf'))('%s', (name) => {
    const record = readEdf(fixture(name));
    checkRecord(record);
    const { fs } = expected(name).signals[0]!;
    const signals = expected(name).signals.filter((signal) => signal.fs === fs);
    expect(record.fs).toBe(fs);
    expect(record.sigName).toEqual(signals.map(({ label }) => withoutType(label)));
    signals.forEach(({ dimension, digital, physical }, index) => {
      const perMillivolt = dimension === 'V' ? 1000 : 1;
      const unit = { mV: 'mV', uV: 'uV', V: 'mV' }[dimension] ?? 'unknown';
      expect(record.units[index]).toBe(unit);
      const length = record.signal[index]!.length;
      const values = record.signal[index]!;
      const filled = digital.length - length;
      if (name !== 'written.edf') expect(filled).toBe(0);
      const read = [...values.slice(0, 20), ...(filled === 0 ? values.slice(-1) : [])];
      read.forEach((value, at) => {
        expect(Math.abs(value - perMillivolt * physical[at]!)).toBeLessThan(1e-9 * Math.max(1, Math.abs(value)));
      });
      if (name !== 'scales.edf') expect([...record.digital![index]!]).toEqual(digital.slice(0, length));
      else
        values.forEach((value, at) => {
          expect(value * record.adcGain![index]! + record.baseline![index]!).toBeCloseTo(digital[at]!, 6);
        });
    });
  });

  it('gaps.edf, with NaN where nothing was recorded', () => {
    const { signals, onsets } = expected('gaps.edf');
    const record = readEdf(fixture('gaps.edf'));
    expect(record).not.toHaveProperty('digital');
    expect(record.signal[0]).toHaveLength(550);
    signals.forEach(({ digital }, lead) => {
      const physical = new Float64Array(550).fill(Number.NaN);
      onsets!.forEach((onset, index) => {
        for (let t = 0; t < 100; t++) {
          physical[(onset - 0.25) * 100 + t] = (digital[100 * index + t]! - record.baseline![lead]!) / record.adcGain![lead]!;
        }
      });
      expect(record.signal[lead]).toEqual(physical);
    });
  });
});

describe('isEdf and isBdf', () => {
  it.each(NAMES)('know %s', (name) => {
    expect([isEdf(fixture(name)), isBdf(fixture(name))]).toEqual([name.endsWith('.edf'), name.endsWith('.bdf')]);
  });

  it.each([bytesOf(''), bytesOf('0'), bytesOf(`0       ${'x'.repeat(300)}`), bytesOf('0,1,2\n'), bytesOf('\u00ffBIOSEM')])(
    'know others %#',
    (bytes) => {
      expect([isEdf(bytes), isBdf(bytes)]).toEqual([false, false]);
      expect(() => readEdf(bytes)).toThrow(failing('BAD_EDF'));
    },
  );
});

describe('leads and units', () => {
  const single = (signal: Partial<MadeSignal>, file: Partial<MadeFile> = {}) =>
    readEdf(makeEdf({ signals: [{ ...LEAD, ...signal }], ...file }));

  it.each([
    ['I', 'I', 'I'],
    ['ECG II', 'II', 'II'],
    ['ECG aVR', 'aVR', 'aVR'],
    ['EKG V1', 'EKG V1', 'V1'],
    ['Lead III', 'Lead III', 'III'],
    ['ECG V1-Ref', 'ECG V1-Ref', undefined],
    ['ECG', 'ECG', undefined],
    ['MLII', 'MLII', undefined],
    ['EEG Fpz-Cz', 'EEG Fpz-Cz', undefined],
  ])('label %j is %j', (label, sigName, lead) => {
    const record = single({ label });
    expect(record.sigName).toEqual([sigName]);
    if (lead !== undefined) expect(selectLeads(record, [lead])).toEqual({ rows: [0], ignored: [] });
    else expect(() => selectLeads(record, ['I', 'II', 'V1'])).toThrow(expect.objectContaining({ code: 'NO_KNOWN_LEAD' }));
  });

  it.each([
    ['mV', 'mV', 1],
    ['uV', 'uV', 1],
    ['UV', 'uV', 1],
    ['\u00b5V', 'uV', 1],
    ['\u00c2\u00b5V', 'uV', 1], // UTF-8 in a field of bytes
    ['\u00ce\u00bcV', 'uV', 1],
    ['V', 'mV', 1000],
    ['nV', 'unknown', 1],
    ['', 'unknown', 1],
    ['degC', 'unknown', 1],
  ])('dimension %j is %s', (dimension, unit, factor) => {
    const { units, signal, adcGain, baseline, digital } = single({ dimension });
    expect(units).toEqual([unit]);
    expect([...digital![0]!]).toEqual([1, 2, 3, 4]);
    expect({ adcGain, baseline }).toEqual({ adcGain: [1000 / factor], baseline: [0] });
    expect([...signal[0]!]).toEqual([0.001, 0.002, 0.003, 0.004].map((value) => value * factor));
  });

  it.each([
    [{ digital: ['5', '5'] }, 'digital minimum'],
    [{ digital: ['0', '0'] }, 'digital minimum'],
    [{ digital: ['9', '-9'] }, 'digital minimum'],
    [{ digital: ['0', '65535'] }, 'digital minimum'],
    [{ digital: ['-1.5', '7'] }, 'digital minimum'],
    [{ digital: ['', ''] }, 'digital minimum'],
    [{ physical: ['3', '3'] }, 'physical minimum'],
    [{ physical: ['0', '0'] }, 'physical minimum'],
    [{ physical: ['-1,5', '1,5'] }, 'physical minimum'],
    [{ physical: ['NaN', 'Infinity'] }, 'physical minimum'],
    [{ physical: ['-1e300', '1e300'] }, 'physical minimum'],
  ] as [Partial<MadeSignal>, string][])('refuses a lead with %j', (signal, message) => {
    const [lead, other]: [MadeSignal, MadeSignal] = [
      { ...LEAD, ...signal },
      { ...LEAD, label: 'II' },
    ];
    expect(() => readEdf(makeEdf({ signals: [other, lead] }))).toThrow(failing('BAD_SCALE', { place: { format: 'edf', lead: 'I' } }));
    expect(() => readEdf(makeEdf({ signals: [other, lead] }))).toThrow(message);
    // What is no lead spoils nothing.
    expect(readEdf(makeEdf({ signals: [other, { ...lead, label: 'Marker' }] })).sigName).toEqual(['II']);
    expect(() => readEdf(makeEdf({ signals: [{ ...lead, label: 'Marker' }] }))).toThrow(failing('BAD_SCALE', { place: { format: 'edf' } }));
  });

  it('turns a signal whose physical range is upside down, and gives no integers then', () => {
    const record = single({ physical: ['32.768', '-32.767'] });
    expect(record).not.toHaveProperty('digital');
    expect([...record.signal[0]!]).toEqual([-0.001, -0.002, -0.003, -0.004]);
  });

  it('keeps fractional baselines', () => {
    expect(single({ digital: ['0', '4095'], physical: ['-5', '5'] })).toMatchObject({ adcGain: [409.5], baseline: [2047.5] });
  });

  it('takes rounding off the gain', () => {
    expect(65535 / (0.32767 + 0.32768)).not.toBe(100000);
    expect(single({ physical: ['-0.32768', '0.32767'] })).toMatchObject({ adcGain: [100000], baseline: [0] });
  });

  it('reads 24 bits with their sign', () => {
    const values = [-8388608, -1, 0, 8388607];
    const record = single({ records: [values], physical: ['-8388608', '8388607'], dimension: 'uV' }, { bdf: true });
    expect([...record.digital![0]!]).toEqual(values);
    expect([...record.signal[0]!]).toEqual(values);
  });
});

describe('rates', () => {
  const resp: MadeSignal = { label: 'Resp', records: [[7]] };

  it('leaves out other signals of another rate, and lists of annotations', () => {
    const emg = { ...LEAD, label: 'EMG' };
    const record = readEdf(makeEdf({ signals: [resp, LEAD, annotations(timeKeeping('+0')), emg] }));
    expect(record.sigName).toEqual(['I', 'EMG']);
    expect([...record.digital![0]!]).toEqual([1, 2, 3, 4]);
  });

  it('takes the rate of ECG where no lead has its name, else of the first signal', () => {
    expect(readEdf(makeEdf({ signals: [resp, { ...LEAD, label: 'EKG' }] }))).toMatchObject({ fs: 4, sigName: ['EKG'] });
    expect(readEdf(makeEdf({ signals: [resp, { ...LEAD, label: 'EMG' }] }))).toMatchObject({ fs: 1, sigName: ['Resp'] });
  });

  it('refuses leads of two rates', () => {
    const other = { label: 'ECG V2', records: [[1, 2]] };
    expect(() => readEdf(makeEdf({ signals: [LEAD, other] }))).toThrow(failing('UNEQUAL_RATES', { place: { format: 'edf', lead: 'V2' } }));
  });

  it.each([
    ['1', 4],
    ['0.01', 400],
    ['2', 2],
    ['3', 4 / 3],
    ['.5', 8],
  ])('4 samples in %s s', (seconds, fs) => {
    expect(readEdf(makeEdf({ signals: [LEAD], seconds })).fs).toBe(fs);
  });

  it('takes rounding off the division', () => {
    const signals = [{ ...LEAD, records: [Array.from({ length: 57 }, (_, t) => t)] }];
    expect(57 / 0.57).not.toBe(100);
    expect(readEdf(makeEdf({ signals, seconds: '0.57' })).fs).toBe(100);
  });
});

describe('sizes', () => {
  const three = {
    signals: [
      {
        ...LEAD,
        records: [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      },
    ],
  };
  const whole = makeEdf(three);

  it.each([
    [0, [1, 2, 3, 4, 5, 6]],
    [1, [1, 2, 3, 4]],
    [4, [1, 2, 3, 4]],
    [5, [1, 2]],
  ])('number of data records -1, less %i bytes: what is whole', (less, values) => {
    const bytes = makeEdf({ ...three, records: '-1' });
    expect([...readEdf(bytes.subarray(0, bytes.length - less)).digital![0]!]).toEqual(values);
  });

  it('refuses fewer and more bytes than stated, or reads what is whole and announced', () => {
    const short = whole.subarray(0, whole.length - 1);
    expect(() => readEdf(short)).toThrow(failing('TRUNCATED'));
    expect([...readEdf(short, { fileSize: 'ignore' }).digital![0]!]).toEqual([1, 2, 3, 4]);
    const long = makeEdf({ ...three, records: '2' });
    expect(() => readEdf(long)).toThrow(failing('SIZE_MISMATCH'));
    expect([...readEdf(long, { fileSize: 'ignore' }).digital![0]!]).toEqual([1, 2, 3, 4]);
    expect(() => readEdf(whole.subarray(0, 513), { fileSize: 'ignore' })).toThrow(failing('NO_SAMPLES'));
    expect(() => readEdf(makeEdf({ signals: [{ ...LEAD, samplesPerRecord: '4', records: [] }], records: '0' }))).toThrow(
      failing('NO_SAMPLES'),
    );
  });

  it.each([
    ['no signals', { signals: [] }, 'NO_SIGNALS'],
    ['annotations alone', { signals: [annotations(timeKeeping('+0'))] }, 'NO_SIGNALS'],
    ['a header length of another number of signals', { ...three, headerBytes: '768' }, 'BAD_EDF'],
    ['a number of signals beyond the header', { ...three, count: '9999' }, 'BAD_EDF'],
    ['signals beyond the file', { ...three, count: '9999', headerBytes: `${256 * 10000}` }, 'TRUNCATED'],
    ['a number of data records that is none', { ...three, records: '3x' }, 'BAD_EDF'],
    ['a negative number of data records', { ...three, records: '-2' }, 'BAD_EDF'],
    ['more data records than fit', { ...three, records: '99999999' }, 'TRUNCATED'],
    ['more samples than fit', { signals: [{ ...LEAD, samplesPerRecord: '99999999' }] }, 'TRUNCATED'],
    ['more samples than fit, records unknown', { signals: [{ ...LEAD, samplesPerRecord: '99999999' }], records: '-1' }, 'NO_SAMPLES'],
    ['no samples', { signals: [{ ...LEAD, samplesPerRecord: '0' }] }, 'NO_SAMPLES'],
    ['negative samples', { signals: [{ ...LEAD, samplesPerRecord: '-4' }] }, 'BAD_EDF'],
    ['a duration of 0', { ...three, seconds: '0' }, 'BAD_EDF'],
    ['a negative duration', { ...three, seconds: '-1' }, 'BAD_EDF'],
    ['no duration', { ...three, seconds: '' }, 'BAD_EDF'],
  ] as [string, MadeFile, string][])('refuses %s', (_, file, code) => {
    expect(() => readEdf(makeEdf(file))).toThrow(failing(code));
  });

  it('never tells a name', () => {
    for (const bytes of [whole, makeEdf({ ...three, seconds: 'x' })]) {
      try {
        expect(JSON.stringify(readEdf(bytes))).not.toMatch(/name that/);
      } catch (error) {
        expect(String(error)).not.toMatch(/name that/);
      }
    }
  });
});

describe('discontinuous files', () => {
  /** Data records of a second with 4 samples, at these onsets. */
  const at = (...onsets: string[]) =>
    makeEdf({
      reserved: 'EDF+D',
      signals: [
        { ...LEAD, records: onsets.map((_, index) => [1, 2, 3, 4].map((value) => 10 * index + value)) },
        annotations(...onsets.map((o) => timeKeeping(o))),
      ],
    });

  it('without gaps read as the continuous', () => {
    const record = readEdf(at('+0', '+1', '+2'));
    expect([...record.digital![0]!]).toEqual([1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24]);
  });

  it('with a gap are as long as it was', () => {
    const { signal, digital } = readEdf(at('+10.5', '+11.5', '+13'));
    expect([...signal[0]!].map((value) => value * 1000)).toEqual([1, 2, 3, 4, 11, 12, 13, 14, Number.NaN, Number.NaN, 21, 22, 23, 24]);
    expect(digital).toBeUndefined();
  });

  it('have integers again in a part without gap', () => {
    expect([...readEdf(at('+0', '+1', '+9'), { startSeconds: 0.5, seconds: 1 }).digital![0]!]).toEqual([3, 4, 11, 12]);
  });

  it.each([
    [['+0', '+100'], {}, 'GAP_TOO_LONG'],
    [['+0', '+100'], { maxGapSeconds: 1000 }, 'GAP_TOO_LONG'], // 99 s of gap to 2 s of signal
    [['+0', '+10'], { maxGapSeconds: 5 }, 'GAP_TOO_LONG'],
    [['+0', '+999999999999999999999999'], { maxGapSeconds: 1e30 }, 'GAP_TOO_LONG'],
    [['+0', `+${'9'.repeat(50)}`], {}, 'GAP_TOO_LONG'],
    [['+0', '+3'], { startSeconds: 1, seconds: 1 }, 'GAP_TOO_LONG'], // nothing was recorded there
    [['+0', '+0.5'], {}, 'OVERLAPPING_RECORDS'],
    [['+5', '+0'], {}, 'OVERLAPPING_RECORDS'],
    [['+0', ''], {}, 'NO_ONSET'],
    [['+0', '1'], {}, 'NO_ONSET'],
    [['+0', '+1e3'], {}, 'NO_ONSET'],
    [['+0', '+1\x15'], {}, 'NO_ONSET'],
    [['+0', '+ 1'], {}, 'NO_ONSET'],
    [['+0', '+1\x14an event'], {}, 'NO_ONSET'], // its time, not the data record's
  ])('%j with %j: %s', (onsets, options, code) => {
    expect(() => readEdf(at(...onsets), options)).toThrow(failing(code));
  });

  it('without annotations are refused, never read as continuous', () => {
    expect(() => readEdf(makeEdf({ reserved: 'EDF+D', signals: [LEAD] }))).toThrow(failing('NO_ONSET'));
    expect(() => readEdf(makeEdf({ reserved: 'BDF+D', bdf: true, signals: [LEAD] }))).toThrow(failing('NO_ONSET'));
  });

  it('fill gaps of a minute in all', () => {
    const onsets = Array.from({ length: 10 }, (_, index) => `+${7 * index}`);
    expect(readEdf(at(...onsets)).signal[0]).toHaveLength(64 * 4);
    expect(() => readEdf(at(...onsets), { maxGapSeconds: 53 })).toThrow('54 of 64 s');
  });
});

describe('the end of the recording in its last data record', () => {
  const ending = (text: string) =>
    readEdf(
      makeEdf({
        reserved: 'EDF+C',
        signals: [
          {
            ...LEAD,
            records: [
              [1, 2, 3, 4],
              [5, 6, 6, 6],
            ],
          },
          annotations(timeKeeping('+0'), timeKeeping('+1', text)),
        ],
      }),
    ).digital![0]!.length;

  it.each([
    ['+1.5\x14Recording ends\x14\0', 6],
    ['+1.5\x150.1\x14other\x14Recording ends\x14\0', 6],
    ['+1.5\x14other\x14\0', 8],
    ['+2\x14Recording ends\x14\0', 8],
    ['+7\x14Recording ends\x14\0', 8],
    ['+0.5\x14Recording ends\x14\0', 8],
    ['x\x14Recording ends\x14\0', 8],
  ])('%j leaves %i samples', (text, samples) => {
    expect(ending(text)).toBe(samples);
  });
});

describe('parts', () => {
  const bytes = fixture('plus.edf');
  const whole = readEdf(bytes);

  it('are what the whole has there', () => {
    fc.assert(
      fc.property(fc.nat(99), fc.integer({ min: 1, max: 150 }), (start, length) => {
        const part = readEdf(bytes, { startSeconds: start / 50, seconds: length / 50 });
        part.digital!.forEach((values, lead) => {
          expect(values).toEqual(whole.digital![lead]!.slice(start, start + length));
        });
        part.signal.forEach((values, lead) => {
          expect(values).toEqual(whole.signal[lead]!.slice(start, start + length));
        });
      }),
    );
  });

  it('have one sample at least', () => {
    expect(readEdf(bytes, { startSeconds: 1, seconds: 1e-9 }).digital![0]).toEqual(whole.digital![0]!.slice(50, 51));
  });

  it('are checked', () => {
    expect(() => readEdf(bytes, { startSeconds: 2 })).toThrow(failing('PAST_END'));
    for (const options of [{ startSeconds: -1 }, { seconds: 0 }, { seconds: Number.NaN }, { maxGapSeconds: -1 }]) {
      expect(() => readEdf(bytes, options)).toThrow(RangeError);
    }
    expect(() => readEdf(bytes, { seconds: '1' as never })).toThrow(TypeError);
  });
});

describe('damage', () => {
  /** Bounds what is allocated, too: as many samples as the file can hold, and ten times that for gaps. */
  const check = (bytes: Uint8Array) => expectRecordOrNamedError(() => bounded(readEdf(bytes), bytes.length));

  function bounded(record: EcgRecord, bytes: number): EcgRecord {
    expect(record.signal.length * record.signal[0]!.length).toBeLessThanOrEqual(11 * (bytes / 2));
    checkRecord(record);
    return record;
  }

  it.each(NAMES)('every truncation of %s is an error with a name', (name) => {
    const bytes = fixture(name);
    const read: number[] = [];
    for (let end = 0; end < bytes.length; end++) {
      try {
        readEdf(bytes.subarray(0, end));
        read.push(end);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    }
    expect(read).toEqual([]);
  });

  it('every truncation, with the size ignored, is a record or an error with a name', async () => {
    const bytes = fixture('gaps.edf');
    for (let end = 0; end < bytes.length; end++) {
      await expectRecordOrNamedError(() => bounded(readEdf(bytes.subarray(0, end), { fileSize: 'ignore' }), end));
    }
  });

  it.each(NAMES)('random changes of %s', async (name) => {
    const bytes = fixture(name);
    const letter = fc.oneof(fc.constantFrom(...bytesOf('0123456789+-. eE\x14\x15\0')), fc.nat(255));
    const position = fc.oneof(fc.nat(Math.min(bytes.length, 256 * 5) - 1), fc.nat(bytes.length - 1), fc.integer({ min: 184, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(position, letter), { minLength: 1, maxLength: 8 }), (changes) => {
        const damaged = bytes.slice();
        for (const [at, value] of changes) damaged[at] = value;
        return check(damaged);
      }),
      { numRuns: 400, seed: 7 },
    );
  });

  it('random fields', async () => {
    const text = fc.oneof(
      fc.string({ maxLength: 8, unit: fc.constantFrom(...'0123456789.+-e ') }),
      fc.constantFrom('0', '1', '-1', '3', '4', '99999999', '1e-300'),
    );
    const signal = fc.record({
      label: fc.constantFrom('I', 'II', 'Resp', 'EDF Annotations'),
      physical: fc.tuple(text, text),
      digital: fc.tuple(text, text),
      samplesPerRecord: text,
      records: fc.constant([[1, 2, 3, 4]]),
    });
    const file = fc.record(
      {
        signals: fc.array(fc.oneof(fc.constant(LEAD), signal), { maxLength: 3 }),
        bdf: fc.boolean(),
        records: text,
        seconds: text,
        reserved: fc.constantFrom('EDF+C', 'EDF+D'),
      },
      { requiredKeys: ['signals'] },
    );
    await fc.assert(
      fc.asyncProperty(file, (made) => check(makeEdf(made as MadeFile))),
      { numRuns: 3000, seed: 11 },
    );
  });
});
