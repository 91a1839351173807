// PyTorch in a process of its own: it measures itself, so that pipes cost it nothing.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ROOT } from './scenarios.mjs';

/** Of every preset. */
const LEADS = 12;

function encoded(x) {
  return { leads: LEADS, input: Buffer.from(x.buffer, x.byteOffset, x.byteLength).toString('base64') };
}

export async function openTorch() {
  const python = spawn('python3', ['-W', 'ignore', '-m', 'bench.peers.torch_run'], {
    cwd: ROOT,
    env: { ...process.env, OMP_NUM_THREADS: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { done, value } = await lines.next();
    if (done) throw new Error('PyTorch ended: pip install -r bench/peers/requirements.txt');
    return JSON.parse(value);
  };
  const ask = (request) => {
    python.stdin.write(`${JSON.stringify(request)}\n`);
    return answer();
  };
  const { torch, capability } = await answer();
  let last;
  return {
    version: `${torch} (${capability})`,
    async open(file) {
      const { ms } = await ask({ load: file });
      return {
        sessionMs: ms,
        async run(x) {
          const request = { run: file };
          // An input is sent once, before its time is taken.
          if (last !== x) Object.assign(request, encoded(x));
          last = x;
          const { logits, ...times } = await ask(request);
          return { ...times, logits: Float32Array.from(logits) };
        },
      };
    },
    close: () => python.stdin.end(),
  };
}
