// No regular expression of the sources takes more than linear time, or what it is given is short.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { findExpressions } from './expressions.js';

interface Verdict {
  status: 'safe' | 'vulnerable' | 'unknown';
  complexity?: { type: string; summary: string };
  attack?: { string: string };
}
type Check = (source: string, flags: string, options: object) => Verdict;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Of polynomial time, by what they are given: the most characters that can be. */
const BOUNDED = new Map([
  ['src/readers/dicom-tags.ts ^[\\s\\0]+|[\\s\\0]+$', 1024], // MAX_TEXT_BYTES
  ['src/readers/edf-header.ts ^ECG +(.+)$', 16], // a label
  ['src/readers/samples.ts ^0*(\\d*)\\.0*(\\d+)$', 25], // String of a number
  ['src/writers/edf.ts \\.?0+$', 30], // toFixed of a number
  ['src/markup/text.ts \\B(?=(?:\\d{3})+$)', 25], // String of a number
]);
const SLOWEST_MS = 50;

// The checker's packages are not among the project's: 60 MB.
const FOLDER = fileURLToPath(new URL('.', import.meta.url));
if (!existsSync(`${FOLDER}node_modules/recheck`)) {
  execFileSync('npm', ['ci', '--ignore-scripts', '--prefix', FOLDER], { stdio: 'ignore', shell: process.platform === 'win32' });
}
const { checkSync } = createRequire(import.meta.url)('recheck') as { checkSync: Check };
const expressions = findExpressions(ROOT, 'src');

it('the checker sees what is wrong, and all there is', () => {
  expect(checkSync('^(a+)+$', '', {}).complexity?.type).toBe('exponential');
  expect(checkSync('\\d+\\.?\\d*x', '', {}).complexity?.type).toBe('polynomial');
  expect(expressions.length).toBeGreaterThan(100);
  expect(expressions.filter(({ source }) => source === undefined)).toEqual([]); // none that is made of other text
});

it('none is exponential, and none polynomial without a bound', () => {
  const used = new Set<string>();
  for (const { place, source, flags } of expressions as { place: string; source: string; flags: string }[]) {
    const { status, complexity, attack } = checkSync(source, flags, { timeout: 60_000, randomSeed: 1 });
    if (status === 'safe') continue;
    const key = `${place.replace(/:\d+$/, '')} ${source}`;
    const longest = BOUNDED.get(key);
    expect(longest, `${place} ${source}: ${status}, ${complexity?.summary}`).toBeDefined();
    expect(complexity?.type, key).toBe('polynomial');
    used.add(key);
    const start = performance.now();
    new RegExp(source, flags).test(attack!.string.slice(0, longest));
    expect(performance.now() - start, key).toBeLessThan(SLOWEST_MS);
  }
  expect([...BOUNDED.keys()].filter((key) => !used.has(key))).toEqual([]);
});
