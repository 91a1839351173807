import { describe, expect, it } from 'vitest';
import { CHALLENGE_CLASSES, type DiagnosisClass } from '../../src/classes.js';
import type {
  ClassScores,
  Curves,
  Evaluation,
  Figure,
  LeadSetEvaluation,
  MacroScores,
  OfficialScores,
  ReliabilityBin,
} from '../../src/evaluate/evaluation.js';
import { renderReport } from '../../src/evaluate/report/page.js';
import { splitmix32 } from '../../src/splitmix32.js';

// A made-up evaluation that looks like a real one.

const NOTICE = 'Research software, not a medical device. Not for diagnosis or treatment.';
const TWELVE = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'];
const RECORDS = 4239;
const POSITIVES = [
  311, 96, 52, 28, 140, 268, 190, 121, 402, 133, 24, 88, 113, 74, 1463, 216, 102, 61, 77, 154, 66, 187, 512, 409, 498, 161,
];

function noise(...keys: number[]): number {
  return keys.reduce((seed, key) => splitmix32(seed, key), 7) / 2 ** 32;
}

function around(value: number, width: number): Figure {
  return { value, low: Math.max(-1, value - width), high: Math.min(1, value + 0.8 * width) };
}

const UNDEFINED: Figure = { value: null, low: null, high: null };

function classScores(diagnosis: DiagnosisClass, k: number, set: number): ClassScores {
  const positives = POSITIVES[k % POSITIVES.length]!;
  const skill = 0.8 + 0.19 * noise(k, 1) - 0.03 * set * noise(k, set, 2);
  const width = 0.25 / Math.sqrt(positives);
  return {
    ...diagnosis,
    records: RECORDS,
    positives,
    auroc: around(skill, width),
    auprc: around(skill ** 6, 3 * width),
    f: around(skill ** 5, 2 * width),
    accuracy: 0.9 + 0.09 * noise(k, 3),
    sensitivity: skill - 0.1,
    specificity: 0.9 + 0.09 * noise(k, 4),
    brier: 0.01 + 0.05 * noise(k, 5),
    ece: 0.01 + 0.02 * noise(k, 6),
  };
}

function macroScores(set: number, shift: number, classes = 24): MacroScores {
  const drop = 0.02 * set - shift;
  return {
    classes,
    auroc: around(0.932 - drop, 0.008),
    auprc: around(0.561 - drop, 0.021),
    f: around(0.528 - drop, 0.018),
    challengeMetric: around(0.612 - drop, 0.014),
    accuracy: around(0.318 - drop, 0.013),
    brier: 0.0312 + drop / 10,
    ece: around(0.0143 + drop / 10, 0.002),
  };
}

function officialScores(set: number, shift: number): OfficialScores {
  const { auroc, auprc, accuracy, f, challengeMetric } = macroScores(set, shift - 0.013);
  return { auroc: auroc.value, auprc: auprc.value, accuracy: accuracy.value, f: f.value, challengeMetric: challengeMetric.value };
}

function curvesOf({ auroc, positives, records }: ClassScores): Curves {
  const steps = Array.from({ length: 100 }, (_, i) => ((i + 1) / 100) ** 3);
  const roc = steps.map((x): [number, number] => [x, x ** ((1 - auroc.value!) / auroc.value!)]);
  const pr = roc.map(([x, y]): [number, number] => [y, (y * positives) / (y * positives + x * (records - positives))]);
  return { roc: [[0, 0], ...roc], pr };
}

function reliabilityBins(set: number): ReliabilityBin[] {
  const counts = [98213, 4011, 1892, 1204, 903, 811, 790, 844, 1102, 2304];
  return counts.map((count, i) => {
    const meanProbability = (i + 0.3 + 0.4 * noise(i, set)) / 10;
    const frequency = Math.min(1, meanProbability ** (1.15 + 0.1 * set) + 0.03 * noise(i, set, 1));
    return { from: i / 10, to: (i + 1) / 10, count, meanProbability, frequency };
  });
}

function confusionCounts(classes: readonly ClassScores[]): number[][] {
  const rows = classes.map(({ positives }, i) =>
    classes.map((_, j) => Math.floor(positives * (i === j ? 0.55 + 0.3 * noise(i) : 0.06 * noise(i, j) ** 4 * (j % 5 ? 1 : 4)))),
  );
  return [...rows, classes.map((_, j) => Math.floor(20 * noise(99, j) ** 3))];
}

