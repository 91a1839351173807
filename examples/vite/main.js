import { loadModel } from 'leadwise';
import { createPool } from 'leadwise/pool';
import { simulate } from 'leadwise/simulate';
import edge from 'leadwise/weights/edge';
import { listItem } from '../plain-page/view.js';

const COUNT = 24;
const byId = (id) => document.getElementById(id);
const recordOf = (seed) => simulate({ seed, seconds: 10 });

/** In the page itself: nothing to start and nothing to end. */
async function readOne() {
  const model = await loadModel(edge);
  show(await model.classifyAsync(recordOf(1)));
  model.dispose();
}

/** In workers: the page stays free, and two processors do twice the work. */
async function readMany() {
  const pool = await createPool({ weights: edge, size: 2 });
  try {
    for await (const result of pool.classifyMany(records())) show(result);
  } finally {
    pool.dispose();
  }
}

/** Made when a worker asks for it: a million records need no more memory than a few. */
function* records() {
  for (let seed = 1; seed <= COUNT; seed++) yield recordOf(seed);
}

function show({ findings }) {
  const [first] = findings;
  const summary = document.createElement('summary');
  const details = document.createElement('details');
  const list = Object.assign(document.createElement('ol'), { className: 'findings' });
  list.append(...findings.map(listItem));
  details.append(summary, list);
  byId('records').append(details);
  byId('records').hidden = false;
  summary.textContent = `Record ${byId('records').childElementCount}: ${first.name}, ${(100 * first.probability).toFixed(1)} %`;
}

async function run(work, done) {
  const buttons = document.querySelectorAll('button');
  for (const button of buttons) button.disabled = true;
  byId('records').replaceChildren();
  byId('status').textContent = 'Reading …';
  try {
    await work();
    byId('status').textContent = done;
  } catch (error) {
    byId('status').textContent = error.message;
  }
  for (const button of buttons) button.disabled = false;
}

byId('one').addEventListener('click', () => run(readOne, 'One record read, in the page.'));
byId('many').addEventListener('click', () => run(readMany, `${COUNT} records read, in two workers.`));
