// How well the quality report names faults: node bench/quality.mjs FOLDER [--auroc FOLDER [--weights F]]
// FOLDER: WFDB records (../shared/data/records). Each fault goes into one lead of every record, chosen by a fixed seed; false alarms are what
// the report says of the records as they are. --auroc: what the gate does to the macro AUROC of a labelled folder, as it is and with faults.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { assessQuality } from 'leadwise';
import { evaluate } from 'leadwise/evaluate';
import { loadModelFile, readRecord } from 'leadwise/node';
import { dropLead, LEAD_FAULTS, plain, RECORD_FAULTS, random, spoilLead } from './faults.mjs';

const [folder, ...rest] = process.argv.slice(2);
const option = (name, otherwise) => (rest.includes(name) ? rest[rest.indexOf(name) + 1] : otherwise);
if (!folder) throw new Error('which folder of WFDB records?');

/** Each of these in a random third of the leads, for the AUROC. */
const SPOILERS = ['flat at an offset', 'twenty-fold, cut off at five heights', 'at a rail for a second', 'white noise alone', 'one NaN'];

const percent = (part, whole) => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`);
const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);

async function* records(from) {
  for (const name of readdirSync(from)
    .filter((file) => file.endsWith('.hea'))
    .sort())
    yield [name, await readRecord(join(from, name))];
}

await sensitivity();
if (option('--auroc')) await auroc(option('--auroc'), option('--weights', 'weights/edge.safetensors'));

async function sensitivity() {
  const next = random(2026);
  const found = new Map([...LEAD_FAULTS, ...RECORD_FAULTS].map(({ name }) => [name, [0, 0, 0]]));
  const alarms = new Map();
  const verdicts = { ok: 0, degraded: 0, reject: 0 };
  let [count, leads, rejectedLeads, milliseconds] = [0, 0, 0, 0];
  for await (const [, record] of records(folder)) {
    count++;
    const start = performance.now();
    const quality = assessQuality(record);
    milliseconds += performance.now() - start;
    verdicts[quality.verdict]++;
    const present = quality.leads.filter(({ codes }) => !codes.includes('missing'));
    leads += present.length;
    rejectedLeads += present.filter(({ verdict }) => verdict === 'reject').length;
    for (const code of quality.codes) {
      const [ofRecords = 0, ofLeads = 0] = alarms.get(code) ?? [];
      alarms.set(code, [ofRecords + 1, ofLeads + present.filter(({ codes }) => codes.includes(code)).length]);
    }
    const numbers = plain(record);
    for (const fault of LEAD_FAULTS) {
      const index = Math.floor(next() * numbers.signal.length);
      const spoilt = spoilLead(numbers, index, fault, next);
      if (!spoilt) continue;
      const report = assessQuality(spoilt);
      const lead = report.leads.find((entry) => entry.lead.toLowerCase() === numbers.sigName[index].toLowerCase());
      const totals = found.get(fault.name);
      totals[0]++;
      if (fault.codes.some((code) => lead.codes.includes(code))) totals[1]++;
      if (lead.verdict === 'reject') totals[2]++;
    }
    for (const fault of RECORD_FAULTS) {
      if (fault.physical && !numbers.units.every((unit) => unit === 'mV' || unit === 'uV')) continue;
      const report = assessQuality(fault.change(plain(record)));
      const totals = found.get(fault.name);
      totals[0]++;
      if (fault.codes.some((code) => report.codes.includes(code))) totals[1]++;
    }
  }
  console.log(`${count} records, ${leads} leads, ${(milliseconds / count).toFixed(2)} ms each\n`);
  row('fault', 'code', 'found', 'lead not read');
  row('---', '---', '---', '---');
  for (const { name, codes } of [...LEAD_FAULTS, ...RECORD_FAULTS]) {
    const [total, right, rejected] = found.get(name);
    row(
      name,
      codes.join(', '),
      `${right} of ${total}, ${percent(right, total)}`,
      LEAD_FAULTS.some((fault) => fault.name === name) ? percent(rejected, total) : '',
    );
  }
  console.log(
    `\nAs they are: ok ${verdicts.ok}, degraded ${verdicts.degraded}, reject ${verdicts.reject}; ${rejectedLeads} of ${leads} leads are not read\n`,
  );
  row('code', 'records', 'leads');
  row('---', '---', '---');
  for (const [code, [ofRecords, ofLeads]] of [...alarms].sort((a, b) => b[1][0] - a[1][0]))
    row(code, `${ofRecords}, ${percent(ofRecords, count)}`, ofLeads === 0 ? '' : `${ofLeads}, ${percent(ofLeads, leads)}`);
}

async function auroc(from, weights) {
  const model = await loadModelFile(weights);
  const all = [];
  for await (const [name, record] of records(from)) all.push({ name, record: plain(record) });
  const spoilt = (names, seed) => {
    const next = random(seed);
    const faults = LEAD_FAULTS.filter(({ name }) => names.includes(name));
    return all.map(({ name, record }) => {
      let changed = record;
      for (let index = 0; index < record.signal.length; index++) {
        if (next() < 1 / 3) changed = spoilLead(changed, index, faults[Math.floor(next() * faults.length)], next);
      }
      return { name, record: changed };
    });
  };
  const missing = () => {
    const next = random(7);
    return all.map(({ name, record }) => {
      let changed = record;
      for (let index = record.signal.length - 1; index >= 0; index--) if (next() < 1 / 3) changed = dropLead(changed, index);
      return { name, record: changed };
    });
  };
  console.log(`\n${all.length} records of the labelled folder, ${weights}: macro AUROC (AUPRC)\n`);
  row('a third of the leads', 'off', 'report', 'gate', 'refused by the gate');
  row('---', '---', '---', '---', '---');
  const sets = [
    ['as they are', all],
    ['not there', missing()],
    ...SPOILERS.map((name, n) => [name, spoilt([name], n + 1)]),
    ['one of these', spoilt(SPOILERS, 9)],
  ];
  for (const [name, entries] of sets) {
    const cells = [];
    let refused = 0;
    for (const quality of ['off', 'report', 'gate']) {
      const { leadSets, failures } = await evaluate(model, entries, { quality, resamples: 0 });
      const { auroc: ofSet, auprc } = leadSets[0].strict.macro;
      cells.push(`${ofSet.value.toFixed(3)} (${auprc.value.toFixed(3)})`);
      refused = failures.length;
    }
    row(name, ...cells, refused);
  }
}