function leadSet(leads: readonly string[], set: number, classes: readonly DiagnosisClass[]): LeadSetEvaluation {
  const scores = classes.map((diagnosis, k) => classScores(diagnosis, k, set));
  const sources = ['PTB-XL', 'Georgia', 'Ningbo', 'LUDB'];
  return {
    leads,
    strict: { records: RECORDS, macro: macroScores(set, 0), official: officialScores(set, 0), classes: scores },
    beside: [
      { labelling: 'pvc-164884008', macro: macroScores(set, 0.004), official: officialScores(set, 0.004) },
      { labelling: 'ludb-unstated-unknown', macro: macroScores(set, 0.001), official: officialScores(set, 0.001) },
    ],
    sources: sources.map((source, i) => {
      const macro = macroScores(set, 0.01 * (i - 2), 22 - 4 * i);
      return { source, records: [2103, 1034, 902, 200][i]!, macro, official: officialScores(set, 0) };
    }),
    reliability: reliabilityBins(set),
    curves: scores.map(curvesOf),
    confusion: confusionCounts(scores),
    saturated: 3 * set,
  };
}

const LEAD_SETS = [TWELVE, TWELVE.slice(0, 6), ['I', 'II', 'III', 'V2'], ['I', 'II', 'V2'], ['I', 'II']];

function example(changes: Partial<Evaluation> = {}, leadSets: readonly (readonly string[])[] = LEAD_SETS): Evaluation {
  const classes = changes.classes ?? CHALLENGE_CLASSES;
  return {
    schema: 1,
    model: { name: 'edge', sha256: '9f2c4e'.repeat(10).padEnd(64, '0'), version: '0.1.0' },
    kernels: { variant: 'simd', sha256: '4be1a7'.repeat(10).padEnd(64, '0') },
    quality: 'gate',
    records: RECORDS,
    sources: [
      { source: 'PTB-XL', records: 2103 },
      { source: 'Georgia', records: 1034 },
      { source: 'Ningbo', records: 902 },
      { source: 'LUDB', records: 200 },
    ],
    failures: [
      { record: 'ningbo/JS10765', error: { code: 'NO_SIGNAL', message: 'All leads are flat' } },
      { record: 'georgia/E04231', error: { code: 'BAD_HEADER', message: 'Line 3 expected a gain, got "mV"' } },
    ],
    minPositives: 30,
    bootstrap: { resamples: 1000, seed: 1, level: 0.95 },
    classes,
    leadSets: leadSets.map((leads, set) => leadSet(leads, set, classes)),
    notice: NOTICE,
    ...changes,
  };
}

const page = renderReport(example());

/** The HTML of one section. */
function section(html: string, id: string): string {
  return new RegExp(`<section id="${id}">[^]*?</section>`).exec(html)?.[0] ?? '';
}

function sectionIds(html: string): string[] {
  return Array.from(html.matchAll(/<section id="([a-z]+)">/g), ([, id]) => id!);
}

/** Texts of the cells, row by row. */
function rows(html: string): string[][] {
  return Array.from(html.matchAll(/<tr\b[^>]*>(.*?)<\/tr>/gs), ([, row]) =>
    Array.from(row!.matchAll(/<t[hd]\b[^>]*>(.*?)<\/t[hd]>/gs), ([, cell]) => cell!.replace(/<[^>]*>/g, ' ').trim()),
  );
}

