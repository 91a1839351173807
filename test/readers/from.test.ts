// Recordings from blobs and URLs, by a real server with and without ranges.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecordFrom } from '../../src/readers/from.js';
import { formatCsv, formatWfdb, simulate } from '../../src/simulate.js';

const record = simulate({ seconds: 20, fs: 100 });
const { header, signal } = formatWfdb(record, 'rec');
const csv = new TextEncoder().encode(formatCsv(record));
const files = new Map<string, Uint8Array>([
  ['rec.hea', new TextEncoder().encode(header)],
  ['rec.dat', signal],
  ['table', csv],
]);

let server: Server;
let base: string;
let sent = 0;

beforeAll(async () => {
  server = createServer(({ url, headers }, response) => {
    const [, kind, name] = url!.split('/');
    const file = files.get(name!);
    if (kind === 'broken') response.writeHead(500).end();
    else if (!file) response.writeHead(404).end();
    else {
      const [, from, to] = (kind === 'ranges' && /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '')) || [];
      const part = from === undefined ? file : file.subarray(Number(from), Number(to) + 1);
      sent += part.length;
      response.writeHead(
        from === undefined ? 200 : 206,
        from === undefined ? {} : { 'content-range': `bytes ${from}-${to}/${file.length}` },
      );
      response.end(part);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

const leadOne = ({ digital }: { digital?: Int32Array[] }) => Array.from(digital![0]!);

describe('readRecordFrom', () => {
  it('bytes, a buffer, a blob, a file', async () => {
    for (const source of [csv, csv.slice().buffer, new Blob([csv]), new File([csv], 'a.csv')]) {
      expect((await readRecordFrom(source)).signal[0]).toEqual(record.signal[0]);
    }
  });

  it.each(['ranges', 'whole'])('a URL and the files beside it (%s)', async (kind) => {
    expect(leadOne(await readRecordFrom(new URL(`${base}/${kind}/rec.hea`)))).toEqual(Array.from(record.digital![0]!));
    expect(leadOne(await readRecordFrom(new URL(`${base}/${kind}/rec.dat`)))).toEqual(Array.from(record.digital![0]!));
    expect((await readRecordFrom(new URL(`${base}/${kind}/table`))).signal[0]).toEqual(record.signal[0]);
  });

  it('a part of a long record costs its own bytes', async () => {
    sent = 0;
    const part = await readRecordFrom(new URL(`${base}/ranges/rec.hea`), { startSeconds: 5, seconds: 1 });
    expect(leadOne(part)).toEqual(Array.from(record.digital![0]!.slice(500, 600)));
    expect(sent).toBeLessThan(header.length + 100 * 24 + 100);
  });

  it.each([
    ['ranges/none.hea', 'FILE_NOT_FOUND'],
    ['broken/rec.hea', 'FILE_UNREADABLE'],
  ])('%s is %s', async (path, code) => {
    await expect(readRecordFrom(new URL(`${base}/${path}`))).rejects.toMatchObject({ name: 'FormatError', code });
  });

  it('nobody there, and what is no source', async () => {
    await expect(readRecordFrom(new URL('http://127.0.0.1:1/rec.hea'))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    await expect(readRecordFrom(new URL('file:///rec.hea'))).rejects.toThrow(TypeError);
    await expect(readRecordFrom('rec.hea' as never)).rejects.toThrow(TypeError);
  });
});
