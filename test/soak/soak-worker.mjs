// The real worker script in a thread that comes to grief when it is told to, in the middle of a job where it has one.

import { parentPort } from 'node:worker_threads';
import '../../dist/pool-worker.js';

/** What no worker of the package says; the pool is to take no notice. */
const NONSENSE = [
  null,
  1,
  'ready',
  [],
  {},
  { leadwise: 'ready' },
  { leadwise: 'unready', error: { name: 'RecordError' } },
  { leadwise: 'constructor' },
  { leadwise: 'result' },
  { leadwise: 'result', id: 1e9, result: {} },
  { leadwise: 'error', id: -1 },
  { leadwise: 'error', id: Number.NaN, error: null },
];

const GRIEF = {
  exit: () => process.exit(3),
  throw() {
    throw new Error('thrown by the soak');
  },
  reject: () => void Promise.reject(new Error('rejected by the soak')),
  close: () => parentPort.close(),
  memory() {
    const kept = [];
    for (;;) kept.push(new Array(1000).fill(kept.length));
  },
  hang() {
    for (;;);
  },
  nonsense() {
    for (const message of NONSENSE) parentPort.postMessage(message);
  },
};

parentPort.on('message', (message) => GRIEF[message?.soak]?.());
