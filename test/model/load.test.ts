// What loadModel takes, and how it refuses the rest.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type WeightsSource } from '../../src/index.js';
import { sha256 } from '../../src/sha256.js';
import { kernelBytes } from '../../src/wasm.js';
import { bitsOf, loadTiny, TINY, TINY_FILE, tinyRecord } from '../tiny-network.js';
import { VARIANTS } from '../variants.js';

const record = tinyRecord();
const digest = sha256(TINY_FILE);
const reference = bitsOf((await loadTiny()).classify(record).logits);

let server: Server;
let base: string;
/** Nobody listens here. */
let nowhere: URL;

beforeAll(async () => {
  const pages: Record<string, Uint8Array> = {
    '/tiny.safetensors': TINY_FILE,
    '/simd.wasm': kernelBytes('simd'),
    '/page.html': new TextEncoder().encode('<!doctype html><title>Not here</title><p>This page does not exist.</p>'),
  };
  server = createServer(({ url }, response) => {
    if (url === '/cut') {
      // A connection that ends before the promised length.
      response.writeHead(200, { 'content-length': TINY_FILE.length });
      response.write(TINY_FILE.subarray(0, 100), () => response.destroy());
      return;
    }
    const page = pages[url!];
    response.writeHead(page ? 200 : 404).end(page ?? 'no such page');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  nowhere = new URL(`http://127.0.0.1:${(closed.address() as AddressInfo).port}/file`);
  await new Promise((resolve) => closed.close(resolve));
});

afterAll(() => void server.close());

/** The file's bytes at an odd place of a larger buffer. */
function atOddOffset(): Uint8Array {
  const larger = new Uint8Array(TINY_FILE.length + 100).fill(0xff);
  larger.set(TINY_FILE, 13);
  return larger.subarray(13, 13 + TINY_FILE.length);
}

describe('loadModel takes', () => {
  it.each<[string, () => WeightsSource | Promise<WeightsSource>]>([
    ['an ArrayBuffer', () => TINY_FILE.slice().buffer as ArrayBuffer],
    ['a Uint8Array', () => TINY_FILE],
    ['a part of a larger buffer at an odd offset', atOddOffset],
    ['a Buffer', () => Buffer.from(TINY_FILE)],
    ['a part of a Buffer', () => Buffer.from(atOddOffset().buffer).subarray(13, 13 + TINY_FILE.length)],
    ['a Blob', () => new Blob([TINY_FILE.slice()])],
    ['a Response', () => new Response(TINY_FILE.slice())],
    ['a fetched Response', () => fetch(`${base}/tiny.safetensors`)],
    ['an http URL', () => new URL(`${base}/tiny.safetensors`)],
  ])('%s', async (_, source) => {
    const model = await loadModel(await source());
    const result = model.classify(record);
    expect(bitsOf(result.logits)).toEqual(reference);
    expect(result.model).toMatchObject({ name: 'test-tiny', sha256: digest });
    expect(model.config).toEqual(TINY);
    expect(model.classes).toHaveLength(26);
    expect(model.memory.total).toBeGreaterThanOrEqual(model.memory.weights + model.memory.activations);
    expect(model.memory.total).toBeLessThan(model.memory.weights + model.memory.activations + 2 * 65536);
  });

  it('bytes that change afterwards', async () => {
    const bytes = TINY_FILE.slice();
    const model = await loadModel(bytes);
    bytes.fill(0xff);
    expect(bitsOf(model.classify(record).logits)).toEqual(reference);
  });
});

describe('loadModel refuses', () => {
  it.each(['weights.safetensors', 'https://example.org/weights.safetensors', ''])(
    'the string %j, and names loadModelFile',
    async (text) => {
      const load = loadModel(text as never);
      await expect(load).rejects.toThrow(TypeError);
      await expect(load).rejects.toThrow(/loadModelFile/);
    },
  );

  it('a file: URL, and names loadModelFile', async () => {
    const load = loadModel(pathToFileURL('/weights.safetensors') as URL);
    await expect(load).rejects.toThrow(TypeError);
    await expect(load).rejects.toThrow(/loadModelFile/);
  });

  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [7, 'number'],
    [{}, 'object'],
    [[1, 2], 'object'],
  ])('%j', async (value, type) => {
    await expect(loadModel(value as never)).rejects.toThrow(
      new TypeError(`"weights" expected bytes, a Blob, a Response or an http(s) URL, got ${type}`),
    );
  });

  it('what was not found', async () => {
    const error = { name: 'WeightsError', code: 'DOWNLOAD_FAILED', message: expect.stringContaining('404') };
    await expect(loadModel(await fetch(`${base}/nowhere`))).rejects.toMatchObject(error);
    await expect(loadModel(new URL(`${base}/nowhere`))).rejects.toMatchObject(error);
  });

  it('a server that is not there, and one that hangs up', async () => {
    const error = { name: 'WeightsError', code: 'DOWNLOAD_FAILED' };
    await expect(loadModel(nowhere)).rejects.toMatchObject(error);
    await expect(loadModel(new URL(`${base}/cut`))).rejects.toMatchObject(error);
  });

  it('a web page in place of the file, and says what it looks like', async () => {
    const error = { code: 'BAD_SAFETENSORS', message: expect.stringContaining('web page') };
    await expect(loadModel(new URL(`${base}/page.html`))).rejects.toMatchObject(error);
  });

  it.each(['SIMD', 'relaxed', 1, null, Symbol('simd')])('the variant %s', async (variant) => {
    await expect(loadModel(TINY_FILE, { variant: variant as never })).rejects.toThrow(TypeError);
  });
});

