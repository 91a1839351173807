import { checkRecord, type EcgRecord } from '../ecg.js';
import { escapeHtml } from '../markup/text.js';
import { grid, pulseColumn } from './grid.js';
import { layOnPaper, SHEET_SECONDS } from './leads.js';
import { type Block, type Column, findings, footer, header, noFindings, quality, remarks } from './notes.js';
import { occlusion } from './occlusion.js';
import { type CheckedOptions, checkSheetOptions, planLayout, type SheetOptions } from './options.js';
import { layRows, type Sheet } from './rows.js';
import { drawRow, type Frame } from './traces.js';
import { COLOURS, withoutControls } from './typeset.js';
import { describe, leadCount, sentences, settings } from './words.js';

/** With 10 s at 25 mm/s between them the sheet is as wide as A4 paper. */
const SIDE_MARGIN = 16;
const TOP_MARGIN = 5;
const BOTTOM_MARGIN = 5;
const FONTS = "Helvetica,Arial,'Liberation Sans','DejaVu Sans',sans-serif";

/**
 * Draws a record as clinicians know it, as the text of an SVG file: 25 mm/s, 10 mm/mV, a grid of millimetres, three rows of four leads and a
 * rhythm strip, with a calibration pulse. The size is in millimetres, so that the scale is true on paper. Up to ten seconds are drawn, as they are,
 * without a filter; each lead is centred on its median. The same bytes in every engine; ids, classes and styles are none, so that sheets can
 * stand beside each other on a page. Of a record that could not be classified: `{ quality: error.quality, reason: error }` of the error.
 * @throws TypeError, RangeError for an object that is no record, and for options
 * @throws RecordError `NO_KNOWN_LEAD`, `DUPLICATE_LEAD`, `UNEQUAL_LENGTHS`, `RECORD_TOO_SHORT` for leads without samples
 */
export function renderSheet(record: EcgRecord, options: SheetOptions = {}): string {
  checkRecord(record);
  const checked = checkSheetOptions(options);
  const { speed, gain, result, explanation, startSeconds, offsetSeconds } = checked;
  const paper = layOnPaper(record, checked);
  const sheet = layRows(paper, planLayout(checked, [...paper.leads.keys()]), gain);
  const traceLeft = SIDE_MARGIN + pulseColumn(speed);
  const width = traceLeft + SHEET_SECONDS * speed - SIDE_MARGIN;
  const column = (top: number) => ({ left: SIDE_MARGIN, top, width });
  const title = checked.title ?? `ECG, ${leadCount(paper)}`;
  const clipped: string[] = [];
  const blocks: [draw: (top: number) => Block, gap: number][] = [
    [(top) => header(column(top), { title, quality: checked.quality, settings: settings(paper, checked) }), 1],
    [(top) => traces(sheet, { gridLeft: SIDE_MARGIN, gridTop: top, width, traceLeft, speed, gain, fs: record.fs }, clipped), 2.5],
  ];
  if (explanation) {
    const strip = { left: SIDE_MARGIN, traceLeft, speed, startSeconds, seconds: SHEET_SECONDS, offsetSeconds };
    blocks.push([(top) => occlusion(explanation, { ...strip, top }), 3]);
  }
  blocks.push([(top) => remarks(column(top), sentences(paper, sheet, { clipped, said: checked })), 2.5]);
  if (result || checked.quality || checked.reason) blocks.push([(top) => beside(column(top), checked), 2.5]);
  blocks.push([(top) => footer(column(top), result), BOTTOM_MARGIN]);
  const parts: string[] = [];
  let top = TOP_MARGIN;
  for (const [draw, gap] of blocks) {
    const { svg, height } = draw(top);
    parts.push(svg);
    top += height + gap;
  }
  return envelope({ width: width + 2 * SIDE_MARGIN, height: Math.ceil(top) }, describe(paper, checked), parts);
}

/** Grid and rows; names of leads that left their row go to `clipped`. */
function traces({ rows, height }: Sheet, frame: Frame & { width: number }, clipped: string[]): Block {
  const drawn = rows.map((row) => drawRow(row, frame));
  clipped.push(...drawn.flatMap((row) => row.clipped));
  const paper = grid({ left: frame.gridLeft, top: frame.gridTop, width: frame.width, height });
  return { svg: [paper, ...drawn.map(({ svg }) => svg)].join('\n'), height };
}

/** Findings at the left, or why there are none, quality at the right; where nobody classified, quality alone. */
function beside({ left, top, width }: Column, options: CheckedOptions): Block {
  const { result, reason } = options;
  const split = Math.round(width * 0.64);
  const first = { left, top, width: split };
  const found = result ? findings(first, result) : reason ? noFindings(first, reason) : undefined;
  if (!found) return quality({ left, top, width }, options);
  const judged = quality({ left: left + split, top, width: width - split }, options);
  return { svg: found.svg + judged.svg, height: Math.max(found.height, judged.height) };
}

function envelope({ width, height }: { width: number; height: number }, label: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}mm" height="${height}mm" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(withoutControls(label))}" font-family="${FONTS}" fill="${COLOURS.ink}">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...parts.filter((part) => part !== ''),
    '</svg>\n',
  ].join('\n');
}
