// What a sheet says of itself.

import { counted, fixed } from '../markup/text.js';
import { NOTICE } from '../version.js';
import { type PaperRecord, SHEET_SECONDS } from './leads.js';
import type { CheckedOptions } from './options.js';
import type { Sheet } from './rows.js';

export function leadCount({ leads }: PaperRecord): string {
  return leads.size === 1 ? '1 lead' : `${leads.size} leads`;
}

/** Scale, filter and time, as recorders print them. */
export function settings(paper: PaperRecord, { speed, gain, offsetSeconds }: CheckedOptions): string {
  const { fs, from, sigLen } = paper.span;
  const isScaled = [...paper.leads.values()].some(({ toScale }) => toScale);
  const time = (sample: number) => fixed(offsetSeconds + sample / fs, 1);
  return [
    `${speed} mm/s`,
    isScaled ? `${gain} mm/mV` : 'amplitude not to scale (units unknown)',
    'no filter',
    `${fixed(fs, Number.isInteger(fs) ? 0 : 2)} Hz`,
    `${time(from)}–${time(lastSample(paper))} s${isPart(paper) || offsetSeconds > 0 ? ` of ${time(sigLen)} s` : ''}`,
  ].join('  ·  ');
}

function lastSample({ span: { fs, from, sigLen } }: PaperRecord): number {
  return Math.min(sigLen, from + SHEET_SECONDS * fs);
}

function isPart(paper: PaperRecord): boolean {
  return paper.span.from > 0 || lastSample(paper) < paper.span.sigLen;
}

/** What has to be known to read this sheet. `clipped`: leads whose trace left its row. */
export function sentences(
  paper: PaperRecord,
  sheet: Sheet,
  { clipped, hasResult }: { clipped: readonly string[]; hasResult: boolean },
): string[] {
  const unscaled = [...paper.leads.values()].filter(({ toScale }) => !toScale).map(({ lead }) => lead);
  const said: readonly (readonly [boolean, string])[] = [
    [true, 'Raw samples, each lead centred on its median.'],
    [sheet.columns > 1 && sheet.isConsecutive, 'Columns follow each other in time.'],
    [sheet.columns > 1 && !sheet.isConsecutive, 'The record is short: all columns begin with the same second.'],
    [unscaled.length > 0, `Not to scale, because their units are unknown: ${unscaled.join(', ')}.`],
    [clipped.length > 0, `Triangles: ${[...new Set(clipped)].join(', ')} reach beyond their rows, which a lower gain may show.`],
    [hasResult && isPart(paper), 'The findings are not about these seconds alone.'],
    [paper.ignored > 0, `Not drawn, as none of the twelve leads: ${counted(paper.ignored, 'other channel')}.`],
  ];
  return said.filter(([isSo]) => isSo).map(([, sentence]) => sentence);
}

/** For those who do not see the picture. */
export function describe(paper: PaperRecord, { result, title }: CheckedOptions): string {
  const present = result?.findings.filter((finding) => finding.present).map(({ name }) => name) ?? [];
  const found = result ? (present.length > 0 ? `: ${present.join(', ')}` : ': no finding above its threshold') : '';
  return `${title === undefined ? '' : `${title}. `}ECG, ${leadCount(paper)}${found}. ${NOTICE}`;
}
