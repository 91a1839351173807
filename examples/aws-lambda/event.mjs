// Events as an HTTP API and a function URL make them, payload format 2.0:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html

/** Text comes as it is, everything else in base64; names of headers are in lower case. */
export function eventOf({ method, path, headers = {}, body, stage = '$default' }) {
  const [pathname, query = ''] = path.split('?');
  const rawPath = stage === '$default' ? pathname : `/${stage}${pathname}`;
  const isBase64Encoded = body !== undefined && !/^(text\/|application\/json)/.test(headers['content-type'] ?? '');
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: query,
    headers: { host: 'abc.lambda-url.eu-central-1.on.aws', 'x-forwarded-proto': 'https', ...headers },
    ...(query === '' ? {} : { queryStringParameters: Object.fromEntries(new URLSearchParams(query)) }),
    requestContext: {
      accountId: 'anonymous',
      apiId: 'abc',
      domainName: 'abc.lambda-url.eu-central-1.on.aws',
      domainPrefix: 'abc',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'check' },
      requestId: 'a',
      routeKey: '$default',
      stage,
      time: '25/Nov/2026:12:00:00 +0000',
      timeEpoch: 1795608000000,
    },
    ...(body === undefined ? {} : { body: Buffer.from(body).toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  };
}
