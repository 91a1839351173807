// Serves the project's files on the loopback interface, and takes what the runs send.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.safetensors': 'application/octet-stream' };

/**
 * A server of `folder` with `base`, its address, `expect(run)`, which resolves to the digests of all values of a run, by name, and
 * `heard(run)`: whether a run has sent anything.
 */
export async function serve(folder) {
  const runs = new Map();
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://loopback');
    if (request.method === 'POST') {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      runs.get(searchParams.get('run'))?.take(pathname.slice(1), searchParams.get('name'), Buffer.concat(chunks));
      response.end();
      return;
    }
    const file = join(folder, normalize(pathname));
    if (!(extname(file) in TYPES) || !existsSync(file)) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': TYPES[extname(file)] }).end(readFileSync(file));
  });
  server.keepAliveTimeout = 0; // a run computes for longer than the default, and would find its connection closed
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    expect(run) {
      const values = new Map();
      return new Promise((resolve, reject) => {
        const take = (kind, name, bytes) => {
          if (kind === 'value') values.set(name, createHash('sha256').update(bytes).digest('hex'));
          else if (kind === 'done') resolve(values);
          else reject(new Error(name));
        };
        runs.set(run, { take, values });
      });
    },
    heard: (run) => runs.get(run).values.size > 0,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
