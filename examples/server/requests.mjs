// What the checks of the servers send, and what has to come back.

import { strict as assert } from 'node:assert';
import { request as httpRequest } from 'node:http';
import { NOTICE } from 'leadwise';
import { formatWfdb, simulate } from 'leadwise/simulate';
import { compareHex, expectedCsv, hexOf } from '../expected.mjs';

const LIMIT = 10_000_000;
const JSON_TYPE = { 'content-type': 'application/json' };
const CSV_TYPE = { 'content-type': 'text/csv' };

/** The simulated record in every form that the servers take: `{ title, headers, body }`. */
export async function goodRequests() {
  const record = simulate({ seed: 1, seconds: 10 });
  const { header, signal } = formatWfdb(record, 'simulated');
  const matHeader = header.replaceAll('simulated.dat 16 ', 'simulated.mat 16+24 ');
  return [
    { title: 'JSON', headers: JSON_TYPE, body: jsonOf(record) },
    { title: 'CSV', headers: { 'content-type': 'text/csv; charset=utf-8' }, body: expectedCsv },
    { title: 'WFDB (.hea, .dat)', ...(await form({ 'simulated.hea': header, 'simulated.dat': signal })) },
    { title: 'WFDB (.mat, .hea)', ...(await form({ 'simulated.mat': matOf(record, signal), 'simulated.hea': matHeader })) },
  ];
}

const jsonOf = ({ fs, sigName, units, signal }) => JSON.stringify({ fs, sigName, units, signal: signal.map((lead) => [...lead]) });

/** The challenge's MATLAB file: level 4, little-endian int16, one row for each lead, named val. A column lies as a sample of a .dat does. */
function matOf({ sigName, signal: [lead] }, samples) {
  const bytes = Buffer.alloc(24 + samples.length);
  [30, sigName.length, lead.length, 0, 4].forEach((value, index) => {
    bytes.writeInt32LE(value, index * 4);
  });
  bytes.write('val\0', 20);
  bytes.set(samples, 24);
  return bytes;
}

async function form(files) {
  const data = new FormData();
  for (const [name, content] of Object.entries(files)) data.append('file', new Blob([content]), name);
  const encoded = new Response(data);
  return { headers: { 'content-type': encoded.headers.get('content-type') }, body: Buffer.from(await encoded.arrayBuffer()) };
}

async function badRequests() {
  const { header, signal } = formatWfdb(simulate({ seed: 1, seconds: 10 }), 'simulated');
  const json = (record) => ({ headers: JSON_TYPE, body: JSON.stringify(record) });
  const two = { fs: 500, sigName: ['I', 'II'], units: ['mV', 'mV'] };
  return [
    [400, 'BAD_JSON', { headers: JSON_TYPE, body: '{"fs": 500,' }],
    [400, 'BAD_JSON', json(null)],
    [400, 'BAD_JSON', json({ ...two, signal: { 0: [1] } })],
    [400, 'BAD_JSON', json({ ...two, signal: [[1, '2'], [1]] })],
    [400, 'BAD_JSON', json({ ...two, signal: [[1]], digital: [[0.5]] })],
    [400, 'BAD_JSON', json({ ...two, fs: '500', signal: [[1], [2]] })],
    [400, 'RECORD_TOO_SHORT', json({ ...two, signal: [[1], [2]] })],
    [400, 'NO_USABLE_LEAD', json({ ...two, signal: [Array(5000).fill(null), Array(5000).fill(7)] })],
    [400, 'NOT_A_NUMBER', { headers: CSV_TYPE, body: 'time,I (mV)\n0,zero\n' }],
    [400, 'FS_REQUIRED', { headers: CSV_TYPE, body: 'I (mV)\n0\n1\n' }],
    [400, 'RECORD_TOO_SHORT', { path: '/classify?fs=500&units=mV', headers: CSV_TYPE, body: 'I,II\n0,1\n1,0\n' }],
    [400, 'BAD_RECORD', { path: '/classify?fs=fast', headers: CSV_TYPE, body: 'I (mV)\n0\n1\n' }],
    [400, 'BAD_FORM', { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: 'no form' }],
    [400, 'NO_FILES', await form({})],
    [400, 'FILE_NOT_FOUND', await form({ 'simulated.hea': header })],
    [400, 'HEADER_NOT_FOUND', await form({ 'simulated.dat': signal })],
    [400, 'TRUNCATED', await form({ 'simulated.hea': header, 'simulated.dat': signal.subarray(1) })],
    [404, 'NOT_FOUND', { path: '/classify/', headers: JSON_TYPE, body: '{}' }],
    [405, 'METHOD_NOT_ALLOWED', { method: 'GET' }],
    [405, 'METHOD_NOT_ALLOWED', { path: '/', headers: JSON_TYPE, body: '{}' }],
    [413, 'TOO_LARGE', { headers: { ...CSV_TYPE, 'content-length': String(LIMIT + 1) }, body: undefined }],
    [413, 'TOO_LARGE', { headers: CSV_TYPE, body: Buffer.alloc(LIMIT + 1, 'I (mV)\n') }],
    [415, 'UNSUPPORTED_TYPE', { headers: { 'content-type': 'application/dicom' }, body: 'DICM' }],
    [415, 'UNSUPPORTED_TYPE', { body: '{}' }],
  ];
}

