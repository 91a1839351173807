// What a custom runtime runs (provided.al2023 with a Node of your own): Lambda's managed Node runtime has this built in.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT, _HANDLER } = process.env;
const api = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;

const post = (path, content, headers) => fetch(`${api}/${path}`, { method: 'POST', headers, body: JSON.stringify(content) });

const postError = (path, { name, message, stack }) =>
  post(
    path,
    { errorType: name, errorMessage: message, stackTrace: stack.split('\n').slice(1) },
    { 'Lambda-Runtime-Function-Error-Type': name },
  );

async function loadHandler() {
  const [file, name] = _HANDLER.split('.');
  try {
    return (await import(pathToFileURL(join(LAMBDA_TASK_ROOT, `${file}.mjs`))))[name];
  } catch (error) {
    await postError('init/error', error);
    process.exit(1);
  }
}

const handler = await loadHandler();
for (;;) {
  const invocation = await fetch(`${api}/invocation/next`);
  const id = invocation.headers.get('Lambda-Runtime-Aws-Request-Id');
  try {
    await post(`invocation/${id}/response`, await handler(await invocation.json()));
  } catch (error) {
    await postError(`invocation/${id}/error`, error);
  }
}
