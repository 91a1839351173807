// Checkpoints written by PyTorch: `python3 -m training.fixtures test/convert/fixtures`.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { NetworkConfig } from '../../src/config.js';
import type { ConvertOptions } from '../../src/convert/index.js';

export interface Fixture {
  kind: string;
  /** What is to be given, because the checkpoint does not say it. */
  classes?: string[];
  dtypes: string[];
  /** Of the float32 values, tensors in order of name. */
  sha256: string;
  logits: number[];
  /** Code of the error, for those that are not to convert. */
  error?: string;
}

export const { config: TINY_CONFIG, files: FIXTURES } = JSON.parse(
  readFileSync(new URL('fixtures/fixtures.json', import.meta.url), 'utf8'),
) as { config: NetworkConfig; files: Record<string, Fixture> };

export function readFixture(name: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(new URL(`fixtures/${name}.gz`, import.meta.url))));
}

export function fixtureOptions(name: string): ConvertOptions {
  const { classes } = FIXTURES[name]!;
  return { config: TINY_CONFIG, ...(classes ? { classes } : {}) };
}
