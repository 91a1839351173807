// What the package weighs, as built: both binaries, and the code that `import 'leadwise'` brings along.

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));
const LARGEST_BINARY = 64_000;
const LARGEST_CODE_GZIPPED = 30_000;

/** The text of a module and of all that it imports, without Node's own. */
function texts(file: string, seen = new Map<string, string>()): Map<string, string> {
  if (seen.has(file)) return seen;
  const text = readFileSync(file, 'utf8');
  seen.set(file, text);
  for (const [, from] of text.matchAll(/(?:from|import)\s*['"](\.[^'"]+)['"]/g)) texts(resolve(dirname(file), from!), seen);
  return seen;
}

it.each(['simd', 'scalar'])('the %s binary is at most 64 kB', (variant) => {
  const { length } = readFileSync(`${DIST}/kernels.${variant}.wasm`);
  console.info(`${variant} kernels: ${length} bytes`);
  expect(length).toBeLessThanOrEqual(LARGEST_BINARY);
});

it('the default entry is at most 30 kB gzipped without its binaries', () => {
  const modules = texts(`${DIST}/index.js`);
  const binaries = /"[A-Za-z0-9+/=]{10000,}"/g;
  const all = [...modules.values()].join('\n');
  expect(all.match(binaries)).toHaveLength(2);
  const { length } = gzipSync(all.replace(binaries, '""'), { level: 9 });
  console.info(`default entry: ${length} bytes gzipped without binaries, ${modules.size} modules`);
  expect(length).toBeLessThanOrEqual(LARGEST_CODE_GZIPPED);
});
