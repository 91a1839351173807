// Files cut off and changed, read in the main thread. What comes out of them goes through the pool as it is.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as xml from 'fast-xml-parser';
import { readBytes } from '../../dist/readers.js';
import { simulate } from '../../dist/simulate.js';
import { formatCsv, formatEdf } from '../../dist/writers.js';

const FIXTURES = fileURLToPath(new URL('../readers/fixtures/', import.meta.url));
const LARGEST = 300_000;

/** Files that can be read as they are. @returns {Promise<{ name: string, bytes: Uint8Array }[]>} */
export async function readFiles() {
  const files = readdirSync(FIXTURES, { recursive: true })
    .filter((name) => /\.(?:dcm|edf|bdf|ecg|xml|csv|json|mat)$/.test(name) && !name.includes('expected'))
    .map((name) => `${FIXTURES}${name}`)
    .filter((path) => statSync(path).size <= LARGEST)
    .sort()
    .map((path) => ({ name: path.slice(FIXTURES.length), bytes: readFileSync(path) }));
  const record = simulate({ fs: 250, seconds: 6, seed: 4 });
  const text = (name, content) => ({ name, bytes: new TextEncoder().encode(content) });
  const all = [...files, { name: 'written.edf', bytes: formatEdf(record) }, text('written.csv', formatCsv(record))];
  const readable = [];
  for (const file of all) if ((await readSpoilt(file.bytes)).record) readable.push(file);
  return readable;
}

export function spoil({ bytes }, random) {
  const end = random.chance(0.25) ? random.whole(0, bytes.length) : bytes.length;
  const spoilt = Uint8Array.from(bytes.subarray(0, end));
  if (spoilt.length === 0) return spoilt;
  const headerOnly = random.chance(0.3);
  for (let changes = random.whole(-3, 4); changes > 0; changes--) {
    const at = random.whole(0, (headerOnly ? Math.min(600, spoilt.length) : spoilt.length) - 1);
    spoilt[at] = random.pick([0, 255, 48, 57, 45, random.whole(0, 255), spoilt[at] ^ (1 << random.whole(0, 7))]);
  }
  return spoilt;
}

/** @returns {Promise<{ record: object } | { error: unknown }>} */
export async function readSpoilt(bytes) {
  try {
    return { record: await readBytes(bytes, { libraries: { 'fast-xml-parser': xml } }) };
  } catch (error) {
    return { error };
  }
}
