import { loadModel } from 'leadwise';
import { readBytes } from 'leadwise/readers';
import { simulate } from 'leadwise/simulate';
import edge from 'leadwise/weights/edge';
import { connect } from '../plain-page/view.js';

const model = await loadModel(edge);
connect({
  simulate: () => simulate({ seed: 1, seconds: 10 }),
  read: (bytes, options) => readBytes(bytes, options),
  classify: (record) => model.classifyAsync(record), // gives way between layers, so that the page stays alive
});
