// An evaluation as one HTML page for people: no script, nothing from elsewhere, the same bytes for the same evaluation.

import { htmlPage } from '../../markup/page.js';
import { box, headCells } from '../../markup/tables.js';
import { counted, escapeHtml, grouped } from '../../markup/text.js';
import type { Evaluation, Labelling, MacroScores, OfficialScores } from '../evaluation.js';
import { calibration, curveGallery, leadsName, type Section } from './charts.js';
import { classesByLeads, classTable, confusion } from './classes.js';
import { STYLE } from './style.js';
import { figureCell } from './tables.js';

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
  const body = `<header>
<p class="kicker">leadwise evaluation</p>
<h1>${name}</h1>
<p class="notice" role="note">${escapeHtml(evaluation.notice)}</p>
<p class="lede">${summary(evaluation)}</p>
<nav aria-label="Sections">${sections.map(({ id, title }) => `<a href="#${id}">${title}</a>`).join(' ')}</nav>
</header>
${sections.map(({ id, title, caption, body }) => `<section id="${id}">\n<h2>${title}</h2>\n<p class="caption">${caption}</p>\n${body}\n</section>`).join('\n')}
${footer(evaluation)}`;
  return htmlPage({ title: `Evaluation of ${evaluation.model.name}`, style: STYLE, body });
}

const QUALITY: { readonly [mode in Evaluation['quality']]: string } = {
  gate: 'leads that were not worth reading were dropped',
  report: 'leads were read whatever their quality, unless they were not finite',
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
