import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import { importWasm, inlineWasm } from './wasm-plugins.mjs';

// tsc has put the modules into build/, beside the binaries of asc.
const LOADER_NOTICE =
  '/*! Contains @assemblyscript/loader, Copyright The AssemblyScript Authors, Apache-2.0: see THIRD_PARTY_NOTICES.md */';

const anywhere = {
  index: 'build/index.js',
  signal: 'build/signal.js',
  readers: 'build/readers/index.js',
  convert: 'build/convert/index.js',
  evaluate: 'build/evaluate/index.js',
  profile: 'build/profile/index.js',
  render: 'build/render/index.js',
  simulate: 'build/simulate.js',
  writers: 'build/writers/index.js',
  pool: 'build/pool/index.js',
};
const elsewhere = {
  node: 'build/node.js',
  'pool-worker': 'build/pool/pool-worker.js',
  cli: 'build/cli.js',
};

const output = {
  format: 'es',
  chunkFileNames: 'chunks/[name].js',
  hoistTransitiveImports: false, // bundlers would warn of bare imports without side effects
  // Names of functions and classes stay, and lines stay short, so that stack traces can be read.
  plugins: [
    terser({
      module: true,
      compress: { ecma: 2020, passes: 3, sequences: false, keep_fnames: true, keep_classnames: true },
      mangle: { keep_fnames: true, keep_classnames: true },
      format: { semicolons: false, comments: /^!|@ts-self-types/ },
    }),
  ],
  banner(chunk) {
    if (Object.keys(chunk.modules).some((id) => id.includes('@assemblyscript/loader'))) return LOADER_NOTICE;
    // Where Deno and JSR find an entry's types.
    return chunk.isEntry ? `/* @ts-self-types="./types/${relative('build', chunk.facadeModuleId).replace(/\.js$/, '.d.ts')}" */` : '';
  },
};

export default [
  {
    input: { ...anywhere, ...elsewhere },
    output: { ...output, dir: 'dist' },
    external: (id) => id.startsWith('node:'),
    plugins: [inlineWasm(), json(), nodeResolve(), copyKernels(), writeWeights()],
  },
  // For hosts that compile no bytes: the same modules, but for where the binaries come from.
  {
    input: anywhere,
    output: { ...output, dir: 'dist/importing' },
    plugins: [importWasm(), json(), nodeResolve()],
  },
];

/** For hosts that import or fetch the binaries instead of inlining them. */
function copyKernels() {
  return {
    name: 'copy-kernels',
    generateBundle() {
      const source = `/** The kernels as a host compiles them on import, for the option "wasm" of loadModel. */
declare const module: WebAssembly.Module;
export default module;
`;
      this.emitFile({ type: 'asset', fileName: 'types/kernels.d.ts', source });
    },
    async writeBundle() {
      await mkdir('dist', { recursive: true });
      for (const variant of ['simd', 'scalar']) await copyFile(`build/kernels.${variant}.wasm`, `dist/kernels.${variant}.wasm`);
    },
  };
}

/** Each weight file as a module whose default export is its bytes: no path and no fetch. */
function writeWeights() {
  return {
    name: 'write-weights',
    async generateBundle() {
      for (const file of (await readdir('weights')).filter((name) => name.endsWith('.safetensors'))) {
        const name = file.replace('.safetensors', '');
        const text = JSON.stringify(await readFile(`weights/${file}`, 'base64'));
        this.emitFile({
          type: 'asset',
          fileName: `weights/${name}.js`,
          source: `/* @ts-self-types="../types/weights/${name}.d.ts" */
const text = atob(${text});
const bytes = new Uint8Array(text.length);
for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
export default bytes;
`,
        });
        this.emitFile({
          type: 'asset',
          fileName: `types/weights/${name}.d.ts`,
          source: `/** The bytes of weights/${file}, for loadModel. The card is weights/${name}.md. */
declare const bytes: Uint8Array<ArrayBuffer>;
export default bytes;
`,
        });
      }
    },
  };
}