/**
 * Sends all of it. `send({ method, path, headers, body })` gives `{ status, headers, text }`.
 * Returns what was verified.
 */
export async function checkServer(send) {
  const post = (sent) => send({ method: 'POST', path: '/classify', ...sent });
  const good = await goodRequests();
  // At once, and before anything else: the first ones share the loading of the model.
  const answers = await Promise.all(good.map(post));
  for (const [index, { title }] of good.entries()) assertResult(answers[index], title);

  const bad = await badRequests();
  for (const [index, [status, code, sent]] of bad.entries()) {
    const answer = await post(sent);
    const { error, ...others } = JSON.parse(answer.text);
    assert.deepEqual([answer.status, error?.code, Object.keys(others)], [status, code, []], `bad request ${index}: ${answer.text}`);
    assert.equal(typeof error.message, 'string');
    if (status === 405) assert.match(answer.headers.allow, /^(POST|GET, HEAD)$/);
  }

  const home = await send({ method: 'GET', path: '/' });
  assert.deepEqual([home.status, JSON.parse(home.text).notice], [200, NOTICE]);
  assertResult(await post(good[0]), 'JSON after bad requests');
  return `${good.map(({ title }) => title).join(', ')}: 26 logits bit for bit; ${bad.length} bad requests refused`;
}

function assertResult({ status, headers, text }, title) {
  assert.equal(status, 200, `${title}: ${text}`);
  assert.match(headers['content-type'], /^application\/json/);
  const { logits, notice, findings } = JSON.parse(text);
  compareHex(hexOf(logits));
  assert.equal(notice, NOTICE);
  assert.equal(findings[0].abbreviation, 'NSR');
}

/** Sends over HTTP with what fetch would not send: a length that is a lie, and a large body in chunks, without a length. */
export function httpSender(port) {
  return ({ method, path, headers, body }) =>
    new Promise((resolve, reject) => {
      const sent = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }, async (response) => {
        const chunks = await response.toArray();
        resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() });
        sent.destroy();
      });
      sent.on('error', reject);
      if (headers?.['content-length']) sent.flushHeaders();
      else if (body?.length > LIMIT) sent.write(body, () => sent.end());
      else sent.end(body);
    });
}

/** For handlers that take a `Request` and give a `Response`. */
export function requestSender(handle) {
  return async ({ method, path, headers, body }) => {
    const response = await handle(new Request(`http://localhost${path}`, { method, headers, body }));
    return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };
  };
}
