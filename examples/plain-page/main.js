import { loadModel } from './node_modules/leadwise/dist/index.js';
import { readBytes } from './node_modules/leadwise/dist/readers.js';
import { simulate } from './node_modules/leadwise/dist/simulate.js';
import edge from './node_modules/leadwise/dist/weights/edge.js';
import { connect } from './view.js';

const model = await loadModel(edge);
connect({
  simulate: () => simulate({ seed: 1, seconds: 10 }),
  read: (bytes, options) => readBytes(bytes, options),
  classify: (record) => model.classifyAsync(record), // gives way between layers, so that the page stays alive
});
