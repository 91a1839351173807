// deno run --allow-net server.js [PORT]

import { classifyRequest } from '../server/classify-request.js';

Deno.serve({ hostname: '127.0.0.1', port: Number(Deno.args[0] ?? 8000) }, (request) => classifyRequest(request));