/** What an HTML parser would stumble over: tags that do not close in order, stray angle brackets and ampersands, repeated ids. */
function faults(html: string): string[] {
  const found: string[] = [];
  const open: string[] = [];
  const markup = html.replace(/^<!doctype html>\n/, '').replace(/<style>[^<]*<\/style>/, '');
  const tag = /<(\/?)([a-z][a-z0-9]*)((?: [a-zA-Z-]+="[^"<>]*")*)(\/?)>/g;
  for (const [, end, name, , closed] of markup.matchAll(tag)) {
    if (name === 'meta' || name === 'br' || closed === '/') continue;
    if (end === '') open.push(name!);
    else if (open.pop() !== name) found.push(`</${name}>`);
  }
  const text = markup.replace(tag, '');
  found.push(...(text.match(/[<>].{0,20}/g) ?? []), ...(markup.match(/&(?!(?:amp|lt|gt|quot|#39);).{0,20}/g) ?? []));
  const ids = Array.from(markup.matchAll(/ id="([^"]*)"/g), ([, id]) => id!);
  if (new Set(ids).size < ids.length) found.push('an id twice');
  if (/NaN|undefined|Infinity|\[object/.test(markup)) found.push('a value that is none');
  return [...found, ...open];
}

describe('the page', () => {
  it('has its sections in order, each in the navigation', () => {
    const ids = ['headline', 'classes', 'leads', 'sources', 'calibration', 'curves', 'confusion', 'failures'];
    expect(sectionIds(page)).toEqual(ids);
    expect(Array.from(page.matchAll(/<a href="#([a-z]+)">/g), ([, id]) => id)).toEqual(ids);
  });

  it('is well-formed, and the check sees what is not', () => {
    expect(faults(page)).toEqual([]);
    expect(faults('<p><b>x</p></b>')).not.toEqual([]);
    expect(faults('<p>1 < 2</p>')).not.toEqual([]);
    expect(faults('<p>a & b</p>')).not.toEqual([]);
    expect(faults('<p title=""onclick="">x</p>')).not.toEqual([]);
    expect(faults('<p>')).not.toEqual([]);
  });

  it('needs nothing from elsewhere, and runs nothing', () => {
    expect(page).not.toMatch(/https?:|\/\/[a-z]|url\(|@import|\bsrc=|<link|<script|<iframe|javascript:| on[a-z]+=/i);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  it('is for both colour schemes, paper and phones', () => {
    for (const wanted of ['prefers-color-scheme:dark', '@media print', 'name="viewport"', 'overflow-x:auto'])
      expect(page).toContain(wanted);
    expect(page.match(/<table/g)).toHaveLength(page.match(/<div class="box"[^>]*><table/g)!.length);
  });

  it('is the same bytes for the same evaluation, and leaves it as it was', () => {
    const evaluation = example();
    expect(renderReport(evaluation)).toBe(page);
    expect(evaluation).toEqual(example());
  });

  it('says what was evaluated, and twice that it is no medical device', () => {
    const { model, kernels } = example();
    expect(page).toContain('<title>Evaluation of edge</title>');
    expect(page).toContain('<h1>edge</h1>');
    expect(page.split(`<p class="notice" role="note">${NOTICE}</p>`)).toHaveLength(3);
    expect(page.indexOf(NOTICE)).toBeLessThan(page.indexOf('<section'));
    const said = /<p class="lede">(.*)<\/p>/.exec(page)![1]!.replace(/<[^>]*>/g, '');
    expect(said).toContain('4,239 records from 4 sources (PTB-XL 2,103, Georgia 1,034, Ningbo 902, LUDB 200)');
    for (const part of [model.sha256, kernels.sha256, 'simd', '“gate”', '2 records failed and count in no figure'])
      expect(said).toContain(part);
  });

  it('says how figures are defined', () => {
    const footer = page.slice(page.indexOf('<footer>'));
    expect(footer).toContain('95\u00a0% percentile bootstrap: 1,000 resamples, records drawn with replacement, seed 1.');
    expect(footer).toContain('at least 30 positives and one negative');
    expect(footer).toContain('0 with all 12 leads; 3 with I, II, III, aVR, aVL, aVF;');
  });
});

describe('figures', () => {
  it('headline: a row for each lead set, then other labels and means', () => {
    const [heads, ...others] = rows(section(page, 'headline'));
    expect(heads).toEqual(['leads', 'classes', 'AUROC', 'AUPRC', 'F', 'challenge metric', 'accuracy', 'ECE', 'Brier']);
    expect(others.slice(0, 5).map(([leads, classes, auroc]) => [leads, classes, auroc])).toEqual([
      ['all 12 leads', '24', '0.932 0.924–0.938'],
      ['I, II, III, aVR, aVL, aVF', '24', '0.912 0.904–0.918'],
      ['I, II, III, V2', '24', '0.892 0.884–0.898'],
      ['I, II, V2', '24', '0.872 0.864–0.878'],
      ['I, II', '24', '0.852 0.844–0.858'],
    ]);
    expect(others[0]!.slice(3)).toEqual([
      '0.561 0.540–0.578',
      '0.528 0.510–0.542',
      '0.612 0.598–0.623',
      '0.318 0.305–0.328',
      '0.014 0.012–0.016',
      '0.031',
    ]);
    const titled = (title: string) => others.findIndex((row) => row.length === 1 && row[0]!.startsWith(title));
    expect(others[titled('PVC also from 164884008') + 1]!.slice(0, 3)).toEqual(['all 12 leads', '24', '0.936 0.928–0.942']);
    expect(others[titled('LUDB’s silence') + 5]!.slice(0, 3)).toEqual(['I, II', '24', '0.853 0.845–0.859']);
    expect(others.at(-5)).toEqual(['all 12 leads', '', '0.919', '0.548', '0.515', '0.599', '0.305', '', '']);
    expect(others.at(-6)![0]).toMatch(/^The official evaluation’s means .*however few its positives/);
  });

  it('by class: the first lead set, those with few positives in grey', () => {
    const html = section(page, 'classes');
    const table = rows(html).slice(1);
    const { classes } = example().leadSets[0]!.strict;
    expect(table.map(([abbreviation, name]) => [abbreviation, name])).toEqual(
      classes.map(({ abbreviation, name }) => [abbreviation, name]),
    );
    classes.forEach(({ auroc, sensitivity, specificity, brier }, k) => {
      expect(table[k]![4]).toBe(`${auroc.value!.toFixed(3)} ${auroc.low!.toFixed(3)}–${auroc.high!.toFixed(3)}`);
      expect(table[k]!.slice(7)).toEqual([sensitivity, specificity, brier].map((value) => value!.toFixed(3)));
    });
    expect(table[0]![2]).toBe('311 / 4,239');
    expect(Array.from(html.matchAll(/<tr class="few"><th scope="row">(\w+)/g), ([, name]) => name)).toEqual(['Brady', 'LPR']);
    expect(html).toContain('2 classes with fewer than 30 positives');
    expect(html.match(/<svg class="interval"/g)).toHaveLength(26);
  });

  it('the dot and its interval stand where the scale says', () => {
    const evaluation = example();
    const [set] = evaluation.leadSets;
    const [scores] = set!.strict.classes;
    const one = { ...set!, strict: { ...set!.strict, classes: [{ ...scores!, auroc: { value: 0.75, low: 0.5, high: 1 } }] } };
    const html = section(renderReport({ ...evaluation, leadSets: [one] }), 'classes');
    expect(html).toContain('<span>0.5</span><span>1</span>');
    expect(html).toContain('<path class="whisker" d="M5 7L107 7"/><circle class="dot" cx="56" cy="7"');
  });

  it('by class and leads: shaded between the lowest and 1, few positives unshaded', () => {
    const html = section(page, 'leads');
    const [heads, mean, ...table] = rows(html);
    expect(heads!.slice(2)).toEqual(['all 12 leads', 'I, II, III, aVR, aVL, aVF', 'I, II, III, V2', 'I, II, V2', 'I, II']);
    expect(mean!.slice(2)).toEqual(['0.932', '0.912', '0.892', '0.872', '0.852']);
    expect(table).toHaveLength(26);
    table.forEach((row, k) => {
      const values = example().leadSets.map(({ strict }) => strict.classes[k]!.auroc.value!.toFixed(3));
      expect(row.slice(2)).toEqual(values.map((value) => (['Brady', 'LPR'].includes(row[0]!) ? `${value}*` : value)));
    });
    const shaded = Array.from(html.matchAll(/<td class="h(\d)">([\d.]+)</g), ([, level, value]) => [Number(value), Number(level)] as const);
    shaded.sort(([a], [b]) => a - b);
    expect(shaded.map(([, level]) => level)).toEqual(shaded.map(([, level]) => level).sort());
    expect(shaded[0]![1]).toBeLessThan(2);
    expect(shaded.at(-1)![1]).toBeGreaterThan(7);
  });

  it('by source: all lead sets', () => {
    const table = rows(section(page, 'sources'));
    expect(table).toHaveLength(1 + 5 * 5);
    expect(table[2]!.slice(0, 4)).toEqual(['PTB-XL', '2,103', '22', '0.912 0.904–0.918']);
    expect(table.at(-1)!.slice(0, 4)).toEqual(['LUDB', '200', '10', '0.862 0.854–0.868']);
  });

  it('calibration: a diagram for each lead set, a point and a bar for each bin', () => {
    const html = section(page, 'calibration');
    expect(html.match(/<svg /g)).toHaveLength(5);
    expect(html.match(/<circle /g)).toHaveLength(50);
    expect(html.match(/<rect class="bar"/g)).toHaveLength(50);
    expect(html).toContain('<b>all 12 leads</b><br>ECE 0.014<small>0.012–0.016</small><br>98,213 decisions in the fullest bin');
    expect(html).toContain('<title>0.90–1.00: 2,304 decisions</title>');
  });

  it('curves: both of each class with enough positives, drawn from corner to corner', () => {
    const html = section(page, 'curves');
    expect(html.match(/<figure>/g)).toHaveLength(24);
    const [first] = example().leadSets[0]!.strict.classes;
    const areas = `AUROC ${first!.auroc.value!.toFixed(3)}, AUPRC ${first!.auprc.value!.toFixed(3)}; 311 of 4,239`;
    expect(html).toContain(`<b>AF</b> atrial fibrillation<br>${areas}`);
    expect(html).not.toContain('<b>Brady</b>');
    const drawn = Array.from(html.matchAll(/<path class="curve" d="([^"]*)"/g), ([, path]) => path!);
    expect(drawn).toHaveLength(48);
    // The square of ROC is x 20 to 144, y 128 to 4; that of precision and recall starts at 172.
    expect(drawn[0]).toMatch(/^M20 128L.*L144 4$/);
    expect(drawn[1]).toMatch(/^M172 [\d.]+H.*V[\d.]+H296$/);
    // Prevalence 311 of 4239.
    expect(html).toContain(`<path class="chance" d="M172 118.9L296 118.9"/>`);
  });

  it('curves: thousands of points are thinned to what can be seen', () => {
    const evaluation = example({}, [TWELVE]);
    const [set] = evaluation.leadSets;
    const many = Array.from({ length: 5001 }, (_, i): [number, number] => [i / 5000, Math.sqrt(i / 5000)]);
    const curves = set!.curves.map(() => ({ roc: many, pr: many }));
    expect(renderReport({ ...evaluation, leadSets: [{ ...set!, curves }] }).length).toBeLessThan(400_000);
  });

  it('confusion: counts, shares of the row as shades, the last row for none', () => {
    const html = section(page, 'confusion');
    const [heads, ...table] = rows(html);
    const { confusion } = example().leadSets[0]!;
    expect(heads!.slice(2)).toEqual(CHALLENGE_CLASSES.map(({ abbreviation }) => abbreviation));
    expect(table.map(([name]) => name)).toEqual([...CHALLENGE_CLASSES.map(({ abbreviation }) => abbreviation), 'none of the classes']);
    expect(table.map((row) => row.slice(2).map((count) => Number(count.replace(',', ''))))).toEqual(confusion);
    const sum = confusion[0]!.reduce((total, count) => total + count, 0);
    expect(table[0]![1]).toBe(String(sum));
    expect(html).toContain(`<td class="h${Math.round((9 * confusion[0]![0]!) / sum)} same">${confusion[0]![0]}</td>`);
  });

  it('failures: record, code and message', () => {
    expect(rows(section(page, 'failures'))).toEqual([
      ['record', 'code', 'message'],
      ['ningbo/JS10765', 'NO_SIGNAL', 'All leads are flat'],
      ['georgia/E04231', 'BAD_HEADER', 'Line 3 expected a gain, got &quot;mV&quot;'],
    ]);
  });

  it('null is a dash, and negative figures have a minus sign', () => {
    const evaluation = example();
    const [set] = evaluation.leadSets;
    const nothing = { auroc: UNDEFINED, auprc: UNDEFINED, f: UNDEFINED };
    const classes = set!.strict.classes.map((scores) => ({
      ...scores,
      ...nothing,
      positives: 0,
      accuracy: null,
      sensitivity: null,
      specificity: null,
      brier: null,
    }));
    const macro = { ...set!.strict.macro, ...nothing, challengeMetric: { value: -0.2, low: -0.31234, high: -0.0001 }, brier: null };
    const empty: LeadSetEvaluation = {
      ...set!,
      strict: { ...set!.strict, macro, classes },
      reliability: set!.reliability.map((bin) => ({ ...bin, count: 0, meanProbability: null, frequency: null })),
      curves: classes.map(() => ({ roc: [], pr: [] })),
      confusion: set!.confusion.map((row) => row.map(() => 0)),
    };
    const html = renderReport({ ...evaluation, leadSets: [empty, empty] });
    expect(faults(html)).toEqual([]);
    expect(rows(section(html, 'headline'))[1]!.slice(2, 6)).toEqual(['–', '–', '–', '−0.200 −0.312 to 0.000']);
    expect(rows(section(html, 'headline'))[1]!.at(-1)).toBe('–');
    expect(rows(section(html, 'classes'))[1]!.slice(2)).toEqual(['0* / 4,239', '', '–', '–', '–', '–', '–', '–']);
    expect(rows(section(html, 'leads'))[2]!.slice(2)).toEqual(['–*', '–*']);
    expect(section(html, 'calibration')).not.toContain('<circle');
    expect(sectionIds(html)).toEqual(['headline', 'classes', 'leads', 'sources', 'calibration', 'failures']);
  });
});

describe('other evaluations', () => {
  const [twelve] = example().leadSets;

  it('one lead set, one source, no failures, no bootstrap', () => {
    const html = renderReport(
      example({
        leadSets: [{ ...twelve!, sources: [], beside: [] }],
        sources: [{ source: 'PTB-XL', records: 1 }],
        records: 1,
        failures: [],
        bootstrap: { resamples: 0, seed: 1, level: 0.95 },
      }),
    );
    expect(faults(html)).toEqual([]);
    expect(sectionIds(html)).toEqual(['headline', 'classes', 'calibration', 'curves', 'confusion']);
    expect(html).toContain('1 record from 1 source (<b>PTB-XL</b> 1)');
    expect(html).toContain('No record failed.');
    expect(html).toContain('none: no bootstrap was asked for.');
    expect(html).not.toContain('% intervals');
  });

  it('one failure is one', () => {
    expect(renderReport(example({ failures: example().failures.slice(0, 1) }))).toContain(
      '<strong>1 record failed</strong> and counts in no figure',
    );
  });

  it('classes that are not the challenge’s: no challenge metric, empty lines of the confusion left out', () => {
    const classes = ['MI', 'LVH', 'never'].map((name, i) => ({ code: `x${i}`, abbreviation: name, name: `class ${name}` }));
    const [set] = example({ classes }, [['I', 'II']]).leadSets;
    const macro = { ...set!.strict.macro, challengeMetric: UNDEFINED };
    const confusion = [
      [40, 2, 0],
      [3, 50, 0],
      [0, 0, 0],
      [1, 0, 0],
    ];
    const html = renderReport(example({ classes, leadSets: [{ ...set!, confusion, strict: { ...set!.strict, macro } }] }));
    expect(faults(html)).toEqual([]);
    expect(rows(section(html, 'headline'))[1]![5]).toBe('–');
    expect(rows(section(html, 'confusion'))).toEqual([
      ['has', 'records', 'MI', 'LVH'],
      ['MI', '42', '40', '2'],
      ['LVH', '53', '3', '50'],
      ['none of the classes', '1', '1', '0'],
    ]);
  });

  it('without any lead set there is still a page', () => {
    const html = renderReport(example({ leadSets: [], sources: [], records: 0 }));
    expect(faults(html)).toEqual([]);
    expect(sectionIds(html)).toEqual(['headline', 'failures']);
  });

  it('the quality mode in words', () => {
    expect(renderReport(example({ quality: 'off' }))).toContain('“off”: the published preprocessing');
    expect(renderReport(example({ quality: 'report' }))).toContain('“report”: leads were read whatever their quality');
  });
});

describe('hostile strings', () => {
  const HOSTILE = `</title></style><script>alert("1")</script><img src=x onerror='x'>&lt;&\``;
  const ESCAPED =
    '&lt;/title&gt;&lt;/style&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&lt;img src=x onerror=&#39;x&#39;&gt;&amp;lt;&amp;`';

  it('are text wherever they come from', () => {
    const classes = CHALLENGE_CLASSES.map((diagnosis, k) =>
      k === 0 ? { code: HOSTILE, abbreviation: `a${HOSTILE}`, name: `n${HOSTILE}` } : diagnosis,
    );
    const sets = example({ classes }, [[`l${HOSTILE}`], TWELVE]).leadSets;
    const html = renderReport(
      example({
        model: { name: `m${HOSTILE}`, sha256: `h${HOSTILE}`, version: `v${HOSTILE}` },
        kernels: { variant: 'scalar', sha256: `k${HOSTILE}` },
        sources: [{ source: `s${HOSTILE}`, records: 1 }],
        failures: [{ record: `r${HOSTILE}`, error: { code: `c${HOSTILE}`, message: `e${HOSTILE}` } }],
        classes,
        leadSets: sets.map((set) => ({ ...set, sources: set.sources.map((entry) => ({ ...entry, source: `o${HOSTILE}` })) })),
        notice: `t${HOSTILE}`,
      }),
    );
    expect(faults(html)).toEqual([]);
    expect(html).not.toContain('<script');
    expect(html).not.toContain('<img');
    for (const mark of 'anlmhvksrceot') expect(html, mark).toContain(mark + ESCAPED);
    // One of the page, one of each bar: three lead sets fewer.
    expect(html.match(/<\/title>/g)!.length).toBe(page.match(/<\/title>/g)!.length - 30);
  });
});
