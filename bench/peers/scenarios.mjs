// What is run: networks, and the records that they see.

import { fileURLToPath } from 'node:url';
import { simulate } from '../../dist/simulate.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
export const MODELS = fileURLToPath(new URL('models', import.meta.url));
export const PRESETS = ['published', 'compact', 'edge'];

/** Longer than any window: what is too much is cut. */
const LONG_SECONDS = 17;

/** `leads`: how many of the twelve are there; `peers`: whether other runtimes run it. */
export const SCENARIOS = [
  { preset: 'published', name: 'published, full window', seconds: LONG_SECONDS, leads: 12, peers: true },
  { preset: 'published', name: 'published, full window, two leads', seconds: LONG_SECONDS, leads: 2, peers: false },
  { preset: 'published', name: 'published, 10 s', seconds: 10, leads: 12, peers: true },
  { preset: 'compact', name: 'compact, 10 s', seconds: 10, leads: 12, peers: true },
  { preset: 'edge', name: 'edge, 10 s', seconds: 10, leads: 12, peers: true },
];

/** A simulated record with its first leads. */
export function makeRecord({ seconds, leads }) {
  const record = simulate({ seconds, seed: 1 });
  const lists = Object.entries(record).filter(([, value]) => Array.isArray(value) && value.length === record.sigName.length);
  return { ...record, ...Object.fromEntries(lists.map(([key, value]) => [key, value.slice(0, leads)])) };
}
