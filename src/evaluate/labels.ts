// Labels of recordings: the challenge's header lines, or a table.

import { acceptedCodes } from '../classes.js';
import { FormatError } from '../errors.js';
import { decodeText, splitLines } from '../readers/text.js';
import type { Labelling } from './evaluation.js';

/** What a table says of one record. */
export interface RecordLabels {
  /** All SNOMED CT codes that are stated. */
  readonly codes: readonly string[];
  /** The data set it is from, where the table says. */
  readonly source?: string;
}

const RECORD_COLUMNS = ['file', 'record_id', 'record', 'filename', 'name'];
// The first that is there: tables that give all codes also give those that are scored.
const CODE_COLUMNS = ['snomed_codes', 'codes', 'dx', 'scored_codes', 'labels'];
const SOURCE_COLUMNS = ['dataset', 'source', 'database'];

/**
 * Labels by record name from a CSV table with a header: a column `file`, `record_id`, `record`, `filename` or `name` (all of them count), a
 * column `snomed_codes`, `codes`, `dx`, `scored_codes` or `labels` (codes separated by `;`, `,`, `|` or blanks), and optionally `dataset`,
 * `source` or `database`. Names are taken without folder and ending.
 * @throws FormatError `BAD_LABELS` with the line
 */
export function readLabels(bytes: Uint8Array): Map<string, RecordLabels> {
  const [header, ...rows] = splitLines(decodeText(bytes)).map(splitCells);
  const titles = header!.map((title) => title.trim().toLowerCase());
  const find = (names: readonly string[]) => names.map((title) => titles.indexOf(title)).filter((column) => column >= 0);
  const names = find(RECORD_COLUMNS);
  const [codes] = find(CODE_COLUMNS);
  const [source] = find(SOURCE_COLUMNS);
  if (names.length === 0) fail(`no column for the record: one of ${RECORD_COLUMNS.join(', ')}`, 1);
  if (codes === undefined) fail(`no column for the SNOMED codes: one of ${CODE_COLUMNS.join(', ')}`, 1);
  const labels = new Map<string, RecordLabels>();
  rows.forEach((cells, index) => {
    if (cells.length === 1 && cells[0] === '') return;
    if (cells.length !== titles.length) fail(`${titles.length} cells expected, got ${cells.length}`, index + 2);
    const said = source === undefined || cells[source] === '' ? {} : { source: cells[source]! };
    const entry = { codes: splitCodes(cells[codes]!), ...said };
    for (const name of new Set(names.map((column) => recordName(cells[column]!)))) {
      if (name === '') continue;
      const before = labels.get(name);
      if (before && before.codes.join() !== entry.codes.join()) fail('a record of this name stands above, with other codes', index + 2);
      labels.set(name, entry);
    }
  });
  return labels;
}

/** What the challenge's header line `#Dx: 164889003,59118001` lists; undefined where there is none, or nothing in it. */
export function headerCodes(comments: readonly string[] = []): string[] | undefined {
  const line = comments.map((comment) => /^\s*Dx\s*:(.*)$/i.exec(comment)?.[1]).find((text) => text !== undefined);
  const codes = splitCodes(line ?? '');
  return codes.length > 0 ? codes : undefined;
}

/** A record's name without folder and ending, as tables have it. */
export function recordName(path: string): string {
  return path.replace(/^.*[/\\]/, '').replace(/\.[A-Za-z]+$/, '');
}

const CHALLENGE_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^A\d{4}$/, 'CPSC2018'],
  [/^Q\d{4}$/, 'CPSC-Extra'],
  [/^I\d{4}$/, 'St-Petersburg-INCART'],
  [/^S\d{4}$/, 'PTB'],
  [/^HR\d{5}$/, 'PTB-XL'],
  [/^E\d{5}$/, 'Georgia'],
  [/^JS(?:0\d{4}|10[0-5]\d{2}|106[0-3]\d|1064[0-6])$/, 'Chapman-Shaoxing'],
  [/^JS\d{5}$/, 'Ningbo'],
  [/^ludb/i, 'LUDB'],
];

/** The data set that a name of the challenge's belongs to. */
export function sourceOf(name: string): string | undefined {
  return CHALLENGE_NAMES.find(([pattern]) => pattern.test(name))?.[1];
}

// Ventricular ectopics as PTB-XL and CPSC code them, which the challenge does not score.
const VENTRICULAR_ECTOPICS = '164884008';
const PVC = '427172004';
/** Classes that LUDB's annotators never looked for: TAb, TInv, QAb, LQT, LPR, LQRSV. */
const UNSTATED_BY_LUDB = ['164934002', '59931005', '164917005', '111975006', '164947007', '251146004'];

/** 1, 0, or NaN for unknown: whether a record has a class, by its first code. */
export function labelOf(code: string, { codes, source }: RecordLabels, labelling: Labelling): number {
  const alsoPvc = labelling === 'pvc-164884008' && code === PVC;
  const accepted = [...acceptedCodes(code), ...(alsoPvc ? [VENTRICULAR_ECTOPICS] : [])];
  if (codes.some((stated) => accepted.includes(stated))) return 1;
  return labelling === 'ludb-unstated-unknown' && source === 'LUDB' && UNSTATED_BY_LUDB.includes(code) ? Number.NaN : 0;
}

function splitCodes(text: string): string[] {
  return text.split(/[;,|\s]+/).filter((code) => code !== '');
}

/** Cells of one line, without blanks and control characters around and in them; quotes hold commas, and a doubled quote is one. */
function splitCells(line: string): string[] {
  // A comma in front, so that every cell has one, the first and the empty ones too.
  return Array.from(`,${line}`.matchAll(/,(?:\s*"((?:[^"]|"")*)"\s*(?=,|$)|([^,]*))/g), ([, quoted, plain]) =>
    (quoted === undefined ? plain! : quoted.replaceAll('""', '"')).replace(/\p{Cc}/gu, ' ').trim(),
  );
}

function fail(message: string, line: number): never {
  throw new FormatError('BAD_LABELS', message, { format: 'labels', line });
}
