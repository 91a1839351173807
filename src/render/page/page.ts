import { htmlPage } from '../../markup/page.js';
import { box, headCells } from '../../markup/tables.js';
import { counted, escapeHtml } from '../../markup/text.js';
import type { Quality } from '../../quality/report.js';
import type { Result } from '../../result.js';
import { NOTICE, VERSION } from '../../version.js';
import { checkParts, checkQuality, isKernels, isList, isNumber, RESULT_PARTS, type SheetReason, type SheetResult } from '../options.js';
import { section } from './section.js';
import { STYLE } from './style.js';

export type PageResult = SheetResult & Pick<Result, 'fs' | 'leads' | 'leadsIgnored' | 'kernels' | 'windows'>;

/** A record on the page: what was found, or why nothing could be. */
export type PageEntry =
  | {
      /** Stands above it. */
      readonly name: string;
      /** What `renderSheet` gave for it. It becomes part of the page as it is. */
      readonly sheet: string;
      readonly result: PageResult;
      /** Plain text that stands above the sheet: what could not be done. */
      readonly note?: string | undefined;
    }
  | {
      readonly name: string;
      readonly error: SheetReason;
      /** Of a record that could be read: what `renderSheet` gave for it, with the error as its `reason`. */
      readonly sheet?: string | undefined;
      /** Of that record: stands beside the sheet. */
      readonly quality?: Quality | null | undefined;
    };

type Classified = Extract<PageEntry, { result: unknown }>;
type Failed = Exclude<PageEntry, Classified>;
/** What has a section of its own. */
export type Shown = Classified | (Failed & { readonly sheet: string });

const PARTS = { ...RESULT_PARTS, fs: isNumber, leads: isList, leadsIgnored: isList, kernels: isKernels };

/**
 * One self-contained page of HTML for people: of each record its sheet, its quality and all its findings, or why there are none. No script, nothing from elsewhere; the
 * same bytes for the same results.
 * @throws TypeError for what is no entry
 */
export function renderPage(entries: readonly PageEntry[]): string {
  checkEntries(entries);
  const shown = entries.filter((entry): entry is Shown => 'sheet' in entry && entry.sheet !== undefined);
  const classified = shown.filter((entry) => 'result' in entry);
  const failed = entries.filter((entry) => 'error' in entry);
  const title = entries.length === 1 ? entries[0]!.name : counted(entries.length, 'recording');
  const body = [
    `<header>
<p class="kicker">leadwise report</p>
<h1>${escapeHtml(title)}</h1>
<p class="notice" role="note">${escapeHtml(NOTICE)}</p>
<p class="lede">${summary(classified, failed)}</p>
${entries.length === 1 ? '' : navigation(shown, failed)}
</header>`,
    ...shown.map((entry, index) => section(entry, { id: `record-${index + 1}`, isOnly: entries.length === 1 })),
    ...(failed.length > 0 ? [failures(failed)] : []),
    footer(classified),
  ];
  return htmlPage({ title: `ECG: ${title}`, style: STYLE, body: body.join('\n') });
}

function checkEntries(entries: unknown): asserts entries is PageEntry[] {
  if (!Array.isArray(entries)) throw new TypeError(`"entries" expected an array, got ${entries === null ? 'null' : typeof entries}`);
  entries.forEach((entry: Partial<Classified & Failed> | null, index) => {
    const hasName = typeof entry === 'object' && entry !== null && typeof entry.name === 'string';
    const hasSheet = hasName && typeof entry.sheet === 'string' && entry.sheet.startsWith('<svg ');
    const isShown = hasSheet && typeof entry.result === 'object';
    const hasError = hasName && typeof entry.error?.code === 'string' && typeof entry.error.message === 'string';
    const isFailed = hasError && (hasSheet || entry.sheet === undefined);
    if (!isShown && !isFailed) throw new TypeError(`"entries[${index}]" expected { name, sheet, result } or { name, error }`);
    if (isShown && entry.note !== undefined && typeof entry.note !== 'string')
      throw new TypeError(`"entries[${index}].note" expected a string, got ${typeof entry.note}`);
    if (isShown) checkParts(entry.result, `entries[${index}].result`, PARTS);
    else checkQuality(entry.quality, `entries[${index}].quality`);
  });
}

function summary(classified: readonly Classified[], failed: readonly Failed[]): string {
  const models = [...new Set(classified.map(({ result }) => modelLine(result)))];
  const count = counted(classified.length, 'record');
  const done = classified.length === 0 ? 'No record could be classified.' : `${count}, classified by ${models.join('; ')}.`;
  return failed.length === 0 ? done : `${done} <strong>${counted(failed.length, 'record')} failed.</strong>`;
}

function modelLine({ model, kernels }: PageResult): string {
  return (
    `the model <b>${escapeHtml(model.name)}</b> (weights with SHA-256 <code>${escapeHtml(model.sha256)}</code>) in leadwise ` +
    `${escapeHtml(model.version)} with the ${escapeHtml(kernels.variant)} kernels`
  );
}

function navigation(shown: readonly Shown[], failed: readonly Failed[]): string {
  const links = shown.map(({ name }, index) => `<a href="#record-${index + 1}">${escapeHtml(name)}</a>`);
  if (failed.length > 0) links.push('<a href="#failures">Failures</a>');
  return `<nav aria-label="Records">${links.join(' ')}</nav>`;
}

function failures(failed: readonly Failed[]): string {
  const rows = failed.map(
    ({ name, error }) =>
      `<tr><th scope="row">${escapeHtml(name)}</th><td class="text"><code>${escapeHtml(error.code)}</code></td><td class="text">${escapeHtml(error.message)}</td></tr>`,
  );
  const table = `<table class="failures">\n<thead><tr>${headCells(['record', 'code', 'message'])}</tr></thead>\n<tbody>\n${rows.join('\n')}\n</tbody>\n</table>`;
  return `<section id="failures">\n<h2>Failures</h2>\n<p class="caption">${counted(failed.length, 'record')} that could not be read or classified.</p>\n${box('Failures', table)}\n</section>`;
}

function footer(classified: readonly Classified[]): string {
  const definitions: readonly (readonly [string, string])[] = [
    [
      'Sheet',
      'raw samples without a filter, each lead centred on its median; the grid has a line each millimetre. On this page it is scaled to the page: printed by itself it is true to scale',
    ],
    ['Present', 'the logit reaches the threshold that the weight file has for the leads that are there'],
    [
      'Probability',
      classified.every(({ result }) => result.findings[0]?.calibrated)
        ? 'calibrated on recordings that the model was not trained on'
        : 'where it is not calibrated, the logistic function of the logit: no frequency',
    ],
    [
      'Quality',
      'ok, degraded (worth reading, with a warning) or reject (not worth reading: a lead, or a record of which all leads are). Leads that the network did not read stand above the sheet, as left out or not recorded',
    ],
    ['Model', 'what it was trained on, its figures and its failure modes stand in the card that comes with its weight file'],
  ];
  return `<footer>
<h2>How to read this</h2>
<dl>
${definitions.map(([term, meaning]) => `<div><dt>${term}</dt><dd>${meaning}.</dd></div>`).join('\n')}
</dl>
<p class="caption">Made by leadwise ${VERSION}.</p>
<p class="notice" role="note">${escapeHtml(NOTICE)}</p>
</footer>`;
}
