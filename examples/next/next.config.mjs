import { join } from 'node:path';

const examples = join(import.meta.dirname, '..');

export default {
  // The examples share node_modules and a style sheet; a project of its own needs neither line.
  turbopack: { root: examples },
  outputFileTracingRoot: examples,
};
