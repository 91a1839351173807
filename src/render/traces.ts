// The rows on paper: traces, names, pulses, and marks where a trace leaves its row.

import { calibrationPulse } from './grid.js';
import { type Cell, heightsOf, NAME_BAND, type Row } from './rows.js';
import { drawTrace, type Trace } from './trace.js';
import { COLOURS, clipText, hundredth, textLine, textWidth } from './typeset.js';

/** Where the grid is, and where on it the traces begin; in mm. */
export interface Frame {
  readonly gridLeft: number;
  readonly gridTop: number;
  readonly traceLeft: number;
  readonly speed: number;
  readonly gain: number;
  readonly fs: number;
}

const NAME_SIZE = 3.2;
const REMARK_SIZE = 2.6;
/** Baseline of the names in their band, and their distance from the cell's border. */
const NAME_DROP = 3.8;
const NAME_INDENT = 1;
const MARK = { width: 1.6, height: 1.4, spacing: 2.5 };

/** One row, and the leads whose trace left it. */
export function drawRow(row: Row, frame: Frame): { svg: string; clipped: string[] } {
  const baseline = frame.gridTop + row.baseline;
  const bandTop = baseline - row.up - NAME_BAND;
  const parts: string[] = [];
  const clipped: string[] = [];
  if (row.cells.some(({ lead }) => lead?.toScale)) parts.push(calibrationPulse(frame.gridLeft, baseline, frame));
  for (const cell of row.cells) {
    parts.push(nameCell(cell, bandTop + NAME_DROP, frame));
    if (cell.paperSeconds > 0) parts.push(separator(frame.traceLeft + cell.paperSeconds * frame.speed, bandTop));
    if (!cell.lead) continue;
    const trace = traceOf(cell, row, baseline, frame);
    const stroke = cell.lead.state === 'unused' ? COLOURS.faded : COLOURS.ink;
    if (trace.path !== '') {
      parts.push(
        `<path data-lead="${cell.name}" fill="none" stroke="${stroke}" stroke-width="25" stroke-linejoin="round" stroke-linecap="round" transform="scale(.01)" d="${trace.path}"/>`,
      );
    }
    if (trace.exits.length > 0) {
      clipped.push(cell.name);
      parts.push(exitMarks(trace, row, baseline));
    }
  }
  return { svg: parts.join('\n'), clipped };
}

function traceOf(cell: Cell, { up, down }: Row, baseline: number, { traceLeft, speed, fs }: Frame): Trace {
  const { heights, first } = heightsOf(cell, fs);
  const left = traceLeft + (cell.paperSeconds - cell.fromSeconds + first / fs) * speed;
  return drawTrace(heights, { left, mmPerSample: speed / fs, baseline, up, down });
}

function nameCell({ name, lead, paperSeconds, seconds }: Cell, y: number, { traceLeft, speed }: Frame): string {
  const x = traceLeft + paperSeconds * speed + NAME_INDENT;
  const remarks = lead ? [lead.remark, lead.toScale ? '' : 'not to scale'].filter((remark) => remark !== '') : ['not recorded'];
  const title = textLine(x, y, name, { size: NAME_SIZE, bold: true });
  if (remarks.length === 0) return title;
  const indent = textWidth(name, NAME_SIZE) + 1.2;
  const remark = clipText(remarks.join('; '), REMARK_SIZE, seconds * speed - indent - 2 * NAME_INDENT);
  return title + textLine(x + indent, y, remark, { size: REMARK_SIZE, fill: COLOURS.quiet });
}

/** Between the names of two leads that follow each other in one row: on the traces it would look like a spike. */
function separator(x: number, bandTop: number): string {
  return `<path stroke="${COLOURS.ink}" stroke-width=".3" d="M${hundredth(x)} ${hundredth(bandTop)}v${NAME_BAND}"/>`;
}

/** Triangles at the border of the row that point to where the trace went; close ones are one. */
function exitMarks({ exits }: Trace, { up, down }: Row, baseline: number): string {
  const { width, height, spacing } = MARK;
  const triangles: string[] = [];
  for (const above of [true, false]) {
    let last = Number.NEGATIVE_INFINITY;
    for (const exit of exits) {
      if (exit.above !== above || exit.x - last < spacing) continue;
      last = exit.x;
      const [tip, rise] = above ? [baseline - up, height] : [baseline + down, -height];
      triangles.push(`M${hundredth(exit.x)} ${hundredth(tip)}l${width / 2} ${rise}h-${width}z`);
    }
  }
  return `<path data-clipped="1" fill="${COLOURS.warn}" d="${triangles.join('')}"/>`;
}
