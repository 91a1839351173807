// What an import brings along, as a bundler for browsers makes it, minified and gzipped. LEADWISE_PACKED: the unpacked tarball.

const root = process.env.LEADWISE_PACKED ?? '.';

export default [
  { name: 'leadwise', path: `${root}/dist/index.js`, import: '{ loadModel }', limit: '100 kB', gzip: true },
  { name: 'leadwise/weights/edge', path: `${root}/dist/weights/edge.js`, limit: '450 kB', gzip: true },
  { name: 'leadwise/readers, every format', path: `${root}/dist/readers.js`, limit: '40 kB', gzip: true },
  { name: 'leadwise/readers, CSV alone', path: `${root}/dist/readers.js`, import: '{ readCsv }', limit: '10 kB', gzip: true },
  { name: 'leadwise/render', path: `${root}/dist/render.js`, limit: '20 kB', gzip: true },
];
