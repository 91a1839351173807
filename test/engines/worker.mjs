// workerd runs this, bundled: a request begins a run and ends with it.

import { report } from './suite.mjs';

export default {
  async fetch(request) {
    await report(JSON.parse(new URL(request.url).searchParams.get('run')));
    return new Response('done');
  },
};
