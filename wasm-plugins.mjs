// Rollup and Vite plugins: what `import binary from './kernels.simd.wasm'` gives.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** The binary as base64 text: the bundle needs no path, no fetch and no permission. */
export function inlineWasm() {
  return {
    name: 'inline-wasm',
    enforce: 'pre',
    async load(id) {
      if (!id.endsWith('.wasm')) return null;
      const bytes = await readFile(id);
      return `export default { base64: ${JSON.stringify(bytes.toString('base64'))}, sha256: '${digest(bytes)}' };`;
    },
  };
}

/**
 * The module that the host compiles when it deploys: workerd and Vercel's edge refuse to compile bytes. The binary stands in the folder above
 * the output's. `?module` is what Vercel's bundler asks for, and Cloudflare's takes.
 */
export function importWasm() {
  return {
    name: 'import-wasm',
    resolveId(source) {
      if (!source.endsWith('.wasm?module')) return null;
      // To Rollup build/, where the modules come from, and the output's folder are one.
      return { id: `${fileURLToPath(new URL(source, import.meta.url))}?module`, external: 'relative' };
    },
    async load(id) {
      if (!id.endsWith('.wasm')) return null;
      return `import module from '${basename(id)}?module';
export default { base64: '', module, sha256: '${digest(await readFile(id))}' };`;
    },
  };
}
