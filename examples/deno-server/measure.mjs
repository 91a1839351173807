// Processor time of the server in the real Deno. Needs what examples/check.mjs has installed.

import { measure } from '../server/measure.mjs';
import { startServer } from './deno.mjs';

await measure(startServer);
