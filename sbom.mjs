// The software bill of materials of what is built, dist/sbom.cdx.json: CycloneDX 1.6. No time, no random number: the same build gives the same bytes.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const OUTPUT = 'dist/sbom.cdx.json';
const json = (path) => JSON.parse(readFileSync(path, 'utf8'));
const { name, version, description, license, peerDependencies } = json('package.json');
const { packages } = json('package-lock.json');

const MODEL_LICENCE = 'CC-BY-4.0';
const packageUrl = (of, at) => `pkg:npm/${of.replace('@', '%40')}@${at}`;
const licenses = (...ids) => ids.map((id) => ({ license: { id } }));
const self = `${name}@${version}`;

/** From npm: the version and the tarball's hash are those of the lock file. */
function npmPackage(of, more = {}) {
  const { version: at, license: under, integrity } = packages[`node_modules/${of}`];
  const [algorithm, digest] = integrity.split('-');
  if (algorithm !== 'sha512') throw new Error(`${of}: expected a SHA-512 in package-lock.json, got ${algorithm}`);
  return {
    type: 'library',
    'bom-ref': `${of}@${at}`,
    name: of,
    version: at,
    purl: packageUrl(of, at),
    licenses: licenses(under),
    hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }],
    ...more,
  };
}

/** In the bundles and binaries; THIRD_PARTY_NOTICES.md has the notices. */
const compiledIn = [
  npmPackage('@assemblyscript/loader', { description: 'Bundled into dist/' }),
  npmPackage('assemblyscript', { description: 'Its standard library is compiled into the WebAssembly binaries' }),
  {
    type: 'library',
    'bom-ref': 'musl-libm',
    name: 'musl',
    description: 'Math functions of the AssemblyScript standard library derive from its libm',
    licenses: licenses('MIT'),
    externalReferences: [{ type: 'website', url: 'https://musl.libc.org/' }],
  },
  {
    type: 'library',
    'bom-ref': 'arm-optimized-routines',
    name: 'optimized-routines',
    description: 'Math functions of the AssemblyScript standard library derive from it',
    licenses: licenses('MIT'),
    externalReferences: [{ type: 'vcs', url: 'https://github.com/ARM-software/optimized-routines' }],
  },
  {
    type: 'data',
    'bom-ref': 'challenge-2021-weights.csv',
    name: 'weights.csv of the PhysioNet/CinC Challenge 2021 evaluation code',
    description: 'The reward matrix in leadwise/evaluate',
    licenses: licenses('BSD-2-Clause'),
    externalReferences: [{ type: 'vcs', url: 'https://github.com/physionetchallenges/evaluation-2021' }],
  },
].map((component) => ({ ...component, scope: 'required' }));

/** Not shipped, and only used where it is installed; the version is the one that is tested with. */
const peers = Object.entries(peerDependencies).map(([of, range]) =>
  npmPackage(of, { scope: 'optional', properties: [{ name: 'npm:peerDependency', value: range }] }),
);

/** All that is executed or loaded. */
const files = [
  ...readdirSync('dist', { recursive: true })
    .filter((path) => /\.(?:js|wasm)$/.test(path))
    .map((path) => `dist/${path}`),
  ...readdirSync('weights')
    .filter((path) => path.endsWith('.safetensors'))
    .map((path) => `weights/${path}`),
]
  .map((path) => path.replaceAll('\\', '/'))
  .sort()
  .map((path) => ({
    type: path.endsWith('.safetensors') ? 'machine-learning-model' : 'file',
    'bom-ref': path,
    name: path,
    hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(readFileSync(path)).digest('hex') }],
    ...(path.includes('weights/') ? { licenses: licenses(MODEL_LICENCE) } : {}),
  }));

const refs = (components) => components.map((component) => component['bom-ref']);
const bom = {
  $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  version: 1,
  metadata: {
    lifecycles: [{ phase: 'build' }],
    component: {
      type: 'library',
      'bom-ref': self,
      name,
      version,
      description,
      purl: packageUrl(name, version),
      licenses: licenses(license),
      components: files,
    },
  },
  components: [...compiledIn, ...peers],
  dependencies: [
    { ref: self, dependsOn: refs([...compiledIn, ...peers]) },
    { ref: refs(compiledIn)[1], dependsOn: ['musl-libm', 'arm-optimized-routines'] },
  ],
};

writeFileSync(OUTPUT, `${JSON.stringify(bom, null, 2)}\n`);
