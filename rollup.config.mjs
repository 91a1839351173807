import { copyFile, mkdir } from 'node:fs/promises';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import { inlineWasm } from './inline-wasm.mjs';

// tsc has put the modules into build/, beside the binaries of asc.
const LOADER_NOTICE =
  '/*! Contains @assemblyscript/loader, Copyright The AssemblyScript Authors, Apache-2.0: see THIRD_PARTY_NOTICES.md */';

export default {
  input: {
    index: 'build/index.js',
    node: 'build/node.js',
    signal: 'build/signal.js',
    readers: 'build/readers/index.js',
    convert: 'build/convert/index.js',
    evaluate: 'build/evaluate/index.js',
    profile: 'build/profile/index.js',
    simulate: 'build/simulate.js',
    pool: 'build/pool/index.js',
    'pool-worker': 'build/pool/pool-worker.js',
    cli: 'build/cli.js',
  },
  output: {
    dir: 'dist',
    format: 'es',
    chunkFileNames: 'chunks/[name].js',
    // Names of functions and classes stay, so that stack traces can be read.
    plugins: [terser({ module: true, compress: false, mangle: { keep_fnames: true, keep_classnames: true }, format: { comments: /^!/ } })],
    banner: (chunk) => (Object.keys(chunk.modules).some((id) => id.includes('@assemblyscript/loader')) ? LOADER_NOTICE : ''),
  },
  external: (id) => id.startsWith('node:'),
  plugins: [inlineWasm(), json(), nodeResolve(), copyKernels()],
};

/** For hosts that import or fetch the binaries instead of inlining them. */
function copyKernels() {
  return {
    name: 'copy-kernels',
    async writeBundle() {
      await mkdir('dist', { recursive: true });
      for (const variant of ['simd', 'scalar']) await copyFile(`build/kernels.${variant}.wasm`, `dist/kernels.${variant}.wasm`);
    },
  };
}
