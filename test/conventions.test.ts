// The laws of the house as code: who may import whom, what may compute, what is published.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../src/index.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const packageJson = JSON.parse(read('package.json')) as {
  version: string;
  dependencies?: unknown;
  bin: Record<string, string>;
  files: string[];
  exports: Record<string, string | Record<string, string>>;
};

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Paths of all TypeScript files below a folder, from the root. */
function sources(folder: string): string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  const paths = names.map((name) => join(folder, name).replaceAll('\\', '/'));
  return paths.filter((path) => path.endsWith('.ts') && !path.includes('/node_modules/'));
}

const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');

interface Import {
  /** Path from the root for a relative one (`src/ecg.ts`), else the name as it stands. */
  target: string;
  /** Leaves nothing in the compiled module. */
  isType: boolean;
}

function importsOf(path: string): Import[] {
  const text = withoutComments(read(path));
  const found = text.matchAll(/^(?:import|export)\b(\s+type\b)?[^;'"=]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'/gm);
  return Array.from(found, ([, type, from, bare, dynamic]) => {
    const target = (from ?? bare ?? dynamic)!;
    const isRelative = target.startsWith('.');
    return {
      isType: type !== undefined,
      target: isRelative
        ? normalize(join(dirname(path), target))
            .replaceAll('\\', '/')
            .replace(/\.js$/, '.ts')
        : target,
    };
  });
}

const SRC = sources('src');
const graph = new Map(SRC.map((path) => [path, importsOf(path)]));

/** All modules of the project that a module needs, itself too. */
function reach(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path) || !graph.has(path)) return seen;
  seen.add(path);
  for (const { target, isType } of graph.get(path)!) if (!isType) reach(target, seen);
  return seen;
}

const MODEL = [
  'model',
  'network',
  'operations',
  'engine',
  'pack',
  'weights',
  'safetensors',
  'config',
  'decision',
  'result',
  'preprocess',
].map((name) => `src/${name}.ts`);
const LOWER = SRC.filter((path) => /^src\/(signal|simulate|readers|writers)/.test(path));
const HOST = (path: string) => path === 'src/node.ts' || path === 'src/cli.ts' || path.startsWith('src/cli/');

it('the tests below see imports', () => {
  expect(SRC.length).toBeGreaterThan(40);
  expect(graph.get('src/wasm.ts')!.map(({ target }) => target)).toContain('@assemblyscript/loader');
  expect(graph.get('src/index.ts')!.map(({ target }) => target)).toContain('src/model.ts');
  expect(reach('src/node.ts')).toContain('src/readers/csv.ts');
  expect(LOWER.length).toBeGreaterThan(10);
  for (const path of MODEL) expect(SRC).toContain(path);
  for (const [path, imports] of graph) {
    for (const { target } of imports) if (target.startsWith('src/') && target.endsWith('.ts')) expect(SRC, path).toContain(target);
  }
});

