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
  { clipped, said: { result, quality, reason } }: { clipped: readonly string[]; said: CheckedOptions },
): string[] {
  const unscaled = [...paper.leads.values()].filter(({ toScale }) => !toScale).map(({ lead }) => lead);
  const candidates: readonly (readonly [boolean, string])[] = [
    [true, 'Raw samples, each lead centred on its median.'],
    [sheet.columns > 1 && sheet.isConsecutive, 'Columns follow each other in time.'],
    [sheet.columns > 1 && !sheet.isConsecutive, 'The record is short: all columns begin with the same second.'],
    [unscaled.length > 0, `Not to scale, because their units are unknown: ${unscaled.join(', ')}.`],
    [clipped.length > 0, `Triangles: ${[...new Set(clipped)].join(', ')} reach beyond their rows, which a lower gain may show.`],
    [isPart(paper) && result !== undefined, 'The findings are not about these seconds alone.'],
    [
      isPart(paper) && !result && (quality !== null || reason !== undefined),
      'What is said of the record is not about these seconds alone.',
    ],
    [paper.ignored > 0, `Not drawn, as none of the twelve leads: ${counted(paper.ignored, 'other channel')}.`],
  ];
  return candidates.filter(([isSo]) => isSo).map(([, sentence]) => sentence);
}

/** For those who do not see the picture. */
export function describe(paper: PaperRecord, options: CheckedOptions): string {
  const { title } = options;
  return `${title === undefined ? '' : `${title}. `}ECG, ${leadCount(paper)}${outcome(options)}. ${NOTICE}`;
}

function outcome({ result, reason }: CheckedOptions): string {
  if (!result) return reason ? `: no findings. ${reason.message}` : '';
  const present = result.findings.filter((finding) => finding.present).map(({ name }) => name);
  return present.length > 0 ? `: ${present.join(', ')}` : ': no finding above its threshold';
}
