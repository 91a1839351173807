// classifyAsync: the same bits, progress, aborts, the queue; and the life of a model.

import { describe, expect, it, vi } from 'vitest';
import type { Model, Progress } from '../../src/index.js';
import { bitsOf, loadTiny, tinyRecord } from '../tiny-network.js';
import { VARIANTS } from '../variants.js';

const [first, second] = [tinyRecord(6, 1), tinyRecord(6, 2)];
const busy = expect.objectContaining({ name: 'LeadwiseError', code: 'MODEL_BUSY' });
const disposed = expect.objectContaining({ name: 'LeadwiseError', code: 'MODEL_DISPOSED' });

/** Resolves when a run has computed so many layers. */
function layersOf(model: Model, count: number, record = first) {
  let reached!: () => void;
  const here = new Promise<void>((resolve) => {
    reached = resolve;
  });
  let layers = 0;
  const result = model.classifyAsync(record, {
    onProgress() {
      if (++layers === count) reached();
    },
  });
  return { here, result };
}

describe.each(VARIANTS)('classifyAsync (%s)', (variant) => {
  it('gives what classify gives', async () => {
    const model = await loadTiny(variant);
    for (const quality of ['gate', 'report', 'off'] as const) {
      expect(await model.classifyAsync(first, { quality })).toEqual(model.classify(first, { quality }));
    }
    expect(await model.classifyAsync(first)).toEqual(model.classify(first));
  });

  it('tells how far it is, up to 1', async () => {
    const model = await loadTiny(variant);
    const progress: Progress[] = [];
    await model.classifyAsync(first, { onProgress: (step) => void progress.push(step) });
    expect(progress.map(({ layer }) => layer)).toEqual(model.plan.layers.map(({ name }) => name));
    const fractions = progress.map(({ fraction }) => fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions[0]).toBeGreaterThan(0);
    expect(fractions.at(-1)).toBe(1);
    expect(fractions.filter((fraction) => fraction === 1)).toHaveLength(1);
  });

  it('gives way to the host between layers', async () => {
    const model = await loadTiny(variant);
    let turns = 0;
    let layers = 0;
    const count = () => {
      turns++;
      timer = setImmediate(count);
    };
    let timer = setImmediate(count);
    await model.classifyAsync(first, { onProgress: () => layers++ });
    clearImmediate(timer);
    expect(turns).toBeGreaterThanOrEqual(layers - 1);
  });
});

describe('two runs at a time', () => {
  it('queue up, and both are right', async () => {
    const model = await loadTiny();
    const [expected, other] = [model.classify(first), model.classify(second)];
    const order: string[] = [];
    const runs = [first, second, first].map((record, index) =>
      model.classifyAsync(record, { onProgress: ({ fraction }) => void order.push(`${index}:${fraction === 1 ? 'end' : ''}`) }),
    );
    expect(await Promise.all(runs)).toEqual([expected, other, expected]);
    const layers = model.plan.layers.length;
    expect(order.map((step) => step[0])).toEqual([...'0'.repeat(layers), ...'1'.repeat(layers), ...'2'.repeat(layers)]);
  });

  it('take the record as it is at the call', async () => {
    const model = await loadTiny();
    const expected = model.classify(second);
    const mutable = structuredClone(second);
    const { result } = layersOf(model, 1);
    const queued = model.classifyAsync(mutable);
    mutable.fs = 500;
    for (const lead of mutable.signal) lead.fill(0);
    await result;
    expect(await queued).toEqual(expected);
  });

  it('do not let the synchronous calls in', async () => {
    const model = await loadTiny();
    const expected = model.classify(first);
    const x = model.preprocess(second);
    const { here, result } = layersOf(model, 5);
    await here;
    expect(() => model.classify(second)).toThrow(busy);
    expect(() => model.forward(x)).toThrow(busy);
    expect(model.preprocess(second)).toEqual(x); // in memory of its own
    expect(await result).toEqual(expected);
    expect(model.classify(first)).toEqual(expected); // free as soon as the promise is
  });

  it('do not let calls from within a callback in', async () => {
    const model = await loadTiny();
    const expected = model.classify(first);
    const x = model.preprocess(first);
    const onActivation = vi.fn(() => {
      expect(() => model.classify(second)).toThrow(busy);
      expect(() => model.forward(x)).toThrow(busy);
    });
    expect(bitsOf(model.forward(x, { onActivation }))).toEqual(bitsOf(expected.logits));
    expect(onActivation).toHaveBeenCalled();
    const onProgress = vi.fn(() => expect(() => model.classify(second)).toThrow(busy));
    expect(await model.classifyAsync(first, { onProgress })).toEqual(expected);
    expect(onProgress).toHaveBeenCalled();
  });

  it('started from within a callback, run after it', async () => {
    const model = await loadTiny();
    const expected = model.classify(second);
    let inner: ReturnType<Model['classifyAsync']> | undefined;
    model.forward(model.preprocess(first), {
      onActivation() {
        inner ??= model.classifyAsync(second);
      },
    });
    expect(await inner).toEqual(expected);
  });

  it('that fail do not stop the queue', async () => {
    const model = await loadTiny();
    const expected = model.classify(second);
    const failed = model.classifyAsync(first, {
      onProgress() {
        throw new Error('from the page');
      },
    });
    const next = model.classifyAsync(second);
    await expect(failed).rejects.toThrow('from the page');
    expect(await next).toEqual(expected);
    expect(model.classify(second)).toEqual(expected);
  });
});