describe('imports go downwards only', () => {
  it.each(LOWER)('%s knows no model', (path) => {
    expect([...reach(path)].filter((target) => MODEL.includes(target))).toEqual([]);
    expect(
      graph
        .get(path)!
        .map(({ target }) => target)
        .filter((target) => MODEL.includes(target)),
    ).toEqual([]);
  });

  it('no module needs itself', () => {
    for (const path of SRC) {
      for (const { target, isType } of graph.get(path)!)
        if (!isType && graph.has(target)) expect([...reach(target)], path).not.toContain(path);
    }
  });

  it('nothing imports the command line, and only the command line imports the Node entry', () => {
    for (const [path, imports] of graph) {
      for (const { target } of imports) {
        if (target === 'src/cli.ts' || target.startsWith('src/cli/')) expect(path).toMatch(/^src\/cli/);
        if (target === 'src/node.ts') expect(path).toMatch(/^src\/cli/);
      }
    }
  });

  it('what the command line takes from beyond the public entries is listed here', () => {
    const entries = [
      'index',
      'node',
      'signal',
      'simulate',
      'readers/index',
      'convert/index',
      'evaluate/index',
      'profile/index',
      'render/index',
      'writers/index',
    ].map((name) => `src/${name}.ts`);
    const beyond = SRC.filter((path) => path.startsWith('src/cli')).flatMap((path) => graph.get(path)!.map(({ target }) => target));
    const inside = beyond.filter((target) => target.startsWith('src/') && !target.startsWith('src/cli') && !entries.includes(target));
    // Types and small tables; of the machinery, `inspect` reads the file's tensors, and `--version` names the kernels.
    expect([...new Set(inside)].sort()).toEqual(
      [
        'choose-leads',
        'classes',
        'comparison',
        'ecg',
        'errors',
        'model',
        'quality/mode',
        'quantized',
        'result',
        'safetensors',
        'version',
        'wasm',
        'weights',
      ].map((name) => `src/${name}.ts`),
    );
  });

  it('assembly imports assembly only', () => {
    const paths = sources('assembly');
    expect(paths.length).toBeGreaterThan(10);
    for (const path of paths) for (const { target } of importsOf(path)) expect(target, path).toMatch(/^assembly\//);
  });
});

describe('WebAssembly', () => {
  it('is instantiated by src/wasm.ts alone', () => {
    for (const path of SRC) {
      if (path === 'src/wasm.ts') continue;
      expect(withoutComments(read(path)), path).not.toMatch(/WebAssembly\s*\.\s*(?!Module\b)|new\s+WebAssembly/);
      expect(
        graph.get(path)!.filter(({ target }) => target.endsWith('.wasm') || target.startsWith('@assemblyscript/')),
        path,
      ).toEqual([]);
    }
  });

  it('is no type beyond the options of the entries', () => {
    const named = SRC.filter((path) => /WebAssembly/.test(withoutComments(read(path)).replace(/'[^']*'|`[^`]*`/g, '')));
    expect(named.sort()).toEqual(['src/simulate/options.ts', 'src/wasm.ts']);
  });
});

describe('hosts', () => {
  it('only the Node entry and the command line import node:, and nothing but the loader comes from elsewhere', () => {
    for (const [path, imports] of graph) {
      for (const { target } of imports) {
        if (target.startsWith('src/') || target.startsWith('build/')) continue;
        if (HOST(path)) expect(target, path).toMatch(/^node:/);
        else expect(target, path).toBe('@assemblyscript/loader');
      }
    }
  });

  it.each(SRC.filter((path) => !HOST(path)))('%s names no global of Node or of a page', (path) => {
    expect(withoutComments(read(path))).not.toMatch(
      /\b(?:process|Buffer|__dirname|require|document|navigator|self|localStorage|eval)\s*[.([]|new Function/,
    );
  });
});

describe('arithmetic', () => {
  /** Exact in IEEE 754, so that every engine agrees. */
  const EXACT = ['abs', 'ceil', 'floor', 'fround', 'imul', 'clz32', 'max', 'min', 'round', 'sign', 'sqrt', 'trunc', 'PI', 'LN10'];
  /** Files that use others for what people read, never for a result. */
  const DISPLAY_ONLY = ['src/convert/quantize-file.ts', 'src/profile/roofline.ts'];

  it.each(SRC)('%s has no function that engines disagree on', (path) => {
    if (DISPLAY_ONLY.includes(path)) return;
    const used = Array.from(withoutComments(read(path)).matchAll(/\bMath\s*(?:\.\s*(\w+)|\[)/g), ([, name]) => name);
    expect(used.filter((name) => name === undefined || !EXACT.includes(name))).toEqual([]);
    expect(withoutComments(read(path))).not.toMatch(/=\s*Math\b(?!\.)|\{[^}]*\}\s*=\s*Math/);
    // The power operator is Math.pow: whole powers of two are exact.
    for (const [power] of withoutComments(read(path)).matchAll(/[\w)\]]+\s*\*\*\s*[\w(]+/g)) expect(power, path).toMatch(/^2 \*\* \d+$/);
  });
});

describe('the package', () => {
  it('has the version that results name', () => expect(VERSION).toBe(packageJson.version));

  it('depends on nothing', () => expect(packageJson).not.toHaveProperty('dependencies'));

  const targets = Object.entries(packageJson.exports).flatMap(([name, target]) =>
    (typeof target === 'string' ? [target] : Object.values(target)).map((path) => [name, path] as const),
  );

  it.each(targets)('%s: %s is there', (_, path) => {
    const [folder, ending] = path.split('*');
    if (ending === undefined) expect(existsSync(join(ROOT, path))).toBe(true);
    else expect(readdirSync(join(ROOT, folder!)).some((name) => name.endsWith(ending))).toBe(true);
  });

  it.each(Object.entries(packageJson.bin))('%s: %s can be run', (_, path) => {
    expect(read(path)).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it('imports without side effects, and the built entries give what they promise', async () => {
    const before = new Set(Object.keys(globalThis));
    const entries: Record<string, string[]> = {
      index: [
        'loadModel',
        'VERSION',
        'NOTICE',
        'PRESETS',
        'LeadwiseError',
        'WeightsError',
        'RecordError',
        'FormatError',
        'UnsupportedError',
      ],
      node: ['loadModelFile', 'readRecord'],
      signal: ['filtfilt', 'resample', 'resamplePoly', 'zscore'],
      readers: [
        'readBytes',
        'readRecordFrom',
        'readCsv',
        'readWfdb',
        'readMat',
        'readEdf',
        'readDicom',
        'readMuse',
        'readAecg',
        'readSierra',
        'readFhir',
        'readIshne',
        'readJson',
      ],
      evaluate: ['evaluate', 'readLabels', 'officialScores', 'renderReport', 'LEAD_SETS'],
      convert: ['convert', 'LeadwiseError', 'WeightsError', 'UnsupportedError'],
      profile: ['traceEvents', 'rooflineSvg', 'groupLayers'],
      render: ['renderSheet', 'renderPage', 'LeadwiseError', 'RecordError'],
      simulate: ['simulate', 'formatCsv', 'formatWfdb'],
      writers: ['formatCsv', 'formatWfdb', 'formatEdf', 'formatFhir', 'toSixteenBits'],
      pool: ['createPool', 'LeadwiseError', 'WeightsError', 'RecordError', 'FormatError', 'UnsupportedError'],
    };
    for (const [name, exports] of Object.entries(entries)) {
      const entry = (await import(/* @vite-ignore */ `${ROOT}dist/${name}.js`)) as object;
      expect(Object.keys(entry), name).toEqual(expect.arrayContaining(exports));
    }
    expect(Object.keys(globalThis).filter((key) => !before.has(key))).toEqual([]);
  });

  it('the pool names its worker as bundlers expect it, beside it, and holds no model', () => {
    const code = read('dist/pool.js').replace(/\s/g, '').replaceAll('"', "'");
    expect(code).toContain("newWorker(newURL('./pool-worker.js',import.meta.url),{type:'module'})");
    expect(reach('src/pool/index.ts')).not.toContain('src/model.ts'); // the model is in the workers alone
    expect([...reach('src/pool/pool-worker.ts')]).toContain('src/model.ts');
    expect([...reach('src/pool/pool-worker.ts')]).not.toContain('src/pool/host.ts'); // else it is no longer in dist/pool.js
    const { sideEffects } = JSON.parse(read('package.json')) as { sideEffects: string[] };
    expect(sideEffects).toEqual(['./dist/pool-worker.js']); // a bundle is not to drop the import of it
  });

  it('the built entries but the Node ones need no Node', () => {
    for (const name of readdirSync(join(ROOT, 'dist'))) {
      if (!name.endsWith('.js') || name === 'node.js' || name === 'cli.js') continue;
      expect(read(`dist/${name}`), name).not.toMatch(/['"]node:/);
    }
  });
});

describe('documents', () => {
  it('the README says what this is not', () => expect(read('README.md')).toMatch(/not a medical device/i));
});

describe('tests', () => {
  it.each(sources('test').filter((path) => path !== 'test/conventions.test.ts'))('%s leaves none out', (path) => {
    const text = withoutComments(read(path)).replace(/'[^'\n]*'|`[^`]*`|\/[^/\n]+\/[gm]+/g, '');
    expect(text).not.toMatch(/\b(?:describe|it|test|suite)\s*\.\s*only\b|\.todo\b/);
    // Without real recordings or the large golden files, and then loudly.
    const maySkip = [
      'test/convert/published.test.ts',
      'test/data-folder.ts',
      'test/records.test.ts',
      'test/golden.test.ts',
      'test/parity.test.ts',
      'test/pool/browser.test.ts',
      'test/render/browser.test.ts',
    ];
    if (!maySkip.includes(path)) expect(text).not.toMatch(/\.\s*(?:skip|skipIf|runIf)\b/);
    else expect(read(path)).toMatch(/SKIPPED/);
  });
});
