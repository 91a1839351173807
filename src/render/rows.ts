// The rows of the sheet: which lead stands where, from which second, and how high each row is.

import { SQUARE } from './grid.js';
import { type PaperLead, type PaperRecord, SHEET_SECONDS } from './leads.js';

/** One lead for some seconds. */
export interface Cell {
  readonly name: string;
  /** Undefined: not recorded. */
  readonly lead: PaperLead | undefined;
  /** Where it stands from the left, and how wide it is, in seconds of paper. */
  readonly paperSeconds: number;
  readonly seconds: number;
  /** Seconds of the sheet's samples with which it begins. */
  readonly fromSeconds: number;
}

export interface Row {
  readonly cells: readonly Cell[];
  /** mm from the top of the grid to the baseline, and what it reaches up and down. */
  readonly baseline: number;
  readonly up: number;
  readonly down: number;
}

/** Above each row, for the names of leads: traces do not reach there. */
export const NAME_BAND = SQUARE;

/** What a row reaches at least, and at most, from its baseline. */
const LEAST_REACH = 10;
const MOST_REACH = 40;
/** Between a trace and the end of its row. */
const CLEARANCE = 0.5;

export interface Sheet {
  readonly rows: readonly Row[];
  /** mm */
  readonly height: number;
  readonly columns: number;
  /** Whether columns follow each other in time. */
  readonly isConsecutive: boolean;
}

/** Rows from top to bottom; the rhythm strip is the last. Heights are whole squares. */
export function layRows(
  { leads, span }: PaperRecord,
  plan: { columns: readonly (readonly string[])[]; rhythm: string | undefined },
  gain: number,
): Sheet {
  const { columns, rhythm } = plan;
  const seconds = SHEET_SECONDS / columns.length;
  const recorded = (span.to - span.from) / span.fs;
  // Where the last column would be empty for the most part, all show the beginning.
  const isConsecutive = recorded >= SHEET_SECONDS - seconds / 2 || columns.length === 1;
  const count = Math.max(...columns.map((column) => column.length));
  const grid = Array.from({ length: count }, (_, row) =>
    columns.map((column, c): Cell => {
      const name = column[row]!;
      return { name, lead: leads.get(name), paperSeconds: c * seconds, seconds, fromSeconds: isConsecutive ? c * seconds : 0 };
    }),
  );
  if (rhythm !== undefined) grid.push([{ name: rhythm, lead: leads.get(rhythm), paperSeconds: 0, seconds: SHEET_SECONDS, fromSeconds: 0 }]);
  let top = 0;
  const rows = grid.map((cells): Row => {
    const { up, down } = reach(cells, span.fs, gain);
    const baseline = top + NAME_BAND + up;
    top = baseline + down;
    return { cells, baseline, up, down };
  });
  return { rows, height: top, columns: columns.length, isConsecutive };
}

/** The heights that a cell shows. */
export function heightsOf({ lead, fromSeconds, seconds }: Cell, fs: number): { heights: Float64Array; first: number } {
  const first = Math.ceil(fromSeconds * fs);
  // The sample on the border belongs to both sides, so that no line ends before it.
  const heights = lead ? lead.heights.subarray(first, Math.floor((fromSeconds + seconds) * fs) + 1) : new Float64Array();
  return { heights, first };
}

function reach(cells: readonly Cell[], fs: number, gain: number): { up: number; down: number } {
  let [highest, lowest] = [0, 0];
  for (const cell of cells) {
    for (const height of heightsOf(cell, fs).heights) {
      if (height > highest) highest = height;
      if (height < lowest) lowest = height;
    }
  }
  const squares = (mm: number, least: number) => Math.min(MOST_REACH, Math.max(least, Math.ceil((mm + CLEARANCE) / SQUARE) * SQUARE));
  // The pulse of 1 mV has its place in each row.
  return { up: squares(highest, Math.max(LEAST_REACH, gain)), down: squares(-lowest, LEAST_REACH) };
}
