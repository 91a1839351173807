import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { compareHex, expectedCsv, hexOf } from '../expected.mjs';
import { checkServer } from '../server/requests.mjs';
import { startDeno, startServer, VERSION } from './deno.mjs';

/** The server in the real Deno with the network of this machine alone, and a script with no permission at all. */
export default async function check({ folder }) {
  const verified = await checkServing();
  const script = startDeno([join(folder, 'classify.js')]);
  script.child.stdin.end(expectedCsv);
  await script.exited;
  assert.equal(script.errors(), '');
  compareHex(hexOf(JSON.parse(script.output()).logits));
  return `Deno ${VERSION}: ${verified}; no flag: the same bits`;
}

async function checkServing() {
  const { send, output, stop } = await startServer();
  try {
    const verified = await checkServer(send);
    assert.match(output(), /^Listening on .*\n$/, 'nothing else in the log');
    return verified;
  } finally {
    await stop();
  }
}
