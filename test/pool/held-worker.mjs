// The real worker script in a thread that can be stopped between two layers, and crashed, by messages of a test.

import { parentPort } from 'node:worker_threads';
import '../../dist/pool-worker.js';

const LAYERS_BEFORE = 3;
const proceed = globalThis.setImmediate;
let countdown = 0;
let held;

// The network gives way to the host by this function.
globalThis.setImmediate = (run) => {
  if (countdown === 0 || --countdown > 0) return proceed(run);
  held = run;
  parentPort.postMessage('held');
};

const HOSTILE = [
  null,
  1,
  'ready',
  [],
  {},
  { leadwise: 'ready' },
  { leadwise: 'unready' },
  { leadwise: 'unready', error: { name: 'RecordError' } },
  { leadwise: 'constructor' },
  { leadwise: 'result' },
  { leadwise: 'result', id: 1e9, result: {} },
  { leadwise: 'error', id: -1 },
  { leadwise: 'error', id: '1', error: null },
  { leadwise: 'result', id: Number.NaN },
];

parentPort.on('message', (message) => {
  if (message === 'hold') countdown = LAYERS_BEFORE;
  else if (message === 'go') held();
  else if (message === 'throw') throw new Error('thrown by the test');
  else if (message === 'exit') process.exit(3);
  else if (message === 'hostile') for (const nonsense of HOSTILE) parentPort.postMessage(nonsense);
});
