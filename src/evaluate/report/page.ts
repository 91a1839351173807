// An evaluation as one HTML page for people: no script, nothing from elsewhere, the same bytes for the same evaluation.

import type { Evaluation, Figure, Labelling, LeadSetEvaluation, MacroScores, OfficialScores } from '../evaluation.js';
import { isCovered } from '../scores.js';
import {
  calibration,
  counted,
  curveGallery,
  escapeHtml,
  fixed,
  grouped,
  interval,
  intervalBar,
  leadsName,
  type Section,
} from './charts.js';
import { SHADES, STYLE, shade } from './style.js';

/** One self-contained page of HTML. */
export function renderReport(evaluation: Evaluation): string {
  const [first] = evaluation.leadSets;
  const sections = [
    headline(evaluation),
    first && classTable(evaluation, first),
    classesByLeads(evaluation),
    sourceTable(evaluation),
    calibration(evaluation),
    first && curveGallery(evaluation, first),
    first && confusion(evaluation, first),
    failureList(evaluation),
  ].filter((section) => section !== undefined);
  const name = escapeHtml(evaluation.model.name);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Evaluation of ${name}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<p class="kicker">leadwise evaluation</p>
<h1>${name}</h1>
<p class="notice" role="note">${escapeHtml(evaluation.notice)}</p>
<p class="lede">${summary(evaluation)}</p>
<nav aria-label="Sections">${sections.map(({ id, title }) => `<a href="#${id}">${title}</a>`).join(' ')}</nav>
</header>
${sections.map(({ id, title, caption, body }) => `<section id="${id}">\n<h2>${title}</h2>\n<p class="caption">${caption}</p>\n${body}\n</section>`).join('\n')}
${footer(evaluation)}
</main>
</body>
</html>
`;
}

const QUALITY: { readonly [mode in Evaluation['quality']]: string } = {
  gate: 'leads that were flat or not finite were dropped',
  report: 'flat leads were kept and flagged',
  off: 'the published preprocessing to the letter',
};

function summary({ model, kernels, quality, records, sources, failures }: Evaluation): string {
  const list = sources.map(({ source, records: count }) => `<b>${escapeHtml(source)}</b> ${grouped(count)}`).join(', ');
  const origin = sources.length === 0 ? '' : ` from ${counted(sources.length, 'source')} (${list})`;
  const failed =
    failures.length === 0
      ? 'No record failed.'
      : `<strong>${counted(failures.length, 'record')} failed</strong> and ${failures.length === 1 ? 'counts' : 'count'} in no figure.`;
  return (
    `${counted(records, 'record')}${origin}, classified by the weights with SHA-256 <code>${escapeHtml(model.sha256)}</code> ` +
    `in leadwise ${escapeHtml(model.version)} with the ${escapeHtml(kernels.variant)} kernels (<code>${escapeHtml(kernels.sha256)}</code>), ` +
    `in quality mode “${escapeHtml(quality)}”: ${QUALITY[quality]}. ${failed}`
  );
}

// Tables of macro figures

/** One row of macro figures; figures that the row's kind does not have are undefined. */
interface ScoreRow {
  readonly label: string;
  readonly records?: number;
  readonly scores: MacroScores | OfficialScores;
}

interface ScoreGroup {
  readonly title?: string;
  readonly note?: string;
  readonly rows: readonly ScoreRow[];
}

const SCORE_HEADS = ['classes', 'AUROC', 'AUPRC', 'F', 'challenge metric', 'accuracy', 'ECE', 'Brier'];

function scoreTable(label: string, type: string, rowHeads: readonly string[], groups: readonly ScoreGroup[]): string {
  const heads = [...rowHeads, ...SCORE_HEADS];
  const bodies = groups.map(({ title, note, rows }) => {
    const head =
      title === undefined
        ? ''
        : `<tr class="group"><th scope="rowgroup" colspan="${heads.length}"><div>${title}${note === undefined ? '' : ` <span>${note}</span>`}</div></th></tr>\n`;
    return `<tbody>\n${head}${rows.map(scoreRow).join('\n')}\n</tbody>`;
  });
  return box(label, `<table class="${type}">\n<thead><tr>${headCells(heads)}</tr></thead>\n${bodies.join('\n')}\n</table>`);
}

function scoreRow({ label, records, scores }: ScoreRow): string {
  const isMacro = 'classes' in scores;
  const cells = [
    scores.auroc,
    scores.auprc,
    scores.f,
    scores.challengeMetric,
    scores.accuracy,
    ...(isMacro ? [scores.ece, scores.brier] : []),
  ];
  const figures = cells.map((value) => figureCell(typeof value === 'number' || value === null ? { value, low: null, high: null } : value));
  const counts = [...(records === undefined ? [] : [grouped(records)]), isMacro ? grouped(scores.classes) : ''];
  return `<tr><th scope="row">${label}</th>${counts.map((count) => `<td>${count}</td>`).join('')}${figures.join('')}${isMacro ? '' : '<td></td><td></td>'}</tr>`;
}

function figureCell(figure: Figure): string {
  const between = interval(figure);
  return `<td>${fixed(figure.value)}${between === '' ? '' : `<small>${between}</small>`}</td>`;
}

function headCells(heads: readonly string[]): string {
  return heads.map((head) => `<th scope="col">${head}</th>`).join('');
}

/** A table that scrolls by itself where it is wider than the page; with the keyboard too. */
function box(label: string, table: string): string {
  return `<div class="box" role="region" tabindex="0" aria-label="${label}">${table}</div>`;
}

const LABELLINGS: { readonly [labelling in Labelling]: readonly [title: string, note: string] } = {
  strict: ['Strict labels', 'a record has a class when one of the class’s own SNOMED codes is stated'],
  'pvc-164884008': ['PVC also from 164884008', 'records that state ventricular ectopics (164884008) count as PVC too'],
  'ludb-unstated-unknown': [
    'LUDB’s silence is not a “no”',
    'classes that LUDB’s annotators never state are unknown in its records, and left out there, instead of absent',
  ],
};

function headline(evaluation: Evaluation): Section {
  const { leadSets, minPositives, classes } = evaluation;
  const labellings = [...new Set(leadSets.flatMap(({ beside }) => beside.map(({ labelling }) => labelling)))];
  const others = labellings.map((labelling): ScoreGroup => {
    const [title, note] = LABELLINGS[labelling];
    const rows = leadSets.flatMap(({ leads, beside }) =>
      beside.filter((entry) => entry.labelling === labelling).map(({ macro }) => ({ label: leadsName(leads), scores: macro })),
    );
    return { title, note, rows };
  });
  const official: ScoreGroup = {
    title: 'The official evaluation’s means',
    note: 'strict labels again, but over every class whose figure is defined, however few its positives',
    rows: leadSets.map(({ leads, strict }) => ({ label: leadsName(leads), scores: strict.official })),
  };
  const strict = leadSets.map(({ leads, strict }) => ({ label: leadsName(leads), scores: strict.macro }));
  return {
    id: 'headline',
    title: 'Headline',
    caption:
      `Strict labels: ${LABELLINGS.strict[1]}. AUROC, AUPRC and F are means over the classes (of ${grouped(classes.length)}) with at least ` +
      `${counted(minPositives, 'positive')} and one negative${intervalWords(evaluation)}. “–”: not defined.`,
    body:
      `${scoreTable('Headline figures', 'headline', ['leads'], [{ rows: strict }])}\n<h3>Other labels, other means</h3>\n` +
      scoreTable('Figures with other labels and means', 'scores', ['leads'], [...others, official]),
  };
}

function intervalWords({ bootstrap }: Evaluation): string {
  return bootstrap.resamples > 0 ? `; small figures are ${percent(bootstrap.level)}\u00a0% intervals` : '';
}

function percent(share: number): string {
  return String(Math.round(share * 1000) / 10);
}

function sourceTable({ leadSets }: Evaluation): Section | undefined {
  const withSources = leadSets.filter(({ sources }) => sources.length > 0);
  if (withSources.length === 0) return undefined;
  const groups = withSources.map(
    ({ leads, sources }): ScoreGroup => ({
      title: leadsName(leads),
      rows: sources.map(({ source, records, macro }) => ({ label: escapeHtml(source), records, scores: macro })),
    }),
  );
  return {
    id: 'sources',
    title: 'By source',
    caption:
      'Each data set by itself, strict labels. The means are over the classes that have enough positives within the source, so rows average over ' +
      'different classes: compare them with care.',
    body: scoreTable('Figures by source', 'scores', ['source', 'records'], groups),
  };
}

// By class

/** The lower end of a scale up to 1: a whole step below all values, at most `most`. */
function scaleStart(values: readonly (number | null)[], step: number, most: number): number {
  const lowest = Math.min(1, ...values.filter((value) => value !== null));
  return Math.max(0, Math.min(most, Math.floor(lowest / step) * step));
}

function classTable(evaluation: Evaluation, { leads, strict }: LeadSetEvaluation): Section {
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

function classesByLeads(evaluation: Evaluation): Section | undefined {
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

function confusion({ classes }: Evaluation, { leads, confusion: counts }: LeadSetEvaluation): Section | undefined {
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

function failureList({ failures }: Evaluation): Section | undefined {
  if (failures.length === 0) return undefined;
  const rows = failures.map(
    ({ record, error }) =>
      `<tr><th scope="row">${escapeHtml(record)}</th><td class="text"><code>${escapeHtml(error.code)}</code></td><td class="text">${escapeHtml(error.message)}</td></tr>`,
  );
  return {
    id: 'failures',
    title: 'Failures',
    caption: `${counted(failures.length, 'record')} that could not be read or classified, and count in no figure.`,
    body: box(
      'Failures',
      `<table class="failures">\n<thead><tr>${headCells(['record', 'code', 'message'])}</tr></thead>\n<tbody>\n${rows.join('\n')}\n</tbody>\n</table>`,
    ),
  };
}

function footer(evaluation: Evaluation): string {
  const { bootstrap, minPositives, leadSets, notice } = evaluation;
  const saturated = leadSets.map(({ leads, saturated: count }) => `${grouped(count)} with ${leadsName(leads)}`).join('; ');
  const definitions: readonly (readonly [string, string])[] = [
    ['AUROC', 'area under the ROC curve, by trapezoids, a threshold at every score'],
    ['AUPRC', 'area under the precision-recall curve, in steps (average precision)'],
    ['F', 'F1 of the decisions, at the thresholds of the weight file, as sensitivity and specificity are'],
    ['Means', `over the classes with at least ${counted(minPositives, 'positive')} and one negative, each class weighing the same`],
    ['Challenge metric', 'the normalised reward of the PhysioNet/CinC Challenge 2021; only where the classes are the challenge’s'],
    ['Accuracy', 'share of records whose decisions are all right'],
    ['Brier', 'mean squared difference of probability and label: 0 is perfect'],
    [
      'ECE',
      'expected calibration error: mean distance of probability and frequency over the bins of the diagram, weighted by their counts',
    ],
    [
      'Intervals',
      bootstrap.resamples > 0
        ? `${percent(bootstrap.level)}\u00a0% percentile bootstrap: ${grouped(bootstrap.resamples)} resamples, records drawn with replacement, seed ${escapeHtml(String(bootstrap.seed))}`
        : 'none: no bootstrap was asked for',
    ],
    ['Saturated', `activations that left their integer range, over all records: ${saturated}`],
  ];
  return `<footer>
<h2>How the figures are defined</h2>
<dl>
${definitions.map(([term, meaning]) => `<div><dt>${term}</dt><dd>${meaning}.</dd></div>`).join('\n')}
</dl>
<p class="notice" role="note">${escapeHtml(notice)}</p>
</footer>`;
}
