// A fresh project with the packed tarball installed, the suite, the weight files, and the bundle for workerd.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PRESETS = ['edge', 'compact', 'published'];

/** Makes it in a temporary folder and returns the path. `tarball`: of the package; packed here without. */
export async function makeProject(tarball) {
  const folder = mkdtempSync(join(tmpdir(), 'leadwise-engines-'));
  const npm = (...args) => execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  if (!tarball) {
    execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT, stdio: 'pipe' });
    tarball = join(
      folder,
      readdirSync(folder).find((name) => name.endsWith('.tgz')),
    );
  }
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  npm('install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock', tarball);
  for (const name of ['suite.mjs', 'child.mjs', 'worker.mjs']) copyFileSync(join(HERE, name), join(folder, name));
  writeFileSync(join(folder, 'page.html'), readFileSync(join(HERE, 'page.html'), 'utf8').replace('{}', importMap(folder)));
  await writeWeights(folder);
  return folder;
}

/** Where a page without a bundler finds the entries: their `browser` condition. */
function importMap(folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, 'node_modules/leadwise/package.json'), 'utf8'));
  const imports = {};
  for (const [name, target] of Object.entries(exports)) {
    const path = typeof target === 'string' ? target : (target.browser ?? target.default);
    if (path.endsWith('.js')) imports[join('leadwise', name)] = `/${join('node_modules/leadwise', path)}`;
  }
  return JSON.stringify({ imports }, null, 2);
}

/** f32 and int8 files of all presets, seeded, quantized by the package. */
async function writeWeights(folder) {
  const bundle = join(folder, 'weights.mjs');
  // The module reads scales.json beside it.
  mkdirSync(join(folder, 'golden'));
  copyFileSync(join(ROOT, 'test/golden/scales.json'), join(folder, 'golden/scales.json'));
  await build({ entryPoints: [join(HERE, 'weights.ts')], bundle: true, format: 'esm', platform: 'node', outfile: bundle });
  const { weightFile } = await import(pathToFileURL(bundle).href);
  const { convert } = await import(pathToFileURL(join(folder, 'node_modules/leadwise/dist/convert.js')).href);
  const { simulate } = await import(pathToFileURL(join(folder, 'node_modules/leadwise/dist/simulate.js')).href);
  mkdirSync(join(folder, 'weights'));
  for (const preset of PRESETS) {
    const f32 = weightFile(preset);
    const { file } = await convert(f32, { quantize: 'int8', records: [simulate({ seed: 1 })] });
    writeFileSync(join(folder, 'weights', `${preset}-f32.safetensors`), f32);
    writeFileSync(join(folder, 'weights', `${preset}-int8.safetensors`), file);
  }
}

/** The configuration file of a workerd that listens at `port`. The bundle resolves and imports as Cloudflare's own tool makes it. */
export async function bundleForWorkerd(folder, port) {
  const binaries = new Set();
  const wasmModules = {
    name: 'wasm-modules',
    setup({ onResolve }) {
      onResolve({ filter: /\.wasm\?module$/ }, ({ path }) => {
        const name = basename(path, '?module');
        binaries.add(name);
        return { path: `./${name}`, external: true };
      });
    },
  };
  const { metafile } = await build({
    absWorkingDir: folder,
    entryPoints: ['worker.mjs'],
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    outfile: 'workerd.js',
    plugins: [wasmModules],
    metafile: true,
  });
  if (!Object.keys(metafile.inputs).some((path) => path.includes('/dist/importing/')))
    throw new Error('the workerd condition was not taken');
  const modules = [...binaries].map((name) => `(name = "${name}", wasm = embed "node_modules/leadwise/dist/${name}")`);
  const config = join(folder, 'workerd.capnp');
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main), (name = "internet", network = (allow = ["private", "local"]))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "workerd.js"), ${modules.join(', ')}],
  compatibilityDate = "2026-01-01",
);
`,
  );
  return config;
}
