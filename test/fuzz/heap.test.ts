// Hostile files of some megabytes in a process with a small heap: an error with a name, where JavaScript would have run out of memory.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const HEAP_MEGABYTES = 256;
/** With the engine itself and the file, which is up to 32 MB and there as text too. */
const PEAK_MEGABYTES = 500;
const SCRIPT = fileURLToPath(new URL('heap.mjs', import.meta.url));

async function run(...args: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [`--max-old-space-size=${HEAP_MEGABYTES}`, SCRIPT, ...args]);
  return JSON.parse(stdout);
}

it('costs what it is worth', async () => {
  const cases = (await run()) as string[];
  expect(cases.length).toBeGreaterThan(10);
  const codes: Record<string, string> = {};
  for (const name of cases) {
    const { code, megabytes } = (await run(name)) as { code: string; megabytes: number };
    codes[name] = code;
    expect(megabytes, name).toBeLessThan(PEAK_MEGABYTES);
  }
  expect(codes).toEqual({
    'json-lists': 'BAD_JSON',
    'json-objects': 'BAD_JSON',
    'json-texts': 'BAD_JSON',
    'json-deep': 'BAD_JSON',
    'xml-comments': 'XML_LIMIT',
    'xml-sections': 'XML_LIMIT',
    'xml-elements': 'XML_LIMIT',
    'xml-text': 'BAD_XML',
    'csv-columns': 'TOO_MANY_LEADS',
    'csv-lines': 'FILE_TOO_LARGE',
    'wfdb-signals': 'TOO_MANY_LEADS',
    'edf-annotations': 'none',
    'pickle-dicts': 'PICKLE_LIMIT',
    'pickle-lists': 'PICKLE_LIMIT',
    'safetensors-header': 'BAD_SAFETENSORS',
  });
});
