import { readFile } from 'node:fs/promises';

/** Rollup and Vite plugin: `import base64 from './x.wasm'` gives the binary as a base64 string, so that the bundle needs no path and no fetch. */
export function inlineWasm() {
  return {
    name: 'inline-wasm',
    enforce: 'pre',
    async load(id) {
      if (!id.endsWith('.wasm')) return null;
      return `export default ${JSON.stringify(await readFile(id, 'base64'))};`;
    },
  };
}
