import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { ROOT } from './scenarios.mjs';

/** Where a measurement was made, and of what. */
export function machine() {
  const [{ model }] = cpus();
  return {
    cpu: model,
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
    leadwise: JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')).version,
    kernels: createHash('sha256')
      .update(readFileSync(`${ROOT}/dist/kernels.simd.wasm`))
      .digest('hex'),
    date: new Date().toISOString(),
  };
}
