// What the fuzzer learnt, and what it found, once more: every input is read or refused, soon and in little memory.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { seeds } from './seeds.js';
import * as functions from './targets/index.js';

type Target = (input: Uint8Array) => void | Promise<void>;

const TARGETS = new Map<string, unknown>(Object.entries(functions));

const TESTS = fileURLToPath(new URL('..', import.meta.url));
const inputs = seeds(TESTS);
const targets = [...inputs.keys()].sort();

function kept(folder: string, target: string): { name: string; input: Uint8Array }[] {
  const path = `${TESTS}fuzz/${folder}/${target}`;
  if (!existsSync(path)) return [];
  return readdirSync(path).map((name) => ({ name: `${folder}/${target}/${name}`, input: new Uint8Array(readFileSync(`${path}/${name}`)) }));
}

it('every target has seeds, and every folder a target', () => {
  for (const folder of ['corpus', 'crashes']) {
    for (const name of existsSync(`${TESTS}fuzz/${folder}`) ? readdirSync(`${TESTS}fuzz/${folder}`) : [])
      expect(targets, folder).toContain(name);
  }
  for (const name of targets) expect(TARGETS.get(name), name).toBeTypeOf('function');
  expect(targets.length).toBeGreaterThan(30);
});

describe.each(targets)('%s', (name) => {
  const target = TARGETS.get(name) as Target;

  it('reads or refuses its seeds, its corpus and what was found', async () => {
    const all = [
      ...inputs.get(name)!.map((input, index) => ({ name: `seed ${index}`, input })),
      ...kept('corpus', name),
      ...kept('crashes', name),
    ];
    expect(all.length).toBeGreaterThan(0);
    for (const { name: input, input: bytes } of all) {
      try {
        await target(bytes);
      } catch (error) {
        throw new Error(`${input}: ${(error as Error).stack}`);
      }
    }
  });
});
