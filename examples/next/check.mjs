import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkFindings, visit } from '../browser.mjs';
import { runNode } from '../bundle.mjs';
import { expectedCsv } from '../expected.mjs';

const NEXT = join(import.meta.dirname, '../node_modules/next/dist/bin/next');
process.env.NEXT_TELEMETRY_DISABLED = '1';

export default async function check({ folder }) {
  await rm(join(folder, '.next'), { recursive: true, force: true });
  await runNode(folder, NEXT, 'build');
  await checkEdgeFunction(folder);
  const { url, stop } = await start(folder);
  try {
    await visit({ url }, use);
  } finally {
    await stop();
  }
  return "logits of the server's page, of the edge route and of the client component equal Node's";
}

/** The route is one for the edge runtime, and has the binaries as modules. */
async function checkEdgeFunction(folder) {
  const { functions } = JSON.parse(await readFile(join(folder, '.next/server/middleware-manifest.json'), 'utf8'));
  const { wasm } = functions['/api/classify/route'];
  if (wasm.length !== 2) throw new Error(`the edge function has ${wasm.length} WebAssembly modules`);
}

/** `next start` on a free port. */
async function start(folder) {
  const server = spawn(process.execPath, [NEXT, 'start', '--hostname', '127.0.0.1', '--port', '0'], { cwd: folder });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const stop = () => {
    server.kill();
    return ended;
  };
  let said = '';
  const url = new Promise((resolve) => {
    for (const stream of [server.stdout, server.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        said += text;
        const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
        if (address && said.includes('Ready')) resolve(address);
      });
    }
  });
  const failed = ended.then((code) => {
    throw new Error(`next start ended with ${code}:\n${said}`);
  });
  failed.catch(() => {}); // it ends in any case
  return { url: await Promise.race([url, failed]), stop };
}

async function use(page) {
  await checkFindings(page, 'read on the server', '#server');
  for (const [name, status] of [
    ['here', 'read in the browser'],
    ['edge', 'read at the edge'],
  ]) {
    const file = { name: 'ecg.csv', mimeType: 'text/csv', buffer: Buffer.from(expectedCsv) };
    await page.locator(`input[name=${name}]:enabled`).setInputFiles(file);
    await checkFindings(page, status, '#yours');
  }
  if (!(await page.getByText('not a medical device').isVisible())) throw new Error('the page does not say that it is no medical device');
}