describe.each(VARIANTS)('option wasm with the %s binary', (variant) => {
  const bytes = kernelBytes(variant);
  const moduleOf = () => new WebAssembly.Module(bytes);

  it('takes a module, bytes or a buffer, and names them in the result', async () => {
    for (const [wasm, digest] of [
      [moduleOf(), 'unknown'],
      [bytes, sha256(bytes)],
      [bytes.slice().buffer, sha256(bytes)],
    ] as const) {
      const { logits, kernels } = (await loadModel(TINY_FILE, { wasm, variant })).classify(record);
      expect(bitsOf(logits)).toEqual(reference);
      expect(kernels).toEqual({ variant, sha256: digest });
    }
  });
});

describe('option wasm', () => {
  it('takes a URL', async () => {
    const { logits, kernels } = (await loadModel(TINY_FILE, { wasm: new URL(`${base}/simd.wasm`) })).classify(record);
    expect(bitsOf(logits)).toEqual(reference);
    expect(kernels).toEqual({ variant: 'simd', sha256: sha256(kernelBytes('simd')) });
  });

  const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  it.each<[string, () => unknown]>([
    ['no WebAssembly', () => new Uint8Array(64).fill(0x3c)],
    ['nothing', () => new Uint8Array(0)],
    ['half a binary', () => kernelBytes('simd').slice(0, 5000)],
    ['another binary', () => emptyModule],
    ['another module', () => new WebAssembly.Module(emptyModule)],
    ['a page that is not there', () => new URL(`${base}/nowhere`)],
    ['a web page', () => new URL(`${base}/page.html`)],
    ['a server that is not there', () => nowhere],
  ])('refuses %s', async (_, wasm) => {
    await expect(loadModel(TINY_FILE, { wasm: wasm() as never })).rejects.toMatchObject({ name: 'UnsupportedError', code: 'BAD_WASM' });
  });

  it.each([[null], [7], ['kernels.wasm'], [{}], [[1, 2]]])('refuses %j', async (wasm) => {
    await expect(loadModel(TINY_FILE, { wasm: wasm as never })).rejects.toThrow(TypeError);
  });
});
