import { describe, expect, it } from 'vitest';
import { CHALLENGE_CLASSES } from '../../src/classes.js';
import type { EcgRecord } from '../../src/ecg.js';
import { FormatError } from '../../src/errors.js';
import { evaluate, type LabelledRecord } from '../../src/evaluate/index.js';
import { loadTiny, tinyRecord } from '../tiny-network.js';

const AF = '164889003';
const model = await loadTiny();
const labelled = (seed: number, codes: string[], source?: string): LabelledRecord => ({
  name: `record ${seed}`,
  record: tinyRecord(6, seed),
  labels: { codes, ...(source === undefined ? {} : { source }) },
});
const RECORDS = Array.from({ length: 12 }, (_, i) => labelled(i + 1, i % 2 ? [AF] : [], i % 3 ? 'one' : 'two'));

describe('evaluate', () => {
  it('scores what the network says, set by set and source by source', async () => {
    const evaluation = await evaluate(model, RECORDS, { leadSets: [12, 2, ['I', 'V1']], resamples: 50 });
    expect(evaluation).toMatchObject({
      schema: 1,
      model: { name: 'test-tiny', version: expect.any(String) },
      records: 12,
      failures: [],
      sources: [
        { source: 'one', records: 8 },
        { source: 'two', records: 4 },
      ],
      minPositives: 5,
      bootstrap: { resamples: 50, seed: 1, level: 0.95 },
      notice: expect.stringContaining('not a medical device'),
    });
    expect(evaluation.leadSets.map(({ leads }) => leads.length)).toEqual([12, 2, 2]);
    const logits = RECORDS.map(({ record }) => model.classify(record as EcgRecord).logits[0]!);
    const better = logits.flatMap((a, i) => logits.flatMap((b, j) => (i % 2 && !(j % 2) ? [a > b ? 1 : a === b ? 0.5 : 0] : [])));
    const [first, two] = evaluation.leadSets;
    const expected = better.reduce((sum, value) => sum + value, 0) / better.length;
    expect(first!.strict.classes[0]).toMatchObject({ abbreviation: 'AF', positives: 6, auroc: { value: expect.closeTo(expected, 12) } });
    expect(first!.strict.macro.classes).toBe(1);
    expect(first!.strict).not.toEqual(two!.strict);
    expect(first!.sources.map(({ source, records }) => [source, records])).toEqual([
      ['one', 8],
      ['two', 4],
    ]);
    expect(first!.beside.map(({ labelling }) => labelling)).toEqual(['pvc-164884008', 'ludb-unstated-unknown']);
    expect(first!.confusion).toHaveLength(27);
    expect(first!.confusion[0]!.reduce((sum, count) => sum + count, 0)).toBe(6);
    expect(first!.confusion[26]!.reduce((sum, count) => sum + count, 0)).toBe(6);
    expect(first!.reliability.reduce((sum, { count }) => sum + count, 0)).toBe(12 * 26);
    expect(first!.curves[0]!.roc.at(-1)).toEqual([1, 1]);
  });

  it('does not depend on the order of the records', async () => {
    const options = { resamples: 0 };
    const [one, other] = [await evaluate(model, RECORDS, options), await evaluate(model, [...RECORDS].reverse(), options)];
    expect(other.leadSets[0]!.strict.macro.auroc).toEqual(one.leadSets[0]!.strict.macro.auroc);
    expect(other.leadSets[0]!.confusion).toEqual(one.leadSets[0]!.confusion);
  });

  it('takes labels from the header, sources from names, and records one by one', async () => {
    async function* read(): AsyncGenerator<LabelledRecord> {
      yield { name: 'x/HR00001.hea', record: async () => ({ ...tinyRecord(6, 1), comments: [`Dx: ${AF}`] }) };
      yield { name: 'E00001', record: () => ({ ...tinyRecord(6, 2), comments: ['Dx: 426783006'] }) };
    }
    const seen: unknown[] = [];
    const { leadSets, sources } = await evaluate(model, read(), { resamples: 0, onProgress: (state) => seen.push(state) });
    expect(sources.map(({ source }) => source).sort()).toEqual(['Georgia', 'PTB-XL']);
    expect(leadSets[0]!.strict.classes.find(({ code }) => code === AF)!.positives).toBe(1);
    expect(seen).toEqual([
      { done: 1, count: undefined, record: 'x/HR00001.hea' },
      { done: 2, count: undefined, record: 'E00001' },
    ]);
  });

  it('lists what fails, and counts it in no figure', async () => {
    const broken: LabelledRecord[] = [
      ...RECORDS.slice(0, 2),
      { name: 'unlabelled', record: tinyRecord(6, 3) },
      {
        name: 'unreadable',
        record: () => {
          throw new FormatError('FILE_NOT_FOUND', 'there is no such file');
        },
        labels: { codes: [] },
      },
      { name: 'words', record: { ...tinyRecord(6, 3), comments: ['Dx: AF'] } },
      { name: 'decimals', record: tinyRecord(6, 3), labels: { codes: ['164889003.0'] } },
      { name: 'numbers', record: tinyRecord(6, 3), labels: { codes: [164889003] as unknown as string[] } },
      { name: 'no record', record: {} as EcgRecord, labels: { codes: [] } },
      { name: 'short', record: tinyRecord(0.1, 1), labels: { codes: [] } },
    ];
    const { records, failures } = await evaluate(model, broken, { resamples: 0 });
    expect(records).toBe(2);
    expect(failures.map(({ record, error }) => [record, error.code])).toEqual([
      ['unlabelled', 'NO_LABELS'],
      ['unreadable', 'FILE_NOT_FOUND'],
      ['words', 'BAD_LABELS'],
      ['decimals', 'BAD_LABELS'],
      ['numbers', 'BAD_LABELS'],
      ['no record', 'BAD_INPUT'],
      ['short', 'RECORD_TOO_SHORT'],
    ]);
    const nothing = { code: 'NO_RECORDS', message: expect.stringMatching(/unlabelled.*\[NO_LABELS\]/) };
    await expect(evaluate(model, broken.slice(2))).rejects.toMatchObject(nothing);
    await expect(evaluate(model, [])).rejects.toMatchObject({ code: 'NO_RECORDS', message: 'There were no records' });
  });

  it('stops when told to, and refuses wrong options', async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('enough'));
    await expect(evaluate(model, RECORDS, { signal: controller.signal, onProgress })).rejects.toThrow('enough');
    await expect(evaluate(model, RECORDS, { leadSets: [5] })).rejects.toThrow(RangeError);
    await expect(evaluate(model, RECORDS, { leadSets: [] })).rejects.toThrow(RangeError);
    await expect(evaluate(model, RECORDS, { leadSets: ['I' as unknown as string[]] })).rejects.toThrow(TypeError);
    await expect(evaluate(model, RECORDS, { leadSets: [['X9']] })).rejects.toThrow(RangeError);
    await expect(evaluate(model, RECORDS, { leadSets: [[1 as unknown as string]] })).rejects.toThrow(TypeError);
    await expect(evaluate(model, RECORDS, { quality: 'best' as 'gate' })).rejects.toThrow(TypeError);
    await expect(evaluate(model, RECORDS, { resamples: 1e9 })).rejects.toThrow(RangeError);
    const disposed = await loadTiny();
    disposed.dispose();
    await expect(evaluate(disposed, RECORDS)).rejects.toMatchObject({ code: 'MODEL_DISPOSED' });
    const { leadSets: aliased } = await evaluate(model, RECORDS, { leadSets: [['Lead II', 'i']], resamples: 0 });
    expect(aliased[0]!.leads).toEqual(['II', 'I']);
    await expect(evaluate(model, RECORDS, { resamples: -1 })).rejects.toThrow(RangeError);
  });

  it('is at home with other classes than the challenge has', async () => {
    const classes = CHALLENGE_CLASSES.map((_, k) => ({ code: `c${k}`, abbreviation: `C${k}`, name: `class ${k}` }));
    const own = await loadTiny('simd', { metadata: { classes } });
    const records = RECORDS.map((entry, i) => ({ ...entry, labels: { codes: i % 2 ? ['c3'] : [] } }));
    const { leadSets } = await evaluate(own, records, { resamples: 0 });
    expect(leadSets[0]!.strict.classes[3]).toMatchObject({ positives: 6, abbreviation: 'C3' });
    expect(leadSets[0]!.strict.macro.challengeMetric.value).toBeNull();
  });
});
