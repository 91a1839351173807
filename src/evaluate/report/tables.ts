// Parts of tables that several sections share.

import type { Figure } from '../evaluation.js';
import { interval } from './charts.js';
import { fixed } from './text.js';

export function figureCell(figure: Figure): string {
  const between = interval(figure);
  return `<td>${fixed(figure.value)}${between === '' ? '' : `<small>${between}</small>`}</td>`;
}

export function headCells(heads: readonly string[]): string {
  return heads.map((head) => `<th scope="col">${head}</th>`).join('');
}

/** A table that scrolls by itself where it is wider than the page; with the keyboard too. */
export function box(label: string, table: string): string {
  return `<div class="box" role="region" tabindex="0" aria-label="${label}">${table}</div>`;
}
