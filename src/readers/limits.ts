// Hard limits that readers share. Those of one format stand in its reader; docs/hardening.md has the table of all.

import { FormatError } from '../errors.js';

/** Leads of one recording. Each is an array of its own: a header of a few bytes for each must not make millions of them. */
export const MAX_LEADS = 4096;

/** Lines of a text: a week at 50 Hz, or a day at 380. */
export const MAX_LINES = 2 ** 25;

/** @throws FormatError `TOO_MANY_LEADS` before anything is made for them. */
export function checkLeadCount(count: number, format: string): void {
  if (count <= MAX_LEADS) return;
  throw new FormatError('TOO_MANY_LEADS', `${count} leads: at most ${MAX_LEADS} are read`, { format });
}
