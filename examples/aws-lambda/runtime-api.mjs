// The documented Lambda Runtime API (version 2018-06-01), as much as one function needs: gives it events, and takes its answers.

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { eventOf } from './event.mjs';

const PREFIX = '/2018-06-01/runtime';
const ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:leadwise';

export const BOOTSTRAP = [fileURLToPath(new URL('bootstrap.mjs', import.meta.url))];

/** Runs Node with `command` as Lambda runs a runtime's bootstrap. Resolves when it asks for its first event. */
export async function startFunction(command) {
  const events = []; // that wait for the function
  const pending = new Map(); // id -> { resolve, reject }
  let idle; // the function's request that waits for an event
  let initError;
  let begin;
  const ready = new Promise((resolve) => {
    begin = resolve;
  });

  function give() {
    if (!idle || events.length === 0) return;
    const { id, event } = events.shift();
    const headers = {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': id,
      'Lambda-Runtime-Deadline-Ms': String(Date.now() + 30_000),
      'Lambda-Runtime-Invoked-Function-Arn': ARN,
      'Lambda-Runtime-Trace-Id': 'Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0',
    };
    idle.writeHead(200, headers).end(JSON.stringify(event));
    idle = undefined;
  }

  const server = createServer(async (request, response) => {
    const text = Buffer.concat(await request.toArray()).toString();
    const path = request.url.replace(PREFIX, '');
    if (request.method === 'GET' && path === '/invocation/next') {
      begin();
      idle = response;
      return give();
    }
    const [, id, kind] = /^\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (kind === 'response') pending.get(id).resolve(JSON.parse(text));
    else if (kind === 'error') pending.get(id).reject(new Error(`the function failed: ${text}`));
    else initError = `${path}: ${text}`;
    response.writeHead(202, { 'Content-Type': 'application/json' }).end('{"status":"OK"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const root = fileURLToPath(new URL('build', import.meta.url)); // /var/task
  const child = spawn(process.execPath, command, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${server.address().port}`,
      AWS_LAMBDA_FUNCTION_NAME: 'leadwise',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/leadwise',
      AWS_LAMBDA_LOG_STREAM_NAME: 'local',
      LAMBDA_TASK_ROOT: root,
      _HANDLER: 'index.handler',
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part) => {
      output += part;
    });
  }
  const exited = once(child, 'exit').then(() => {
    const error = new Error(`the function ended: ${initError ?? ''}\n${output}`);
    for (const { reject } of pending.values()) reject(error);
    return error;
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
    server.closeAllConnections();
    server.close();
  };
  const failed = await Promise.race([ready, exited]);
  if (failed) {
    await stop();
    throw failed;
  }

  return {
    pid: child.pid,
    output: () => output,
    stop,
    async send(sent) {
      const { statusCode, headers, body } = await new Promise((resolve, reject) => {
        const id = randomUUID();
        pending.set(id, { resolve, reject });
        events.push({ id, event: eventOf(sent) });
        give();
      });
      return { status: statusCode, headers, text: body };
    },
  };
}