it('a callback of forward that throws leaves the model usable', async () => {
  const model = await loadTiny();
  const expected = model.classify(first);
  const onActivation = () => {
    throw new Error('from the page');
  };
  expect(() => model.forward(model.preprocess(first), { onActivation })).toThrow('from the page');
  expect(model.classify(first)).toEqual(expected);
});

describe('an AbortSignal', () => {
  it('aborted before: nothing runs', async () => {
    const model = await loadTiny();
    const onProgress = vi.fn();
    const reason = new Error('no longer needed');
    await expect(model.classifyAsync(first, { signal: AbortSignal.abort(reason), onProgress })).rejects.toBe(reason);
    await expect(model.classifyAsync(first, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    expect(onProgress).not.toHaveBeenCalled();
    expect(model.classify(first).schema).toBe(1);
  });

  it('between any two layers: no further layer, and the model is usable', async () => {
    const model = await loadTiny();
    const expected = model.classify(second);
    const { length } = model.plan.layers;
    for (let last = 1; last < length; last += 3) {
      const controller = new AbortController();
      let layers = 0;
      const onProgress = () => {
        if (++layers === last) controller.abort();
      };
      await expect(model.classifyAsync(first, { signal: controller.signal, onProgress })).rejects.toMatchObject({ name: 'AbortError' });
      expect(layers).toBe(last);
      expect(model.classify(second)).toEqual(expected);
    }
  });

  it('from outside, by a timer', async () => {
    const model = await loadTiny();
    const controller = new AbortController();
    const { signal } = controller;
    const run = model.classifyAsync(first, { signal });
    setImmediate(() => controller.abort(new Error('timer')));
    await expect(run).rejects.toThrow('timer');
    expect(await model.classifyAsync(first)).toEqual(model.classify(first));
  });

  it('in the queue: the run before and the run behind are right', async () => {
    const model = await loadTiny();
    const [expected, other] = [model.classify(first), model.classify(second)];
    const controller = new AbortController();
    const onProgress = vi.fn();
    const running = layersOf(model, 3);
    const queued = model.classifyAsync(second, { signal: controller.signal, onProgress });
    const behind = model.classifyAsync(second);
    const rejected = expect(queued).rejects.toMatchObject({ name: 'AbortError' });
    await running.here;
    controller.abort();
    await rejected;
    expect(onProgress).not.toHaveBeenCalled();
    expect(await running.result).toEqual(expected);
    expect(await behind).toEqual(other);
  });

  it('that comes after the end does nothing', async () => {
    const model = await loadTiny();
    const controller = new AbortController();
    const result = await model.classifyAsync(first, { signal: controller.signal });
    controller.abort();
    expect(result).toEqual(model.classify(first));
  });
});

describe('dispose', () => {
  it.each(['dispose', Symbol.dispose] as const)('by %s: every method says so', async (method) => {
    const model = await loadTiny();
    const x = model.preprocess(first);
    model.classify(first);
    model[method]();
    model[method]();
    for (const call of [() => model.classify(first), () => model.preprocess(first), () => model.forward(x)]) expect(call).toThrow(disposed);
    await expect(model.classifyAsync(first)).rejects.toEqual(disposed);
    expect(model.config.preset).toBe('tiny');
  });

  it('ends a run that is under way, and those in the queue', async () => {
    const model = await loadTiny();
    const { here, result } = layersOf(model, 4);
    const queued = model.classifyAsync(second);
    const both = Promise.all([expect(result).rejects.toEqual(disposed), expect(queued).rejects.toEqual(disposed)]);
    await here;
    model.dispose();
    await both;
  });

  it('of one model leaves another', async () => {
    const [gone, kept] = [await loadTiny(), await loadTiny()];
    const expected = kept.classify(first);
    gone.dispose();
    expect(kept.classify(first)).toEqual(expected);
  });
});
