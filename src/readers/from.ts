// Recordings from where pages and programs have them: bytes, a Blob or File, or an http(s) URL, of which no more is fetched than is needed.

import type { EcgRecord } from '../ecg.js';
import { FormatError } from '../errors.js';
import { type ReadOptions, readBytes } from './read.js';
import type { ByteSource } from './wfdb-source.js';

/**
 * Reads one recording as `readBytes` does. Of a `File` the name is known; of a `URL` the name and the files beside it, which are fetched when a header
 * names them: in ranges where the server allows it, so that a part of a long WFDB record (`startSeconds`, `seconds`) costs its own bytes.
 *
 * @throws TypeError for anything else
 * @throws FormatError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, and what `readBytes` throws
 */
export async function readRecordFrom(source: Uint8Array | ArrayBuffer | Blob | URL, options: ReadOptions = {}): Promise<EcgRecord> {
  if (source instanceof URL) return readUrl(source, options);
  if (source instanceof Blob) {
    const { name } = source as Blob & { name?: string };
    return readBytes(new Uint8Array(await source.arrayBuffer()), { ...(name === undefined ? {} : { name }), ...options });
  }
  return readBytes(source instanceof ArrayBuffer ? new Uint8Array(source) : source, options);
}

async function readUrl(url: URL, options: ReadOptions): Promise<EcgRecord> {
  if (!/^https?:$/.test(url.protocol)) throw new TypeError(`"source" expected an http(s) URL, got ${url.protocol}`);
  const name = decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf('/') + 1));
  const bytes = new Uint8Array(await (await request(url)).arrayBuffer());
  return readBytes(bytes, { name, open: (fileName) => openUrl(new URL(encodeURIComponent(fileName), url)), ...options });
}

/** A file in ranges, or its bytes where the server knows none. */
async function openUrl(url: URL): Promise<ByteSource | Uint8Array> {
  const first = await request(url, 'bytes=0-0');
  const [, total] = /\/(\d+)$/.exec(first.headers.get('content-range') ?? '') ?? [];
  if (first.status !== 206 || total === undefined) return new Uint8Array(await first.arrayBuffer());
  await first.body?.cancel();
  return {
    byteLength: Number(total),
    async slice(start: number, end: number) {
      if (start === end) return new Uint8Array();
      const part = await request(url, `bytes=${start}-${end - 1}`);
      if (part.status !== 206) throw unreadable(url, 'it gives ranges at times');
      return new Uint8Array(await part.arrayBuffer());
    },
  };
}

async function request(url: URL, range?: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, range === undefined ? {} : { headers: { range } });
  } catch (error) {
    throw unreadable(url, (error as Error).message);
  }
  if (response.ok) return response;
  if (response.status === 404) throw new FormatError('FILE_NOT_FOUND', 'the server has no such file', { file: nameOf(url) });
  throw unreadable(url, `the server answered ${response.status}`);
}

function unreadable(url: URL, why: string): FormatError {
  return new FormatError('FILE_UNREADABLE', `the file could not be fetched: ${why}`, { file: nameOf(url) });
}

function nameOf({ pathname }: URL): string {
  return pathname.slice(pathname.lastIndexOf('/') + 1);
}
