// Node, Deno and Bun run this file.

import { report } from './suite.mjs';

await report(JSON.parse((globalThis.process ?? globalThis.Deno).argv[2]));
