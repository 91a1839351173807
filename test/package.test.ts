// The tarball as npm would publish it, and what it says of itself.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LARGEST_TARBALL = 6_000_000;
/** In the order in which hosts are to see them: the first that matches wins. */
const CONDITIONS = ['types', 'deno', 'workerd', 'edge-light', 'bun', 'node', 'browser', 'default'];

const json = (path: string) => JSON.parse(readFileSync(`${ROOT}/${path}`, 'utf8'));
const { exports, version } = json('package.json') as { exports: Record<string, string | Record<string, string>>; version: string };

describe('exports', () => {
  const conditional = Object.entries(exports).filter(([, target]) => typeof target === 'object' && 'workerd' in target);

  it.each(conditional)('%s has every condition, in order', (_, target) => {
    expect(Object.keys(target)).toEqual(CONDITIONS);
  });

  it('of hosts that compile no bytes are the same entries, with imported binaries', () => {
    expect(conditional.length).toBeGreaterThanOrEqual(8);
    for (const [, target] of conditional) {
      const { workerd, 'edge-light': edgeLight, default: inlined } = target as Record<string, string>;
      expect(workerd).toBe(inlined!.replace('./dist/', './dist/importing/'));
      expect(edgeLight).toBe(workerd);
    }
    const wasm = readFileSync(`${ROOT}/dist/importing/chunks/wasm.js`, 'utf8');
    for (const variant of ['simd', 'scalar']) expect(wasm).toContain(`"../../kernels.${variant}.wasm?module"`);
    expect(wasm).not.toMatch(/[A-Za-z0-9+/]{1000}/); // no inlined text
  });

  it('are those of jsr.json, but for its conditions', () => {
    const jsr = json('jsr.json') as { exports: Record<string, string>; version: string };
    const modules = Object.entries(exports)
      .map(([name, target]) => [name, typeof target === 'string' ? target : target['default']!] as const)
      .filter(([, path]) => path.endsWith('.js'));
    expect(jsr.exports).toEqual(Object.fromEntries(modules));
    expect(jsr.version).toBe(version);
  });

  it.each(['edge', 'compact'])('of the %s weights give the bytes of the file', async (name) => {
    const { default: bytes } = await import(/* @vite-ignore */ `${ROOT}/dist/weights/${name}.js`);
    expect(Buffer.compare(bytes, readFileSync(`${ROOT}/weights/${name}.safetensors`))).toBe(0);
  });
});

describe('the tarball', () => {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT, encoding: 'utf8' });
  const [{ files, size }] = JSON.parse(packed) as [{ files: { path: string }[]; size: number }];
  const paths = files.map(({ path }) => path);

  it('holds what users need and nothing else', () => {
    const wanted = [
      /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|THIRD_PARTY_NOTICES\.md)$/,
      /^dist\/(?:importing\/)?(?:chunks\/)?[\w-]+\.js$/,
      /^dist\/kernels\.(?:simd|scalar)\.wasm$/,
      /^dist\/sbom\.cdx\.json$/,
      /^dist\/weights\/\w+\.js$/,
      /^dist\/types\/[\w/-]+\.d\.ts$/,
      /^weights\/(?:\w+\.safetensors|\w+\.md)$/,
    ];
    expect(paths.filter((path) => !wanted.some((pattern) => pattern.test(path)))).toEqual([]);
    for (const pattern of wanted)
      expect(
        paths.some((path) => pattern.test(path)),
        String(pattern),
      ).toBe(true);
    for (const target of Object.values(exports)) {
      for (const path of typeof target === 'string' ? [target] : Object.values(target)) {
        if (!path.includes('*')) expect(paths).toContain(path.replace('./', ''));
      }
    }
  });

  it('is at most 6 MB', () => {
    console.info(`tarball: ${size} bytes, ${paths.length} files`);
    expect(size).toBeLessThanOrEqual(LARGEST_TARBALL);
  });
});
