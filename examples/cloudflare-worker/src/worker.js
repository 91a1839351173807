import { classifyRequest } from '../../server/classify-request.js';

export default { fetch: (request) => classifyRequest(request) };
