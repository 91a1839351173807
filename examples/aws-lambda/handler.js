// The event of an HTTP API or of a function URL (payload format 2.0) as a `Request`, and the `Response` as the object that both expect.

import { classifyRequest } from '../server/classify-request.js';

export async function handler(event) {
  const response = await classifyRequest(toRequest(event));
  return { statusCode: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
}

function toRequest({ rawPath, rawQueryString, headers, body, isBase64Encoded, requestContext: { domainName, http, stage } }) {
  const url = new URL(`https://${domainName}`);
  // A stage with a name stands before the path.
  url.pathname = rawPath.startsWith(`/${stage}/`) ? rawPath.slice(stage.length + 1) : rawPath;
  url.search = rawQueryString;
  return new Request(url, { method: http.method, headers, body: isBase64Encoded ? Buffer.from(body, 'base64') : body });
}
