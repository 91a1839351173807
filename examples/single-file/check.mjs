import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { usePage, visit } from '../browser.mjs';
import { buildExample, sizeOf } from '../bundle.mjs';

export default async function check({ folder }) {
  const built = await buildExample(folder);
  const { href } = pathToFileURL(join(built, 'leadwise.html'));
  await visit({ url: href, offline: true }, async (page, requests) => {
    await usePage(page);
    if (requests.length !== 1) throw new Error(`the page asked for more than itself: ${requests.join(', ')}`);
    if (await page.evaluate('crossOriginIsolated')) throw new Error('the page was to do without SharedArrayBuffer');
  });
  return `opened from file://, offline, without any request, its logits equal Node's; ${await sizeOf(built, '.html')}`;
}
