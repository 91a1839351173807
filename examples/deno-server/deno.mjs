// Starts the real Deno.

import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { httpSender } from '../server/requests.mjs';

const require = createRequire(import.meta.url);

export const VERSION = require('deno/package.json').version;

/** server.js on a free port, with the network of this machine as its only permission. */
export async function startServer() {
  const server = fileURLToPath(new URL('server.js', import.meta.url));
  const { child, output, errors, exited } = startDeno(['--allow-net=127.0.0.1', server, '0']);
  const stop = async () => {
    child.kill();
    await exited;
  };
  return { send: httpSender(await listening(child, errors)), pid: child.pid, output: () => output() + errors(), stop };
}

/** Deno writes where it listens to standard error. */
async function listening(child, errors) {
  for await (const _ of on(child.stderr, 'data', { close: ['end'] })) {
    const [, port] = /^Listening on .*:(\d+)\//.exec(errors()) ?? [];
    if (port) return Number(port);
  }
  throw new Error(`Deno did not start: ${errors()}`);
}

/** `deno run` with these arguments. */
export function startDeno(args) {
  // No terminal: a permission that is not given is an error, not a question. No look for a newer version either.
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' };
  const child = spawn(binary(), ['run', '--no-prompt', ...args], { env });
  let output = '';
  let errors = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  child.stderr.on('data', (text) => {
    errors += text;
  });
  return { child, exited: once(child, 'close'), output: () => output, errors: () => errors };
}

/** The `deno` command would copy its binary into the package first. */
function binary() {
  const { platform, arch } = process;
  const name = `${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`;
  const fromDeno = createRequire(require.resolve('deno/package.json'));
  return join(dirname(fromDeno.resolve(`@deno/${name}/package.json`)), platform === 'win32' ? 'deno.exe' : 'deno');
}
