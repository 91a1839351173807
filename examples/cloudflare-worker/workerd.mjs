// Starts the real workerd on a free port.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { httpSender } from '../server/requests.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const CPUS = { x64: '64', arm64: 'arm64' };

// The binary itself: the `workerd` command is a Node script around it, which would be measured along.
function binary() {
  const { platform, arch } = process;
  const name = platform === 'win32' ? 'windows' : platform;
  const require = createRequire(createRequire(import.meta.url).resolve('workerd/package.json'));
  return require.resolve(`@cloudflare/workerd-${name}-${CPUS[arch]}/bin/workerd${platform === 'win32' ? '.exe' : ''}`);
}

/** Resolves when it listens. `output()` is what it has written to standard error, where a Worker's console goes too. */
export async function startWorkerd() {
  const child = spawn(binary(), ['serve', 'config.capnp', '--socket-addr=http=127.0.0.1:0', '--control-fd=3'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output += text;
    });
  }
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdio[3] })) {
    const { event, port } = JSON.parse(line);
    if (event !== 'listen') continue;
    const stop = async () => {
      child.kill();
      await exited;
    };
    return { send: httpSender(port), pid: child.pid, output: () => output, stop };
  }
  throw new Error(`workerd did not start: ${output}`);
}
