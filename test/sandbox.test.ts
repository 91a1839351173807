// The built package in another realm: hosts that compile nothing from bytes, and modules that come from elsewhere.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createContext, Script } from 'node:vm';
import { rollup } from 'rollup';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadModel } from '../src/index.js';
import { bitsOf, TINY_FILE, tinyRecord } from './tiny-network.js';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));

/** Bytes cross into another realm in a blob: there an array of this one is of an unknown class. */
const weights = new Blob([new Uint8Array(TINY_FILE)]);

let script: Script;

beforeAll(async () => {
  const bundle = await rollup({ input: `${DIST}index.js` });
  const { output } = await bundle.generate({ format: 'iife', name: 'leadwise', inlineDynamicImports: true });
  script = new Script(`${output[0].code}; leadwise`);
});

function load(wasm: boolean): typeof import('../src/index.js') {
  const { atob, TextDecoder, TextEncoder, URL, Blob, Response, setTimeout, MessageChannel } = globalThis;
  const globals = { atob, TextDecoder, TextEncoder, URL, Blob, Response, setTimeout, MessageChannel };
  return script.runInContext(createContext(globals, { codeGeneration: { strings: false, wasm } }));
}

describe('a host that does not compile bytes', () => {
  it('is told by name', async () => {
    const { loadModel: loadThere, UnsupportedError } = load(false);
    const failed = await loadThere(weights).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(UnsupportedError);
    expect(failed).toMatchObject({ code: 'WASM_REFUSED', message: expect.stringContaining("'wasm-unsafe-eval'") });
  });

  it('runs a module that it was given', async () => {
    const module = await WebAssembly.compile(readFileSync(`${DIST}kernels.simd.wasm`));
    const there = await load(false).loadModel(weights, { wasm: module });
    const here = await loadModel(TINY_FILE);
    expect(bitsOf(there.classify(tinyRecord()).logits)).toEqual(bitsOf(here.classify(tinyRecord()).logits));
  });
});

it('no code is made of strings', async () => {
  const there = await load(true).loadModel(weights);
  expect(there.classify(tinyRecord()).findings.length).toBeGreaterThan(0);
});
