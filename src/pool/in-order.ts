import { onAbort } from './on-abort.js';

/** How the work on an item ended. */
export type Outcome<Value> = { value: Value } | { error: unknown };

export interface Stream<Item, Value> {
  readonly source: AsyncIterator<Item> | Iterator<Item | PromiseLike<Item>>;
  /** Starts the work on one item. */
  readonly run: (item: Item) => Promise<Value>;
  /** Items taken from the source whose outcome was not asked for yet. */
  readonly limit: number;
  /** Ends everything, also while the source lets wait. */
  readonly stops: readonly AbortSignal[];
}

/**
 * The outcomes of all items in the order of the source. The source is asked for the next item only when there is room, and an outcome does
 * not wait for a slow source.
 * @throws what the source throws, behind the outcomes before it; the reason of a signal of `stops`
 */
export async function* inOrder<Item, Value>({ source, run, limit, stops }: Stream<Item, Value>): AsyncGenerator<Outcome<Value>, void> {
  const begun: { outcome?: Outcome<Value> }[] = [];
  let asked = false;
  let exhausted = false;
  let failure: { error: unknown } | undefined;
  // Not Promise.race: a promise that stays pending would keep all outcomes that ever raced with it.
  let wake = () => {};
  const stop = () => wake();

  const begin = async (item: Item) => {
    const entry: (typeof begun)[number] = {};
    begun.push(entry);
    entry.outcome = await settle(run(item));
    wake();
  };
  const ask = async () => {
    asked = true;
    try {
      const { done, value } = await source.next();
      if (done) exhausted = true;
      else void begin(await value);
    } catch (error) {
      exhausted = true;
      failure = { error };
    }
    asked = false;
    wake();
  };

  const forget = stops.map((signal) => onAbort(signal, stop));
  try {
    for (;;) {
      for (const signal of stops) signal.throwIfAborted();
      if (!asked && !exhausted && begun.length < limit) void ask();
      if (begun.length === 0 && exhausted) break;
      if (begun[0]?.outcome) {
        yield begun.shift()!.outcome!;
        continue;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (failure) throw failure.error;
  } finally {
    for (const forgetOne of forget) forgetOne();
    const closed = exhausted ? undefined : settle(Promise.resolve().then(() => source.return?.()));
    if (!asked) await closed; // a source that owes an item may never answer
  }
}

function settle<Value>(promise: Promise<Value>): Promise<Outcome<Value>> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}
