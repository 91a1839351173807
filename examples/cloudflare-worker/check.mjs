import { strict as assert } from 'node:assert';
import { createRequire } from 'node:module';
import { checkServer } from '../server/requests.mjs';
import { startWorkerd } from './workerd.mjs';

/** Builds, starts the real workerd, and sends everything that has an expected answer. */
export default async function check() {
  await import('./build.mjs');
  const { version } = createRequire(import.meta.url)('workerd/package.json');
  const { send, output, stop } = await startWorkerd();
  try {
    const verified = await checkServer(send);
    assert.equal(output(), '', 'nothing in the log');
    return `workerd ${version}: ${verified}`;
  } finally {
    await stop();
  }
}
