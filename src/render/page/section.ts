// One record of the page: sheet, quality, findings or why there are none.

import { box, headCells } from '../../markup/tables.js';
import { counted, escapeHtml, fixed, tenth } from '../../markup/text.js';
import type { Quality } from '../../quality/report.js';
import type { Finding } from '../../result.js';
import { percent } from '../notes.js';
import type { SheetReason } from '../options.js';
import type { PageResult, Shown } from './page.js';

export function section(entry: Shown, { id, isOnly }: { id: string; isOnly: boolean }): string {
  const { name, sheet } = entry;
  const isClassified = 'result' in entry;
  const heads = [
    ...(isOnly ? [] : [`<h2>${escapeHtml(name)}</h2>`]),
    ...(isClassified ? [`<p class="caption">${facts(entry.result)}</p>`] : []),
    ...(isClassified && entry.note !== undefined ? [`<p class="caption">${escapeHtml(entry.note)}</p>`] : []),
  ];
  return `<section id="${id}">
${[...heads, box(`ECG of ${escapeHtml(name)}`, sheet.trimEnd(), 'sheet')].join('\n')}
<div class="columns">
<div>
${quality(isClassified ? entry.result.quality : entry.quality)}
</div>
<div>
${isClassified ? findings(entry.result) : noFindings(entry.error)}
</div>
</div>
</section>`;
}

function facts({ fs, leads, leadsIgnored, leadsDropped, flags, windows }: PageResult): string {
  const missing = leadsDropped.filter(({ reason }) => reason === 'missing').map(({ lead }) => lead);
  const dropped = leadsDropped
    .filter(({ reason }) => reason !== 'missing')
    .map(({ lead, reason }) => `${lead} (${reason.replaceAll('-', ' ')})`);
  const lists = [
    ['not recorded', missing],
    ['left out', dropped],
    // Their names are free text.
    ['ignored', leadsIgnored.length > 0 ? [counted(leadsIgnored.length, 'other channel')] : []],
    ['flags', flags],
  ] as const;
  return [
    `${counted(leads.length, 'lead')} used, ${fs} Hz`,
    ...(windows ? [`${counted(windows.length, 'window')}: of each class the most probable one counts`] : []),
    ...lists.filter(([, names]) => names.length > 0).map(([title, names]) => `${title}: ${escapeHtml(names.join(', '))}`),
  ].join('; ');
}

function quality(report: Quality | null | undefined): string {
  if (!report) return '<h3>Quality</h3>\n<p class="caption">Not judged.</p>';
  const reasons = report.reasons.map((reason) => `<li>${escapeHtml(reason)}</li>`);
  const rows = report.leads.map(({ lead, verdict, codes }) => {
    const words = codes.map((code) => code.replaceAll('-', ' ')).join(', ');
    return `<tr class="${verdict === 'ok' ? 'absent' : 'present'}"><th scope="row">${escapeHtml(lead)}</th><td class="text">${escapeHtml(verdict)}</td><td class="text">${escapeHtml(words)}</td></tr>`;
  });
  const table = `<table>\n<thead><tr>${headCells(['lead', 'verdict', 'what is wrong'], ['verdict', 'what is wrong'])}</tr></thead>\n<tbody>\n${rows.join('\n')}\n</tbody>\n</table>`;
  return [
    `<h3>Quality: <span class="verdict">${escapeHtml(report.verdict)}</span></h3>`,
    ...(reasons.length > 0 ? [`<ul class="reasons">${reasons.join('')}</ul>`] : []),
    box('Quality by lead', table),
  ].join('\n');
}

function noFindings({ code, message }: SheetReason): string {
  return `<h3>No findings</h3>\n<p class="lede"><code>${escapeHtml(code)}</code> ${escapeHtml(message)}</p>`;
}

/** All classes: what is present first, each part by probability. */
function findings({ findings: all }: PageResult): string {
  const sorted = [...all.filter(({ present }) => present), ...all.filter(({ present }) => !present)];
  const heads = headCells(['class', 'name', 'present', '', 'probability', 'logit', 'threshold', 'SNOMED CT'], ['name']);
  const calibrated = all[0]?.calibrated ? 'Probabilities are calibrated.' : 'Probabilities are not calibrated.';
  const table = `<table>\n<thead><tr>${heads}</tr></thead>\n<tbody>\n${sorted.map(row).join('\n')}\n</tbody>\n</table>`;
  return `<h3>Findings</h3>\n<p class="caption">${calibrated} Logit and threshold are on the scale before calibration.</p>\n${box('Findings', table)}`;
}

function row({ abbreviation, name, present, probability, logit, threshold, code }: Finding): string {
  const bar = `<svg class="probability" viewBox="0 0 110 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" y="3" width="110" height="4"/><rect class="share" y="1" width="${tenth(110 * probability)}" height="8"/></svg>`;
  const cells = [
    `<td class="name">${escapeHtml(name)}</td>`,
    `<td class="mark">${present ? '●<small>yes</small>' : ''}</td>`,
    `<td>${bar}</td>`,
    ...[percent(probability), fixed(logit, 2), fixed(threshold, 2)].map((figure) => `<td>${figure}</td>`),
    `<td>${escapeHtml(code)}</td>`,
  ];
  return `<tr class="${present ? 'present' : 'absent'}"><th scope="row">${escapeHtml(abbreviation)}</th>${cells.join('')}</tr>`;
}
