import { classifyRequest } from './classify-request.js';
import { checkServer, requestSender } from './requests.mjs';

/** The shared handler by itself, in Node. */
export default async function check() {
  return `Node ${process.versions.node}: ${await checkServer(requestSender(classifyRequest))}`;
}
