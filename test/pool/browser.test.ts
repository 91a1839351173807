// The built files in a real browser, as they are: a page that allows no inlined script, no eval and no blob, and has no shared memory.

import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../src/index.js';
import { simulate } from '../../src/simulate.js';
import { CHROMIUM, Page } from '../chromium.js';
import { bitsOf } from '../tiny-network.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
if (!CHROMIUM) console.warn('SKIPPED: leadwise/pool in a browser. Install chromium, or say where it is in LEADWISE_CHROMIUM.');

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.safetensors': 'application/octet-stream' };
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

interface Report {
  failed?: string;
  single: number[];
  many: number[][];
}

describe.skipIf(!CHROMIUM)('leadwise/pool in a browser', () => {
  let opened: Page | undefined;

  afterAll(() => opened?.close());

  it('gives the bits of Node, and fails by name', async () => {
    const report = await new Promise<Report>((resolve, reject) => {
      opened = new Page(serveFiles(resolve));
      opened.open('/test/pool/page/index.html').catch(reject);
    });
    expect(report.failed).toBeUndefined();
    const model = await loadModel(readFileSync(join(ROOT, 'weights/edge.safetensors')));
    const expected = [1, 2, 3, 4, 5, 6].map((seed) => bitsOf(model.classify(simulate({ seed, seconds: 10 })).logits));
    expect(report).toEqual({
      single: expected[0],
      many: expected,
      aborted: 'enough',
      bad: [true, 'FS_OUT_OF_RANGE'],
      transferred: [expected[0], 0],
      crashed: [true, 'WORKER_CRASHED', 2],
      afterCrash: expected[1],
      notFound: 'WORKER_NOT_STARTED',
      noWeights: [true, 'BAD_SAFETENSORS'],
      noFile: 'DOWNLOAD_FAILED',
      disposed: 'POOL_DISPOSED',
      sharedMemory: 'undefined',
    });
  });
});

/** Files of the project, and `/report`, which takes what the page found. */
function serveFiles(found: (report: Report) => void): Server {
  return createServer((request, response) => {
    const path = join(ROOT, normalize(new URL(request.url!, 'http://page').pathname));
    if (request.method === 'POST') {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => void chunks.push(chunk));
      request.on('end', () => {
        response.end();
        found(JSON.parse(Buffer.concat(chunks).toString()) as Report);
      });
    } else if (existsSync(path) && extname(path) in TYPES) {
      response.writeHead(200, { 'content-type': TYPES[extname(path)], 'content-security-policy': POLICY });
      response.end(readFileSync(path));
    } else response.writeHead(404).end();
  });
}
