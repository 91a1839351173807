import { join } from 'node:path';
import { createServer, preview } from 'vite';
import { checkFindings, visit } from '../browser.mjs';
import { runNode, sizeOf } from '../bundle.mjs';

const VITE = join(import.meta.dirname, '../node_modules/vite/bin/vite.js');
const HOST = { host: '127.0.0.1', port: 0 };

export default async function check({ folder }) {
  await runNode(folder, VITE, 'build'); // before the servers, which set NODE_ENV for this process
  await visitAndClose(await preview({ logLevel: 'warn', root: folder, preview: HOST }));
  const server = await createServer({ logLevel: 'warn', root: folder, server: HOST });
  await server.listen();
  await visitAndClose(server);
  return `build and development server: logits of the page and of a pool of two workers equal Node's; JavaScript ${await sizeOf(join(folder, 'build'))}`;
}

async function visitAndClose(server) {
  try {
    await visit({ url: server.resolvedUrls.local[0] }, use);
  } finally {
    await server.close();
  }
}

async function use(page) {
  await page.getByRole('button', { name: 'in the page' }).click();
  await checkFindings(page, 'One record read');
  await page.getByRole('button', { name: 'in workers' }).click();
  await checkFindings(page, '24 records read', 'details >> nth=0');
  const count = await page.locator('details').count();
  if (count !== 24) throw new Error(`the page shows ${count} records`);
}
