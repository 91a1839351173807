import { strict as assert } from 'node:assert';
import { checkServer } from '../server/requests.mjs';
import { BOOTSTRAP, startFunction } from './runtime-api.mjs';

// Amazon's own runtime (its bin/index.mjs), where it could be built; else the bootstrap here.
const { AWS_LAMBDA_RIC } = process.env;
const COMMAND = AWS_LAMBDA_RIC ? [AWS_LAMBDA_RIC, 'index.handler'] : BOOTSTRAP;

/** Builds the file to upload, and invokes it over the Runtime API with events as API Gateway and function URLs make them. */
export default async function check() {
  await import('./build.mjs');
  const { send, output, stop } = await startFunction(COMMAND);
  try {
    const verified = await checkServer(send);
    assert.equal((await send({ method: 'GET', path: '/', stage: 'live' })).status, 200, 'a stage with a name');
    if (!AWS_LAMBDA_RIC) assert.equal(output(), '', 'nothing in the log');
    return `${AWS_LAMBDA_RIC ? 'aws-lambda-ric' : 'bootstrap.mjs'}, Lambda Runtime API: ${verified}`;
  } finally {
    await stop();
  }
}
