// Targets and what they test as JavaScript, straight from src/: a run needs nothing of a build of the package but the kernels.

import { cpSync, existsSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inlineWasm } from '../../wasm-plugins.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Not in git. Where packages are found from: the fuzzer's, then the project's. */
const FOLDER = here('.work/');
export const CODE = `${FOLDER}js/`;

/** Makes a module of each target, NAME.mjs, whose function `fuzz` it is: what it does not need is not in it, and counts in no coverage. */
export async function buildTargets(names) {
  rmSync(CODE, { recursive: true, force: true });
  for (const name of names) {
    await bundle({
      stdin: { contents: `export { ${name} as fuzz } from './targets/index.js';`, resolveDir: here('.'), loader: 'ts' },
      outfile: `${CODE}${name}.mjs`,
    });
  }
  cpSync(here('../../weights/edge.safetensors'), `${FOLDER}weights/edge.safetensors`); // where the command line looks for its own
}

/** A module of this folder, bundled and imported. */
export async function load(name) {
  const outfile = `${FOLDER}tools/${name.replace(/\W/g, '-')}.mjs`;
  await bundle({ entryPoints: [here(name)], outfile });
  return import(`${outfile}?${Date.now()}`);
}

async function bundle(input) {
  const { build } = await import('esbuild');
  const { name, load } = inlineWasm();
  const setup = (context) => {
    context.onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path: kernels(basename(path)) }));
    context.onLoad({ filter: /\.wasm$/ }, async ({ path }) => ({ contents: await load(path), loader: 'js' }));
  };
  await build({
    ...input,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: 'linked',
    logLevel: 'warning',
    plugins: [{ name, setup }],
  });
}

/** A copy of the binary: a build of the package at the same time takes its own away for a while. */
function kernels(name) {
  const [built, copy] = [here(`../../build/${name}`), `${FOLDER}${name}`];
  if (existsSync(built)) cpSync(built, copy);
  if (!existsSync(copy)) throw new Error('npm run build first: the kernels are not there');
  return copy;
}
