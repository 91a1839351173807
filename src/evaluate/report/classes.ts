// What the page says of single classes: figures, lead sets side by side, and which finding is mistaken for which.

import { box, headCells } from '../../markup/tables.js';
import { counted, escapeHtml, fixed, grouped } from '../../markup/text.js';
import type { Evaluation, LeadSetEvaluation } from '../evaluation.js';
import { isCovered } from '../scores.js';
import { intervalBar, leadsName, type Section } from './charts.js';
import { SHADES, shade } from './style.js';
import { figureCell } from './tables.js';

// By class

/** The lower end of a scale up to 1: a whole step below all values, at most `most`. */
function scaleStart(values: readonly (number | null)[], step: number, most: number): number {
  const lowest = Math.min(1, ...values.filter((value) => value !== null));
  return Math.max(0, Math.min(most, Math.floor(lowest / step) * step));
}

export function classTable(evaluation: Evaluation, { leads, strict }: LeadSetEvaluation): Section {
  const covered = strict.classes.filter((entry) => isCovered(entry, evaluation.minPositives));
  const lowest = scaleStart(
    covered.map(({ auroc }) => auroc.low ?? auroc.value),
    0.1,
    0.5,
  );
  const heads = ['class', '', 'positives / records', 'AUROC', 'AUPRC', 'F', 'sensitivity', 'specificity', 'Brier'].map(
    (head) => `<th scope="col">${head}</th>`,
  );
  heads.splice(3, 0, `<th scope="col" class="scale"><div><span>${fixed(lowest, 1)}</span><span>1</span></div></th>`);
  const rows = strict.classes.map((entry) => {
    const counts = isCovered(entry, evaluation.minPositives);
    return (
      `<tr${counts ? '' : ' class="few"'}><th scope="row">${escapeHtml(entry.abbreviation)}</th><td class="name">${escapeHtml(entry.name)}</td>` +
      `<td>${grouped(entry.positives)}${counts ? '' : '*'}<small>/ ${grouped(entry.records)}</small></td><td>${intervalBar(entry.auroc, lowest)}</td>` +
      [entry.auroc, entry.auprc, entry.f].map(figureCell).join('') +
      [entry.sensitivity, entry.specificity, entry.brier].map((value) => `<td>${fixed(value)}</td>`).join('') +
      '</tr>'
    );
  });
  const few = strict.classes.length - covered.length;
  return {
    id: 'classes',
    title: 'By class',
    caption:
      `With ${leadsName(leads)}, strict labels. The dot is the AUROC, the line its interval.` +
      (few === 0
        ? ''
        : ` Grey, with an asterisk: ${few === 1 ? '1 class' : `${few} classes`} with fewer than ${counted(evaluation.minPositives, 'positive')} (or no negative), not in the means.`),
    body: box('Figures by class', `<table>\n<thead><tr>${heads.join('')}</tr></thead>\n<tbody>\n${rows.join('\n')}\n</tbody>\n</table>`),
  };
}

export function classesByLeads(evaluation: Evaluation): Section | undefined {
  const { leadSets, classes } = evaluation;
  if (leadSets.length < 2) return undefined;
  const all = leadSets.flatMap(({ strict }) =>
    strict.classes.filter((entry) => isCovered(entry, evaluation.minPositives)).map(({ auroc }) => auroc.value),
  );
  const lowest = scaleStart(all, 0.05, 0.95);
  const cell = (value: number | null) =>
    `<td${value === null ? '' : ` class="${shade((value - lowest) / (1 - lowest))}"`}>${fixed(value)}</td>`;
  const rows = classes.map(({ abbreviation, name }, k) => {
    const cells = leadSets.map(({ strict }) => {
      const entry = strict.classes[k]!;
      return isCovered(entry, evaluation.minPositives) ? cell(entry.auroc.value) : `<td class="few">${fixed(entry.auroc.value)}*</td>`;
    });
    return `<tr><th scope="row">${escapeHtml(abbreviation)}</th><td class="name">${escapeHtml(name)}</td>${cells.join('')}</tr>`;
  });
  const mean = `<tr class="mean"><th scope="row">mean</th><td class="name">of the classes that count</td>${leadSets.map(({ strict }) => cell(strict.macro.auroc.value)).join('')}</tr>`;
  const heads = headCells(['class', '', ...leadSets.map(({ leads }) => leadsName(leads))]);
  return {
    id: 'leads',
    title: 'AUROC by class and leads',
    caption: `The stronger the colour, the better: ${ramp(fixed(lowest, 2), '1')}. What fewer leads cost is seen along a row. An asterisk: too few positives.`,
    body: box(
      'AUROC by class and leads',
      `<table class="heat">\n<thead><tr>${heads}</tr></thead>\n<tbody>\n${mean}\n${rows.join('\n')}\n</tbody>\n</table>`,
    ),
  };
}

/** The shades between two words. */
function ramp(from: string, to: string): string {
  const steps = Array.from({ length: SHADES }, (_, i) => `<i class="h${i}"></i>`).join('');
  return `<span class="ramp">${from} ${steps} ${to}</span>`;
}

// Which finding is mistaken for which

export function confusion({ classes }: Evaluation, { leads, confusion: counts }: LeadSetEvaluation): Section | undefined {
  const sums = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  // Classes that no record has and no record is taken for would only be empty lines.
  const kept = classes.flatMap((_, k) => (sums[k]! > 0 || counts.some((row) => row[k]! > 0) ? [k] : []));
  if (kept.length === 0) return undefined;
  const heads = kept.map(
    (k) => `<th scope="col" title="${escapeHtml(classes[k]!.name)}"><span>${escapeHtml(classes[k]!.abbreviation)}</span></th>`,
  );
  const row = (k: number) => {
    const cells = kept.map((column) => confusionCell(counts[k]![column]!, sums[k]!, column === k));
    const diagnosis = classes[k];
    const name = diagnosis ? escapeHtml(diagnosis.abbreviation) : 'none of the classes';
    return `<tr${diagnosis ? ` title="${escapeHtml(diagnosis.name)}"` : ' class="none"'}><th scope="row">${name}</th><td class="sum">${grouped(sums[k]!)}</td>${cells.join('')}</tr>`;
  };
  return {
    id: 'confusion',
    title: 'Strongest finding',
    caption:
      `With ${leadsName(leads)}. Row: a class that the record has. Column: its most probable finding. The shade is the share of the row: ${ramp('0', '1')}. A record ` +
      'with several classes counts in each of their rows, so what stands off the diagonal may be right as well.',
    body: box(
      'Strongest finding by class',
      `<table class="confusion">\n<thead><tr><th scope="col">has</th><th scope="col"><span>records</span></th>${heads.join('')}</tr></thead>\n<tbody>\n${[...kept, classes.length].map(row).join('\n')}\n</tbody>\n</table>`,
    ),
  };
}

function confusionCell(count: number, sum: number, isDiagonal: boolean): string {
  // The faintest shade for any count: a rare mistake is not none.
  const tone = count === 0 ? 'zero' : shade(Math.max(count / sum, 1 / (SHADES - 1)));
  return `<td class="${tone}${isDiagonal ? ' same' : ''}">${grouped(count)}</td>`;
}
