// The bill of materials: by CycloneDX's own schema, and by what is shipped.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PATH = `${ROOT}dist/sbom.cdx.json`;

interface Component {
  type: string;
  name: string;
  version?: string;
  scope?: string;
  hashes?: { alg: string; content: string }[];
  licenses?: { license: { id: string } }[];
}

const text = readFileSync(PATH, 'utf8');
const bom = JSON.parse(text) as { metadata: { component: Component & { components: Component[] } }; components: Component[] };
const { component } = bom.metadata;
const manifest = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
  version: string;
  peerDependencies: Record<string, string>;
};

describe('the schema of CycloneDX 1.6', () => {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);

  it('takes the bill', async () => expect(await validator.validate(text)).toBeNull());

  it('refuses another', async () => {
    expect(await validator.validate(text.replace('"SHA-256"', '"SHA-257"'))).not.toBeNull();
  });
});

it('names every file that runs or is loaded, with its hash', () => {
  const shipped = (folder: string, ending: RegExp) =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((path) => ending.test(path))
      .map((path) => `${folder}/${path}`);
  const files = [...shipped('dist', /\.(?:js|wasm)$/), ...shipped('weights', /\.safetensors$/)].sort();
  expect(component.components.map(({ name }) => name)).toEqual(files);
  for (const { name, hashes } of component.components) {
    const digest = createHash('sha256')
      .update(readFileSync(`${ROOT}${name}`))
      .digest('hex');
    expect(hashes, name).toEqual([{ alg: 'SHA-256', content: digest }]);
  }
});

it('names the package, what is compiled in, and the optional peers', () => {
  expect(component).toMatchObject({ name: 'leadwise', version: manifest.version, licenses: [{ license: { id: 'MIT' } }] });
  const optional = bom.components.filter(({ scope }) => scope === 'optional').map(({ name }) => name);
  expect(optional).toEqual(Object.keys(manifest.peerDependencies));
  const notices = readFileSync(`${ROOT}THIRD_PARTY_NOTICES.md`, 'utf8');
  const loader = bom.components.find(({ name }) => name === '@assemblyscript/loader')!;
  expect(notices).toContain(`${loader.name} ${loader.version}`);
  for (const { name, licenses } of bom.components) expect(licenses?.[0]?.license.id, name).toMatch(/^[\w.-]+$/);
});

it('has the same bytes when it is made again, and neither a time nor a number of its own', () => {
  execFileSync(process.execPath, ['sbom.mjs'], { cwd: ROOT });
  expect(readFileSync(PATH, 'utf8')).toBe(text);
  expect(text).not.toMatch(/timestamp|serialNumber|urn:uuid/);
});
