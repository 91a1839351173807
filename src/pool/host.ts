// How a host starts a worker and talks to it: Node's worker_threads, or the Worker of browsers, Deno and Bun. The pool's entry alone
// imports this module, so that both end up in one file, beside the worker's.

import { LeadwiseError, UnsupportedError } from '../errors.js';
import { builtinModules } from './builtin.js';

/** A `Worker` of a page, Deno or Bun, or of Node's worker_threads. */
export interface WorkerLike {
  // biome-ignore lint/suspicious/noExplicitAny: the parameters differ from host to host
  postMessage(message: any, transfer?: any): void;
  terminate(): unknown;
}

/** What the hosts' workers can beyond that. */
interface HostWorker extends WorkerLike {
  on?(event: string, listen: (value: unknown) => void): unknown;
  addEventListener?(event: string, listen: (event: MessageEvent & ErrorEvent) => void): void;
  /** Node and Bun: whether the worker keeps the process alive. */
  ref?(): unknown;
  unref?(): unknown;
}

const LARGEST_DEFAULT_SIZE = 8;

/** As many workers as there are processors, 8 at most: each holds a model of its own. */
export function defaultSize(): number {
  const { navigator } = globalThis as { navigator?: { hardwareConcurrency?: number } };
  const processors = navigator?.hardwareConcurrency ?? builtinModules()?.('os').availableParallelism() ?? 1;
  return Math.max(1, Math.min(LARGEST_DEFAULT_SIZE, processors));
}

/** A worker that runs pool-worker.js, which stands beside this module. @throws UnsupportedError `NO_WORKERS` */
export function startWorker(): WorkerLike {
  // Bundlers look for exactly this expression, and bundle the worker with it.
  if (typeof Worker === 'function') return new Worker(new URL('./pool-worker.js', import.meta.url), { type: 'module' });
  const threads = builtinModules()?.('worker_threads');
  if (!threads) {
    throw new UnsupportedError('NO_WORKERS', 'This engine has no module workers (Node has them from 20.16 on): use model.classifyAsync');
  }
  const here = import.meta.url; // not the expression above: a bundler for browsers is to leave this one alone
  // Flags of the program, such as --input-type or --import, are not meant for the worker.
  return new threads.Worker(new URL('pool-worker.js', here), { execArgv: [] });
}

/** Hears messages, and the end by an uncaught error or from outside; `ended` may be called more than once. */
export function listen(worker: HostWorker, message: (data: unknown) => void, ended: (cause: unknown) => void): void {
  if (typeof worker.on === 'function') {
    worker.on('message', message);
    for (const event of ['error', 'messageerror']) worker.on(event, ended);
    worker.on('exit', (code) => ended(new Error(`exit code ${code}`)));
    return;
  }
  if (typeof worker.addEventListener !== 'function') throw new TypeError('"worker" expected a function that gives a Worker');
  worker.addEventListener('message', ({ data }) => message(data));
  worker.addEventListener('error', (event) => {
    event.preventDefault?.(); // Deno would end the program
    ended(event.error ?? new Error(event.message || 'its script could not be loaded'));
  });
  worker.addEventListener('messageerror', () => ended(new Error('a message could not be read')));
  worker.addEventListener('close', () => ended(new Error('closed'))); // Bun
}

/** Whether the worker keeps a Node or Bun process alive: it is to do so while it has something to do. */
export function keepAlive(worker: HostWorker, busy: boolean): void {
  if (busy) worker.ref?.();
  else worker.unref?.();
}

/** A named error for a worker that ended; `cause` is what the host said. */
export function endedError(code: 'WORKER_CRASHED' | 'WORKER_NOT_STARTED', cause: unknown): LeadwiseError {
  const said = (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '');
  const message =
    code === 'WORKER_CRASHED'
      ? `The worker ended while it ran this job: ${said}`
      : `A worker of the pool did not start or did not stay: ${said}. Where its script is not found, pass "worker"`;
  return Object.assign(new LeadwiseError(code, message), { cause });
}
