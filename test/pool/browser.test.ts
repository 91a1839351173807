// The built files in a real browser, as they are: a page that allows no inlined script, no eval and no blob, and has no shared memory.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../src/index.js';
import { simulate } from '../../src/simulate.js';
import { bitsOf } from '../tiny-network.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CHROMIUM = [process.env['LEADWISE_CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/google-chrome'].find((path) => existsSync(path));
if (!CHROMIUM) console.warn('SKIPPED: leadwise/pool in a browser. Install chromium, or say where it is in LEADWISE_CHROMIUM.');

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.safetensors': 'application/octet-stream' };
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

interface Report {
  failed?: string;
  single: number[];
  many: number[][];
}

describe.skipIf(!CHROMIUM)('leadwise/pool in a browser', () => {
  let profile: string | undefined;
  let server: Server | undefined;
  let browser: ChildProcess | undefined;

  afterAll(async () => {
    if (browser?.exitCode === null) {
      const gone = new Promise((resolve) => browser!.once('close', resolve));
      process.kill(-browser.pid!, 'SIGKILL'); // the browser is a group of processes
      await gone;
    }
    server?.closeAllConnections();
    server?.close();
    if (profile) rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  });

  it('gives the bits of Node, and fails by name', async () => {
    profile = mkdtempSync(join(tmpdir(), 'leadwise-chromium-'));
    const report = await new Promise<Report>((resolve, reject) => {
      server = serveFiles(resolve).listen(0, '127.0.0.1', () => {
        const { port } = server!.address() as AddressInfo;
        const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', `--user-data-dir=${profile}`];
        browser = spawn(CHROMIUM!, [...flags, `http://127.0.0.1:${port}/test/pool/page/index.html`], { detached: true, stdio: 'ignore' });
        browser.on('error', reject);
        browser.on('exit', (code) => reject(new Error(`the browser ended: ${code}`)));
      });
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
