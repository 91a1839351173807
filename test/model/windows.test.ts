// Long records, window by window.

import { describe, expect, it } from 'vitest';
import { cutRecord, type EcgRecord, type TimelineEntry } from '../../src/index.js';
import { simulate } from '../../src/simulate.js';
import { windowsOf } from '../../src/windows.js';
import { bitsOf, loadTiny, TINY } from '../tiny-network.js';

const WINDOW = TINY.windowSamples / TINY.fs;
const model = await loadTiny();
const long = simulate({ fs: 200, seconds: 4.5 * WINDOW, seed: 3 });

type Shown = Extract<TimelineEntry, { findings: unknown }>;
const spans = (windows: Iterable<{ startSeconds: number; seconds: number }>) =>
  Array.from(windows, ({ startSeconds, seconds }) => [startSeconds, seconds]);

describe('windowsOf', () => {
  const record = (samples: number): EcgRecord => ({
    fs: 10,
    sigName: ['I'],
    units: ['mV'],
    signal: [Float64Array.from({ length: samples }, (_, n) => n)],
  });
  const starts = (samples: number) => Array.from(windowsOf(record(samples), samples, 2), (window) => [...window.record.signal[0]!]);

  it.each([1, 19, 20])('%d samples are one window', (samples) => expect(starts(samples).map(({ length }) => length)).toEqual([samples]));

  it('the last window is whole and ends with the record', () => {
    expect(starts(45).map((values) => [values[0], values.length])).toEqual([
      [0, 20],
      [20, 20],
      [25, 20],
    ]);
    expect(starts(40).map((values) => values[0])).toEqual([0, 20]);
  });

  it('no sample is left out', () => {
    for (let samples = 1; samples < 100; samples++) expect(new Set(starts(samples).flat()).size).toBe(samples);
  });
});

describe("windows: 'all'", () => {
  const result = model.classify(long, { windows: 'all' });
  const windows = result.windows as Shown[];

  it('reads each window as a record of its own', () => {
    const cut = Array.from(windowsOf(long, long.signal[0]!.length, WINDOW));
    expect(cut).toHaveLength(5);
    expect(spans(windows)).toEqual(spans(cut));
    for (const [n, { record }] of cut.entries()) {
      const alone = model.classify(record);
      expect(bitsOf(windows[n]!.logits)).toEqual(bitsOf(alone.logits));
      expect(windows[n]!.findings).toEqual(alone.findings);
    }
  });

  it('shows of each class the most probable window', () => {
    for (const finding of result.findings) {
      const probabilities = windows.map(({ findings }) => findings.find(({ code }) => code === finding.code)!.probability);
      expect(finding.probability).toBe(Math.max(...probabilities));
    }
    const order = result.findings.map(({ probability }) => probability);
    expect(order).toEqual([...order].sort((a, b) => b - a));
    const most = result.logits.map((_, index) => Math.max(...windows.map(({ logits }) => logits[index]!)));
    expect(result.logits).toEqual(most);
  });

  it('is the same asynchronously, with progress', async () => {
    const fractions: number[] = [];
    const other = await model.classifyAsync(long, { windows: 'all', onProgress: ({ fraction }) => void fractions.push(fraction) });
    expect(other).toEqual(result);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
  });

  it('of a short record is that record', () => {
    const short = simulate({ seconds: 2 });
    const { windows: one, ...rest } = model.classify(short, { windows: 'all' });
    expect(rest).toEqual(model.classify(short));
    expect(spans(one!)).toEqual([[0, 2]]);
  });

  it('names a window without a signal, and reads the others', () => {
    const signal = long.signal.map((values) => Float64Array.from(values, (value, n) => (n < 2 * WINDOW * long.fs ? 0 : value)));
    const { digital: _, ...rest } = long;
    const off = model.classify({ ...rest, signal }, { windows: 'all' });
    expect(off.windows!.map((window) => ('error' in window ? window.error.code : 'read'))).toEqual([
      'NO_USABLE_LEAD',
      'NO_USABLE_LEAD',
      'read',
      'read',
      'read',
    ]);
    expect(off.flags).toEqual(['short', 'windows:failed']);
    expect(off.windows![0]).toMatchObject({ quality: { verdict: 'reject', codes: ['short', 'flat'] } });
    const nothing = { ...rest, signal: signal.map((values) => values.map(() => 0)) };
    expect(() => model.classify(nothing, { windows: 'all' })).toThrow(expect.objectContaining({ code: 'NO_USABLE_LEAD' }));
  });

  it('hides no fault of a later window: what differs is flagged, the worse verdict is the record’s', () => {
    const { digital: _, ...rest } = long;
    const late = (n: number) => n >= 3 * WINDOW * long.fs;
    const spoilt = (lead: string, value: number) =>
      long.signal.map((values, index) => Float64Array.from(values, (x, n) => (long.sigName[index] === lead && late(n) ? value : x)));
    const off = model.classify({ ...rest, signal: spoilt('V3', 0) }, { windows: 'all' });
    expect(off.leads).toContain('V3');
    expect(off.flags).toEqual(['short', 'windows:leads']);
    const entries = off.windows as Shown[];
    expect(entries.map(({ leads }) => leads.includes('V3'))).toEqual([true, true, true, false, false]);
    expect(entries[0]!.quality!.codes).toEqual(['short']);
    expect(off.quality!.codes).toEqual(expect.arrayContaining(['incomplete-leads', 'flat']));
    expect(off.quality!.leads.filter(({ verdict }) => verdict !== 'ok')).toEqual([{ lead: 'V3', verdict: 'reject', codes: ['flat'] }]);
    expect(off.quality!.reasons).toHaveLength(off.quality!.codes.length);
    expect(model.classify({ ...rest, signal: spoilt('V3', 0) }, { windows: 'all', quality: 'off' }).quality).toBeNull();
    expect(result.flags).toEqual(['short']);
    expect(result.quality!.codes).toEqual(['short']);
  });

  it('reads more than an hour, and the error of the first window alone says so', () => {
    const hours: EcgRecord = {
      fs: 50,
      sigName: ['I'],
      units: ['mV'],
      // A beat a second over a little noise: noise alone is not read.
      signal: [new Float32Array(50 * 3700).map((_, n) => (n % 50 === 7 ? 1 : ((n * 7919) % 11) / 200))],
    };
    expect(() => model.classify(hours)).toThrow(/RECORD_TOO_LONG|windows: 'all'/);
    expect(model.classify(hours, { windows: 'all' }).windows).toHaveLength(Math.ceil(3700 / WINDOW));
  });

  it('refuses a rate that no window has a sample of', () => {
    for (const fs of [0.01, 1e-9, 49]) {
      expect(() => model.classify({ ...long, fs }, { windows: 'all' })).toThrow(expect.objectContaining({ code: 'FS_OUT_OF_RANGE' }));
    }
  });

  it('ends with an abort, and refuses another mode', async () => {
    await expect(model.classifyAsync(long, { windows: 'all', signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    const controller = new AbortController();
    const run = model.classifyAsync(long, {
      windows: 'all',
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('now')),
    });
    await expect(run).rejects.toThrow('now');
    expect(() => model.classify(long, { windows: 'last' as 'all' })).toThrow(TypeError);
  });
});

it('cutRecord gives views of every lead, and of the integers', () => {
  const cut = cutRecord(long, 100, 150);
  expect(cut.signal.map(({ length }) => length)).toEqual(long.signal.map(() => 50));
  expect(cut.digital![3]).toEqual(long.digital![3]!.slice(100, 150));
  expect(cut.signal[0]!.buffer).toBe(long.signal[0]!.buffer);
});
