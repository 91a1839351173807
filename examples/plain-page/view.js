// What the page shows and what its user does. Where the network comes from is the business of main.js.

const LISTED = 6; // classes that are not folded away
const PAPER_SECONDS = 10;

const byId = (id) => document.getElementById(id);

/** Puts the page to work: `simulate()` gives a record, `read(bytes, { name, open })` promises one, `classify(record)` a result. */
export function connect({ simulate, read, classify }) {
  const use = async (title, source) => {
    byId('status').textContent = 'Reading …';
    byId('result').hidden = true;
    try {
      const record = await source();
      const result = await classify(record);
      showTrace(record);
      showFindings(result);
      byId('result').hidden = false;
      byId('status').textContent =
        `${title}: ${result.leads.length} leads, ${(record.signal[0].length / record.fs).toFixed(1)} s at ${record.fs} Hz.`;
    } catch (error) {
      byId('status').textContent = error.message; // the package's errors say what is wrong and what to do
    }
  };
  byId('simulate').addEventListener('click', () => use('Simulated', async () => simulate()));
  byId('files').addEventListener('change', ({ target }) => {
    const files = [...target.files];
    target.value = ''; // the same file can be chosen again
    if (files.length > 0) use(files[0].name, () => readFiles(files, read));
  });
  for (const id of ['simulate', 'files']) byId(id).disabled = false;
}

/** A WFDB record is a header and the signal files that it names: all of them have to be chosen. */
async function readFiles(files, read) {
  const open = async (name) => {
    const file = files.find((file) => file.name === name);
    if (!file) throw new Error(`${files[0].name} belongs to ${name}: choose both.`);
    return new Uint8Array(await file.arrayBuffer());
  };
  return read(await open(files[0].name), { name: files[0].name, open });
}

/** Lead II, or the first one, as on paper: 25 mm a second, 10 mm a millivolt where the unit is known. */
function showTrace({ signal, sigName, units, fs }) {
  const lead = Math.max(0, sigName.indexOf('II'));
  const values = [...signal[lead].slice(0, PAPER_SECONDS * fs)].map((value) => value || 0); // NaN: no sample
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const heights = values.map((value) => value - mean);
  const scale = { mV: 10, uV: 0.01 }[units[lead]] ?? 15 / Math.max(...heights.map(Math.abs), 1e-9);
  byId('trace').setAttribute('points', heights.map((height, n) => `${(25 * n) / fs},${24 - scale * height}`).join(' '));
}

/** Fills the two lists: the most probable classes, and the others. */
function showFindings({ findings }) {
  const items = findings.map(listItem);
  byId('findings').replaceChildren(...items.slice(0, LISTED));
  byId('others').replaceChildren(...items.slice(LISTED));
}

/** One class: its name, a bar, per cent. */
export function listItem({ code, name, logit, probability, present }) {
  const item = document.createElement('li');
  item.className = present ? 'present' : '';
  Object.assign(item.dataset, { code, logit });
  const title = Object.assign(document.createElement('span'), { textContent: name });
  const bar = Object.assign(document.createElement('meter'), { value: probability, title: `${code}, logit ${logit.toFixed(2)}` });
  const share = Object.assign(document.createElement('data'), { value: probability, textContent: `${(100 * probability).toFixed(1)} %` });
  item.append(title, bar, share);
  return item;
}
