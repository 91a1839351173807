import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EcgRecord } from '../../src/ecg.js';
import { formatCsv, formatWfdb, simulate } from '../../src/simulate.js';

const short: EcgRecord = {
  fs: 360,
  sigName: ['MLII', 'a,"b"'],
  units: ['mV', 'unknown'],
  signal: [Float32Array.of(0.1, -0.2), Float32Array.of(1, Number.NaN)],
};

describe('formatCsv', () => {
  it('writes exact decimals that read back as the same numbers', () => {
    const record = simulate({ seconds: 3 });
    const [header, ...rows] = formatCsv(record).trimEnd().split('\n');
    expect(header).toBe(`time,${record.sigName.map((name) => `${name} (mV)`).join(',')}`);
    expect(rows.length).toBe(1500);
    rows.forEach((row, n) => {
      const [time, ...values] = row.split(',');
      expect(time).toBe(String(n / 500));
      expect(values.map(Number)).toEqual(record.signal.map((signal) => signal[n]));
      for (const value of values) expect(value).toMatch(/^-?\d+(\.\d{1,3})?$/);
    });
  });

  it('prefers digital to single-precision signals, quotes names, omits an unknown unit', () => {
    expect(formatCsv({ ...short, digital: [Int32Array.of(120, 60)], adcGain: [200], baseline: [100] })).toBe(
      `time,MLII (mV),"a,""b"""\n0,0.1,1\n${1 / 360},-0.2,NaN\n`,
    );
  });
});

/** The few lines of header(5) and format 16 that these records use. */
function readWfdb(header: string, signal: Uint8Array) {
  const lines = header.trimEnd().split('\n');
  const [name, leads, fs, sigLen] = lines[0]!.split(' ');
  const view = new DataView(signal.buffer, signal.byteOffset, signal.byteLength);
  const digital = lines.slice(1, 1 + Number(leads)).map((line, lead) => {
    const [file, format, scale, resolution, zero, initial, checksum, block, ...description] = line.split(' ');
    expect([file, format, resolution, zero, block]).toEqual([`${name}.dat`, '16', '16', '0', '0']);
    const values = Array.from({ length: Number(sigLen) }, (_, n) => view.getInt16((n * Number(leads) + lead) * 2, true));
    expect(Number(initial)).toBe(values[0]);
    const sum = values.reduce((total, value) => total + value, 0);
    expect((((Number(checksum) - sum) % 65536) + 65536) % 65536).toBe(0);
    expect(Math.abs(Number(checksum))).toBeLessThanOrEqual(32768);
    return { scale, values, description: description.join(' ') };
  });
  return { fs: Number(fs), digital, comments: lines.slice(1 + Number(leads)) };
}

describe('formatWfdb', () => {
  it('writes a record that reads back', () => {
    const record = simulate({ rhythm: 'af', seconds: 12, fs: 257.5 });
    const { header, signal } = formatWfdb(record, 'sim-1');
    const back = readWfdb(header, signal);
    expect(signal.length).toBe(Math.round(12 * 257.5) * 24);
    expect(back.fs).toBe(257.5);
    expect(back.digital.map(({ description }) => description)).toEqual(record.sigName);
    expect(back.digital.map(({ values }) => values)).toEqual(record.digital!.map((values) => Array.from(values)));
    expect(new Set(back.digital.map(({ scale }) => scale))).toEqual(new Set(['1000(0)/mV']));
    expect(back.comments).toEqual(record.comments!.map((comment) => `# ${comment}`));
  });

  it('gives any 16-bit values back', () => {
    const values = fc.int32Array({ min: -32767, max: 32767, minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(values, (lead) => {
        const record: EcgRecord = {
          fs: 100,
          sigName: ['V1'],
          units: ['uV'],
          signal: [lead],
          digital: [lead],
          adcGain: [4.88],
          baseline: [-3],
        };
        const { header, signal } = formatWfdb(record, 'x');
        const [back] = readWfdb(header, signal).digital;
        expect(back).toEqual({ scale: '4.88(-3)/uV', values: Array.from(lead), description: 'V1' });
      }),
    );
  });

  it('keeps a comment on its line', () => {
    const { header } = formatWfdb({ ...simulate({ seconds: 1 }), comments: ['one\nV9.dat 16'] }, 'x');
    expect(header.endsWith('# one V9.dat 16\n')).toBe(true);
  });

  it('refuses what the format cannot hold', () => {
    const record = simulate({ seconds: 1 });
    expect(() => formatWfdb(record, '../x')).toThrow(RangeError);
    expect(() => formatWfdb(record, '')).toThrow(RangeError);
    expect(() => formatWfdb(short, 'x')).toThrow(TypeError);
    expect(() => formatWfdb({ ...record, digital: [Int32Array.of(40000)] }, 'x')).toThrow(
      '"record.digital" expected -32767 to 32767, got 40000',
    );
    expect(() => formatWfdb({ ...record, digital: [Int32Array.of(1), Int32Array.of(1, 2)] }, 'x')).toThrow(RangeError);
  });
});
