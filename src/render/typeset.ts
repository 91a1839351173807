// Text on the sheet. No engine here can measure a font, so widths are upper bounds: what fits here fits wherever the sheet is opened.

import { escapeHtml } from '../markup/text.js';

/** Upper bounds of advance widths in em, of Arial, Helvetica, Liberation Sans and DejaVu Sans, bold ones included (measured). */
const WIDTHS: readonly (readonly [width: number, characters: string])[] = [
  [0.38, " '|/\\ijlI,."],
  [0.46, '!:;-()[]ft·'],
  [0.52, 'r"`*'],
  [0.62, 'cszJ_–?'],
  [0.74, '0123456789$LTFEYPZCXSaebdghknopquvxyµ{}'],
  [0.87, 'ABDGHKNOQRUV&#+<=>^~−'],
];
const EM_BY_CHARACTER = new Map(
  WIDTHS.flatMap(([width, characters]) => Array.from(characters, (character) => [character, width] as const)),
);
const WIDEST_LATIN = 1.1;
/** From here on scripts may be wider than their em. */
const FIRST_WIDE = 0x2e80;

/** Dark ink, grey for what is not used, the two colours of an explanation: told apart by their lightness too. */
export const COLOURS = {
  ink: '#14181c',
  quiet: '#5c656d',
  faded: '#8b949b',
  warn: '#8a3b00',
  blue: '#125890',
  minor: '#f6d9d6',
  major: '#e3a39c',
};

/** At most how wide a line is, in the unit of `size`. */
export function textWidth(line: string, size: number): number {
  let em = 0;
  for (const character of line) {
    em += EM_BY_CHARACTER.get(character) ?? (character.codePointAt(0)! >= FIRST_WIDE ? 2 * WIDEST_LATIN : WIDEST_LATIN);
  }
  return em * size;
}

/** As much of a line as fits, with an ellipsis where it does not. */
export function clipText(line: string, size: number, width: number): string {
  if (textWidth(line, size) <= width) return line;
  let kept = '';
  for (const character of line) {
    if (textWidth(`${kept}${character}…`, size) > width) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}

/** Words on lines of a width; a word that is longer than a line is cut. */
export function wrapText(paragraph: string, size: number, width: number): string[] {
  const lines: string[] = [];
  for (const word of paragraph.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && textWidth(`${last} ${word}`, size) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(clipText(word, size, width));
  }
  return lines;
}

export interface TextStyle {
  readonly size: number;
  readonly bold?: boolean;
  readonly fill?: string;
  readonly anchor?: 'start' | 'middle' | 'end';
}

/** A line of text whose baseline is at `y`. `line` is plain text. */
export function textLine(x: number, y: number, line: string, { size, bold = false, fill, anchor = 'start' }: TextStyle): string {
  const attributes = [
    `x="${hundredth(x)}" y="${hundredth(y)}" font-size="${size}"`,
    bold ? ' font-weight="bold"' : '',
    anchor === 'start' ? '' : ` text-anchor="${anchor}"`,
    fill === undefined ? '' : ` fill="${fill}"`,
  ];
  return `<text ${attributes.join('')}>${escapeHtml(withoutControls(line))}</text>`;
}

/** In mm. */
export function hundredth(value: number): number {
  return Math.round(value * 100) / 100;
}

/** XML has no place for control characters, nor for halves of a surrogate pair. */
export function withoutControls(line: string): string {
  return line.replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, ' ');
}
