// What is written around the traces. All in mm.

import { fixed } from '../markup/text.js';
import { NOTICE, VERSION } from '../version.js';
import type { CheckedOptions, SheetReason, SheetResult } from './options.js';
import { COLOURS, clipText, textLine, textWidth, wrapText } from './typeset.js';

/** Something drawn, and how much of the sheet it took. */
export interface Block {
  readonly svg: string;
  readonly height: number;
}

export interface Column {
  readonly left: number;
  readonly top: number;
  readonly width: number;
}

const SIZE = { title: 5, heading: 3.6, text: 3.2, small: 2.8 };
const LINE = { text: 4.6, small: 3.8 };
const MOST_FINDINGS = 8;
/** Columns: room for the abbreviation, where the probability ends, where the name begins. */
const FINDING = { abbreviation: 31, figureEnd: 46, name: 49 };
const MOST_REASONS = 9;

/** Disclaimer, title and verdict, and how it is drawn. */
export function header(
  { left, top, width }: Column,
  { title, quality, settings }: { title: string; quality: CheckedOptions['quality']; settings: string },
): Block {
  // Below the sheet it stands in any case.
  const verdict = quality && quality.verdict !== 'ok' ? `quality: ${quality.verdict}` : '';
  const room = width - (verdict === '' ? 0 : textWidth(verdict, SIZE.heading) + 5);
  const lines = [
    textLine(left, top + SIZE.text, clipText(NOTICE, SIZE.text, width), { size: SIZE.text, bold: true, fill: COLOURS.warn }),
    textLine(left, top + 10, clipText(title, SIZE.title, room), { size: SIZE.title, bold: true }),
    verdict === '' ? '' : textLine(left + width, top + 10, verdict, { size: SIZE.heading, bold: true, anchor: 'end' }),
    textLine(left, top + 15.2, clipText(settings, SIZE.text, width), { size: SIZE.text }),
  ];
  return { svg: lines.join(''), height: 17 };
}

/** Sentences below the grid, one after the other. */
export function remarks({ left, top, width }: Column, sentences: readonly string[]): Block {
  return smallLines(wrapText(sentences.join(' '), SIZE.small, width), { left, top });
}

function smallLines(lines: readonly string[], { left, top }: { left: number; top: number }): Block {
  const svg = lines.map((line, index) =>
    textLine(left, top + SIZE.small + index * LINE.small, line, { size: SIZE.small, fill: COLOURS.quiet }),
  );
  return { svg: svg.join(''), height: lines.length * LINE.small };
}

export function percent(probability: number): string {
  return `${fixed(100 * probability, 1)} %`;
}

/** What is present, most probable first. */
export function findings({ left, top, width }: Column, { findings: all }: SheetResult): Block {
  const present = all.filter((finding) => finding.present);
  const calibrated = all[0]?.calibrated ? 'probabilities are calibrated' : 'probabilities are not calibrated';
  const lines = present.slice(0, MOST_FINDINGS).map(
    ({ abbreviation, name, probability }) =>
      (y: number) =>
        textLine(left, y, clipText(abbreviation, SIZE.text, FINDING.abbreviation), { size: SIZE.text, bold: true }) +
        textLine(left + FINDING.figureEnd, y, percent(probability), { size: SIZE.text, anchor: 'end' }) +
        textLine(left + FINDING.name, y, clipText(name, SIZE.text, width - FINDING.name - 4), { size: SIZE.text }),
  );
  const says = (words: string) => (y: number) => textLine(left, y, words, { size: SIZE.text });
  if (present.length === 0) lines.push(says('nothing above its threshold'));
  if (present.length > MOST_FINDINGS) lines.push(says(`and ${present.length - MOST_FINDINGS} more`));
  const first = top + SIZE.heading + LINE.text + 1;
  const svg = [textLine(left, top + SIZE.heading, `Findings (${calibrated})`, { size: SIZE.heading, bold: true })];
  lines.forEach((line, index) => void svg.push(line(first + index * LINE.text)));
  return { svg: svg.join(''), height: first + (lines.length - 1) * LINE.text + 1 - top };
}

/** In the place of the findings: why there are none. */
export function noFindings({ left, top, width }: Column, { code, message }: SheetReason): Block {
  const room = width - 4;
  const lines = wrapText(message, SIZE.text, room);
  const shown = lines.slice(0, MOST_FINDINGS);
  if (lines.length > MOST_FINDINGS) shown.push(clipText(lines.slice(MOST_FINDINGS).join(' '), SIZE.text, room));
  const first = top + SIZE.heading + LINE.text + 1;
  const heading = clipText(`No findings: ${code}`, SIZE.heading, room);
  const svg = [textLine(left, top + SIZE.heading, heading, { size: SIZE.heading, bold: true })];
  shown.forEach((line, index) => void svg.push(textLine(left, first + index * LINE.text, line, { size: SIZE.text })));
  return { svg: svg.join(''), height: first + (shown.length - 1) * LINE.text + 1 - top };
}

/** Verdict and reasons; without a report of quality, which leads were left out. */
export function quality({ left, top, width }: Column, { quality: report, result }: Pick<CheckedOptions, 'quality' | 'result'>): Block {
  const { leadsDropped, flags } = result ?? { leadsDropped: [], flags: [] };
  const heading = report ? `Quality: ${report.verdict}` : 'Quality: not judged';
  const leftOut = leadsDropped
    .filter(({ reason }) => reason !== 'missing')
    .map(({ lead, reason }) => `${lead} (${reason.replaceAll('-', ' ')})`);
  // The report has said these in its own words.
  const said = (flag: string) => flag === 'short' || flag.startsWith('flat:');
  const others = report ? flags.filter((flag) => !said(flag)) : flags;
  const sentences = [
    ...(report ? report.reasons : leftOut.length > 0 ? [`left out: ${leftOut.join(', ')}`] : []),
    ...(others.length > 0 ? [`flags: ${others.join(', ')}`] : []),
  ];
  const lines = sentences.flatMap((sentence) => wrapText(`– ${sentence}`, SIZE.small, width));
  const shown =
    lines.length <= MOST_REASONS
      ? lines
      : [...lines.slice(0, MOST_REASONS - 1), `and ${lines.length - MOST_REASONS + 1} more lines: see the result`];
  const body = smallLines(shown, { left, top: top + SIZE.heading + 1.6 });
  return {
    svg: textLine(left, top + SIZE.heading, heading, { size: SIZE.heading, bold: true }) + body.svg,
    height: SIZE.heading + 1.6 + body.height,
  };
}

/** Which model said it; at the bottom. */
export function footer({ left, top, width }: Column, result: SheetResult | undefined): Block {
  const model = result ? `model ${result.model.name}, weights sha256 ${result.model.sha256.slice(0, 12)}, ` : '';
  const line = `${model}drawn by leadwise ${VERSION}`;
  const words = result && result.model.version !== VERSION ? `${line}, classified by leadwise ${result.model.version}` : line;
  return smallLines([clipText(words, SIZE.small, width)], { left, top });
}
