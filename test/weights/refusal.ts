// How a weight file is refused.

import { WeightsError } from '../../src/index.js';
import { parseWeights } from '../../src/weights.js';
import { type Changes, changeFile, TINY_FILE } from '../tiny-network.js';

/** The error that a file is refused with. */
export function refusal(bytes: Uint8Array): WeightsError {
  try {
    parseWeights(bytes);
  } catch (error) {
    if (error instanceof WeightsError) return error;
    throw error;
  }
  throw new Error('the file was not refused');
}

/** The error that the tiny network is refused with after changes. */
export function refusalOf(changes: Changes): WeightsError {
  return refusal(changeFile(TINY_FILE, changes));
}

/** JSON that is nested deeper than a recursive function can go. */
export const nested = (depth: number, kind: 'list' | 'object' = 'list') =>
  kind === 'list' ? '['.repeat(depth) + ']'.repeat(depth) : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
