// Processor time of the function under bootstrap.mjs. Needs what examples/check.mjs has installed.

import { measure, printSize } from '../server/measure.mjs';
import { BOOTSTRAP, startFunction } from './runtime-api.mjs';

await import('./build.mjs');
await printSize(new URL('build/', import.meta.url), ['index.mjs']);
await measure(() => startFunction(BOOTSTRAP));
