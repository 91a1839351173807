// The script of a pool's worker: one model, one job at a time, giving way to messages between layers. No other module imports it.

import { loadModel, type Model } from '../index.js';
import { builtinModules } from './builtin.js';
import { type FromWorker, type LoadMessage, packError, type ToWorker } from './messages.js';

interface Port {
  post(message: FromWorker, transfer?: ArrayBuffer[]): void;
  listen(message: (data: unknown) => void, unreadable: () => void): void;
}

serve(openPort());

function serve(port: Port): void {
  let model: Promise<Model> | undefined;
  const running = new Map<number, AbortController>();

  async function load(message: LoadMessage): Promise<void> {
    model = loadHere(message);
    try {
      await model;
      port.post({ leadwise: 'ready' });
    } catch (error) {
      port.post({ leadwise: 'unready', error: packError(error) });
    }
  }

  async function classify({ id, record, quality, windows }: ToWorker & { leadwise: 'classify' }): Promise<void> {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const result = await (await model!).classifyAsync(record, { quality, windows, signal: controller.signal });
      port.post({ leadwise: 'result', id, result }, [result.logits.buffer as ArrayBuffer]);
    } catch (error) {
      port.post({ leadwise: 'error', id, error: packError(error) });
    }
    running.delete(id);
  }

  port.listen(
    (data) => {
      const message = data as ToWorker | null;
      if (message?.leadwise === 'load' && !model) void load(message);
      else if (message?.leadwise === 'classify' && model) void classify(message);
      else if (message?.leadwise === 'abort') running.get(message.id)?.abort();
    },
    () => {
      throw new Error('a message could not be read'); // uncaught: the pool hears of it, and fails the job that never came
    },
  );
}

async function loadHere({ weights, wasm, variant }: LoadMessage): Promise<Model> {
  const kernels = typeof wasm === 'object' && 'href' in wasm ? new URL(wasm.href) : wasm;
  return loadModel(weights, { ...(kernels ? { wasm: kernels } : {}), ...(variant ? { variant } : {}) });
}

/** The other end: the global scope of a web worker, or Node's parent port. */
function openPort(): Port {
  const scope = globalThis as unknown as DedicatedScope;
  if (typeof scope.postMessage === 'function') {
    return {
      post: (message, transfer) => scope.postMessage(message, transfer ?? []),
      listen(message, unreadable) {
        scope.addEventListener('message', ({ data }) => message(data));
        scope.addEventListener('messageerror', unreadable);
      },
    };
  }
  const parent = builtinModules()!('worker_threads').parentPort!;
  return {
    post: (message, transfer) => parent.postMessage(message, transfer ?? []),
    listen: (message, unreadable) => void parent.on('message', message).on('messageerror', unreadable),
  };
}

interface DedicatedScope {
  postMessage(message: FromWorker, transfer: ArrayBuffer[]): void;
  addEventListener(event: string, listen: (event: { data: unknown }) => void): void;
}
