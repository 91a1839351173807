// From a Web `Request` to a `Response`: all that the Worker, the Deno server and the Lambda function have in common.

import { FormatError, loadModel, NOTICE, RecordError, VERSION } from 'leadwise';
import { readBytes, readCsv, readJson } from 'leadwise/readers';
import weights from 'leadwise/weights/edge';

const MOST_BYTES = 10_000_000;
const BODIES = 'application/json (an EcgRecord), text/csv, or multipart/form-data (a WFDB header and its signal files)';

/** What the client did wrong, and what to tell it. */
class RequestError extends Error {
  constructor(status, code, message, headers = {}) {
    super(message);
    Object.assign(this, { status, code, headers });
  }
}

let loading;

// One model for all requests of a process or isolate, loaded when the first record is there. The weights are already in memory, so that the
// promise waits for no input or output: in a Worker, one request may not wait for what another is fetching.
const model = () => {
  loading ??= loadModel(weights);
  return loading;
};

/** Never rejects: what goes wrong is JSON too. */
export async function classifyRequest(request) {
  try {
    return answer(200, await route(request));
  } catch (error) {
    if (error instanceof RequestError) return fail(error.status, error, error.headers);
    // Names and codes alone: a message may quote the record.
    console.error('leadwise:', error?.name, error?.code ?? '');
    return fail(500, { code: 'INTERNAL', message: 'The record could not be classified, and the record is not to blame' });
  }
}

const answer = (status, content, headers = {}) => Response.json(content, { status, headers: { 'cache-control': 'no-store', ...headers } });

const fail = (status, { code, message }, headers) => answer(status, { error: { code, message } }, headers);

async function route(request) {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === '/') {
    allow(request, 'GET', 'HEAD');
    return { name: 'leadwise', version: VERSION, notice: NOTICE, usage: `POST /classify with ${BODIES}` };
  }
  if (pathname !== '/classify') throw new RequestError(404, 'NOT_FOUND', 'There is GET / and POST /classify');
  allow(request, 'POST');
  const read = readerFor(request.headers.get('content-type') ?? '');
  const bytes = await readBody(request);
  const network = await model();
  try {
    const record = await read(bytes, searchParams);
    // Not classifyAsync: a Worker has one thread, and yielding there would make one request wait for another's timers.
    const result = network.classify(record);
    return { ...result, logits: [...result.logits] };
  } catch (error) {
    if (error instanceof FormatError || error instanceof RecordError) throw new RequestError(400, error.code, error.message);
    // "record.fs" expected …: leadwise checks what it is given.
    if (error instanceof TypeError || error instanceof RangeError) throw new RequestError(400, 'BAD_RECORD', error.message);
    throw error;
  }
}

function allow({ method }, ...methods) {
  if (methods.includes(method)) return;
  throw new RequestError(405, 'METHOD_NOT_ALLOWED', `Only ${methods.join(' and ')} here`, { allow: methods.join(', ') });
}

function readerFor(contentType) {
  switch (contentType.split(';')[0].trim().toLowerCase()) {
    case 'application/json':
      return (bytes, query) => readJson(bytes, tableOptions(query));
    case 'text/csv':
      return (bytes, query) => readCsv(bytes, tableOptions(query));
    case 'multipart/form-data':
      return (bytes, query) => readForm(bytes, contentType, query);
    default:
      throw new RequestError(415, 'UNSUPPORTED_TYPE', `The body is to be ${BODIES}`);
  }
}

/** The declared length is believed when it is too large, and never when it is not. */
async function readBody(request) {
  const tooLarge = new RequestError(413, 'TOO_LARGE', `The body is to have at most ${MOST_BYTES} bytes`);
  if (Number(request.headers.get('content-length')) > MOST_BYTES) throw tooLarge;
  const chunks = [];
  let length = 0;
  for (const reader = request.body?.getReader(); reader; ) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    length += value.length;
    if (length <= MOST_BYTES) continue;
    await reader.cancel().catch(() => {});
    throw tooLarge;
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** `?fs=500&units=mV`, for tables and objects of leads that say neither. */
function tableOptions(query) {
  const { fs, units } = Object.fromEntries(query);
  return { ...(fs === undefined ? {} : { fs: Number(fs) }), ...(units === undefined ? {} : { units }) };
}

/** A WFDB record as a form with one file for the header and one for each signal file; the names of the fields do not matter. */
async function readForm(bytes, contentType, query) {
  const files = new Map();
  for (const entry of (await parseForm(bytes, contentType)).values()) {
    if (typeof entry !== 'string') files.set(entry.name, new Uint8Array(await entry.arrayBuffer()));
  }
  const names = [...files.keys()];
  const name = names.find((fileName) => /\.hea$/i.test(fileName)) ?? names[0];
  if (name === undefined) throw new RequestError(400, 'NO_FILES', 'The form has no files');
  const open = (fileName) => {
    const file = files.get(fileName);
    if (file) return file;
    throw new FormatError('FILE_NOT_FOUND', 'the form does not have the file that the header names', { file: fileName });
  };
  return readBytes(files.get(name), { name, open, ...tableOptions(query) });
}

async function parseForm(bytes, contentType) {
  try {
    return await new Response(bytes, { headers: { 'content-type': contentType } }).formData();
  } catch {
    throw new RequestError(400, 'BAD_FORM', 'The body is no multipart/form-data');
  }
}
