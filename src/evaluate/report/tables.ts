// Parts of tables that several sections share.

import { fixed } from '../../markup/text.js';
import type { Figure } from '../evaluation.js';
import { interval } from './charts.js';

export function figureCell(figure: Figure): string {
  const between = interval(figure);
  return `<td>${fixed(figure.value)}${between === '' ? '' : `<small>${between}</small>`}</td>`;
}
