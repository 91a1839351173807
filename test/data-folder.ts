import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';

// Real recordings are not part of the project. Tests that need them run where the folder is, and say so where it is not.

const folder = resolve(fileURLToPath(new URL('..', import.meta.url)), process.env['LEADWISE_DATA'] ?? '../shared/data');

/** The folder of real recordings (LEADWISE_DATA, or ../shared/data beside the project), or undefined where there is none. */
export const dataFolder: string | undefined = existsSync(folder) ? folder : undefined;

let saidSo = false;

/** `describe` with the data folder; without it the tests are skipped, loudly. */
export function describeWithData(title: string, body: (folder: string) => void): void {
  if (dataFolder !== undefined) {
    describe(title, () => body(dataFolder));
    return;
  }
  if (!saidSo) process.stderr.write(`\n*** SKIPPED: no recordings in ${folder}; set LEADWISE_DATA to test with real data ***\n`);
  saidSo = true;
  describe.skip(title, () => {
    it('needs the recordings', () => {});
  });
}
