// Occlusion: every change is that of the network itself with the part hidden.

import { describe, expect, it } from 'vitest';
import { type EcgRecord, NOTICE } from '../../src/index.js';
import { loadTiny, tinyRecord } from '../tiny-network.js';
import { VARIANTS } from '../variants.js';

const record = tinyRecord();
const RHYTHM = '426783006'; // NSR, output 14
const WINDOW = 256;

const cut = (seconds: number): EcgRecord => ({ ...record, signal: record.signal.map((lead) => lead.slice(0, seconds * 100)) });

describe.each(VARIANTS)('explain (%s)', async (variant) => {
  const model = await loadTiny(variant);

  it('hides each lead, then each half second, as by hand', async () => {
    const { leads, segments, ...rest } = await model.explain(record, RHYTHM);
    const x = model.preprocess(record);
    const index = model.classes.findIndex(({ code }) => code === RHYTHM);
    const logit = model.forward(x)[index]!;
    expect(rest).toEqual({ ...model.classes[index], logit, notice: NOTICE });
    const hidden = (rows: number[], start: number, end: number) => {
      const window = x.slice();
      for (const row of rows) window.fill(0, row * WINDOW + start, row * WINDOW + end);
      return model.forward(window)[index]! - logit;
    };
    expect(leads).toEqual(record.sigName.map((lead, row) => ({ lead, change: hidden([row], 0, WINDOW) })));
    const all = record.sigName.map((_, row) => row);
    const starts = [0, 50, 100, 150, 200, 250];
    expect(segments).toEqual(
      starts.map((start) => {
        const end = Math.min(start + 50, WINDOW);
        return { startSeconds: start / 100, endSeconds: end / 100, change: hidden(all, start, end) };
      }),
    );
    expect(new Set([...leads, ...segments].map(({ change }) => change)).size).toBeGreaterThan(12);
  });

  it('counts seconds from the start of a record that is shorter than the window', async () => {
    const { segments } = await model.explain(cut(1.2), RHYTHM);
    expect(segments.map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds])).toEqual([
      [0, 0.5],
      [0.5, 1],
      [1, 1.2],
    ]);
  });

  it('explains what classify says, of the leads that it read', async () => {
    const flat = { ...record, signal: record.signal.map((lead, row) => (row === 4 ? lead.map(() => 7) : lead)) };
    const { leads, logit } = await model.explain(flat, RHYTHM);
    expect(leads.map(({ lead }) => lead)).toEqual(record.sigName.filter((_, row) => row !== 4));
    expect(logit).toBe(model.classify(flat).findings.find(({ code }) => code === RHYTHM)!.logit);
    expect((await model.explain(flat, RHYTHM, { quality: 'off' })).leads).toHaveLength(12);
  });
});

describe('explain', async () => {
  const model = await loadTiny();

  it('takes either code of a merged pair, and abbreviations', async () => {
    const codes = ['427172004', '17338001', 'PVC|VPB', 'pvc|vpb'];
    const [first, ...others] = await Promise.all(codes.map((code) => model.explain(cut(1), code)));
    expect(first!.code).toBe('427172004');
    expect(others).toEqual([first, first, first]);
  });

  it('refuses a class that the network does not know, before anything runs', async () => {
    await expect(model.explain(record, '73211009')).rejects.toThrow(/"code" expected one of 164889003 AF, .*got "73211009"/);
    await expect(model.explain(record, '73211009')).rejects.toThrow(RangeError);
    for (const code of [undefined, null, 7, {}]) await expect(model.explain(record, code as unknown as string)).rejects.toThrow(TypeError);
  });

  it('tells how far it is, up to 1, and can be aborted', async () => {
    const fractions: number[] = [];
    await model.explain(cut(1), RHYTHM, { onProgress: ({ fraction }) => fractions.push(fraction) });
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions).toHaveLength(model.plan.layers.length * (1 + 12 + 2));
    expect(fractions.at(-1)).toBe(1);
    const controller = new AbortController();
    const run = model.explain(record, RHYTHM, { signal: controller.signal, onProgress: () => controller.abort(new Error('enough')) });
    await expect(run).rejects.toThrow('enough');
    expect(model.classify(record).findings).toHaveLength(26);
  });

  it('reads the record at the call, as classifyAsync does', async () => {
    const own = { ...record, signal: record.signal.map((lead) => Float64Array.from(lead)) };
    const explained = model.explain(own, RHYTHM);
    for (const lead of own.signal) lead.fill(0);
    expect(await explained).toEqual(await model.explain(record, RHYTHM));
  });

  it('queues with other calls', async () => {
    const [explained, result] = await Promise.all([model.explain(record, RHYTHM), model.classifyAsync(record)]);
    expect(explained.logit).toBe(result.findings.find(({ code }) => code === RHYTHM)!.logit);
  });
});
