// Wall clock, and wall clock without the time that other programs had the core.

import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

const TASKS = '/proc/self/task';
const MAIN = [String(process.pid)];

/** Milliseconds that each thread was ready to run and had to wait, from Linux's scheduler; nothing elsewhere. */
function waits(threads) {
  const waited = new Map();
  for (const thread of threads) {
    try {
      waited.set(thread, Number(readFileSync(`${TASKS}/${thread}/schedstat`, 'utf8').split(' ')[1]) / 1e6);
    } catch {
      // Not Linux, or a thread that has ended.
    }
  }
  return waited;
}

/**
 * Starts; the function it returns stops: `ms` of wall clock, and `ownMs`, less what the thread that waited longest had to wait for a core.
 * With `allThreads` that is any thread of this process, else the main thread, on which all runtimes with one thread run.
 */
export function startWatch({ allThreads = false } = {}) {
  const threads = allThreads ? readdirSync(TASKS) : MAIN;
  const opened = performance.now();
  const before = waits(threads);
  const start = performance.now();
  return () => {
    const end = performance.now();
    const after = waits(before.keys());
    const ms = end - start;
    const waited = Math.max(0, ...Array.from(after, ([thread, value]) => value - before.get(thread)));
    // A wait may have been while the waits were read, which is outside of `ms`: the doubt counts as own time.
    const outside = performance.now() - opened - ms;
    return { ms, ownMs: ms - Math.min(ms, Math.max(0, waited - outside)) };
  };
}
