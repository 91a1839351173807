import { join } from 'node:path';
import { serve, usePage, visit } from '../browser.mjs';

export default async function check({ folder }) {
  const server = await serve(folder, { mounts: { '/node_modules/': join(folder, '../node_modules') } });
  try {
    await visit(server, usePage);
  } finally {
    await server.close();
  }
  return "26 logits of a simulated record, and of the same one as CSV and as WFDB, equal Node's bit for bit under default-src 'none'";
}
