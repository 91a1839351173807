// The README's programs run as they stand there, each in a folder that has the files that it names.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { formatWfdb, simulate } from '../src/simulate.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const programs = Array.from(readFileSync(`${ROOT}README.md`, 'utf8').matchAll(/^```js\n(.*?)^```$/gms), ([, code]) => code!);

// Inside the project, so that `leadwise` is this package: as for its users, through its exports.
mkdirSync(`${ROOT}build`, { recursive: true });
const folder = mkdtempSync(`${ROOT}build/readme-`);
afterAll(() => rmSync(folder, { recursive: true }));

describe('README', () => {
  it('has programs', () => expect(programs.length).toBeGreaterThan(1));

  it.each(programs.map((code, n) => [n + 1, code] as const))('program %d runs', (n, code) => {
    mkdirSync(join(folder, 'records'), { recursive: true });
    const { header, signal } = formatWfdb(simulate({ seed: 1 }), 'A0010');
    writeFileSync(join(folder, 'records', 'A0010.hea'), header);
    writeFileSync(join(folder, 'records', 'A0010.dat'), signal);
    const path = join(folder, `program-${n}.mjs`);
    writeFileSync(path, code);
    const said = execFileSync(process.execPath, [path], { cwd: folder, encoding: 'utf8' });
    expect(said).toMatch(/NSR 0\.9\d+/);
  });
});
