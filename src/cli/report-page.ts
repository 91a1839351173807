// classify --report: everything about some recordings as one page.

import type { EcgRecord } from '../ecg.js';
import type { Model, QualityMode } from '../index.js';
import { type PageEntry, renderPage, renderSheet } from '../render/index.js';
import type { Result } from '../result.js';
import { type Arguments, numberFlag, UsageError } from './arguments.js';
import { pageFlag, report, writeOutput } from './console.js';
import { explainFlag, explainRecord, findingOf, windowOf } from './explain.js';
import { describeFailure, type Failure } from './records.js';

/** A browser opens about as many sheets on one page. */
const MOST_RECORDS = 200;

export interface ReportPage {
  /** @throws UsageError when there are too many */
  checkCount(records: number): void;
  add(name: string, record: EcgRecord, result: Result): Promise<void>;
  /** `record`: where it could be read. */
  addFailure(failure: Failure, record?: EcgRecord): void;
  write(): Promise<void>;
}

/** Whether the page can be written is checked before the work. @throws UsageError, LeadwiseError `FILE_EXISTS` */
export async function checkReportFlags(parsed: Arguments): Promise<void> {
  const { files, values } = parsed;
  const file = values['report'];
  if (file === undefined && values['explain'] !== undefined) throw new UsageError('--explain is for --report');
  if (file !== undefined && values['output'] !== undefined)
    throw new UsageError('--report and --output exclude each other: the page would lack the records that are there already');
  await pageFlag(parsed, [...files, values['weights']]);
}

/** Undefined without `--report`. @throws UsageError */
export function openReportPage(parsed: Arguments, model: Model, quality: QualityMode): ReportPage | undefined {
  const file = parsed.values['report'];
  if (file === undefined) return undefined;
  const word = explainFlag(parsed, model.classes);
  const offsetSeconds = numberFlag(parsed, 'start');
  const entries: PageEntry[] = [];
  return {
    checkCount(records) {
      if (records > MOST_RECORDS)
        throw new UsageError(`--report takes at most ${MOST_RECORDS} records, got ${records}: no browser would show more`);
    },
    async add(name, record, result) {
      if (word === undefined) {
        entries.push({ name, result, sheet: renderSheet(record, { result, offsetSeconds, title: name }) });
        return;
      }
      const finding = findingOf(result, word);
      const window = windowOf(result, finding);
      const explained = await explainRecord(model, { record, finding, quality, window }).then(
        (explanation) => ({ explanation, note: undefined }),
        (error: unknown) => {
          const { message, code } = describeFailure(name, error).error;
          const note = `${finding.abbreviation} could not be explained: ${message} [${code}]`;
          report(`${name}: ${note}`);
          return { explanation: undefined, note };
        },
      );
      const { explanation, note } = explained;
      // The sheet is about the seconds that are explained.
      const drawn = window ? { ...result, quality: window.quality, leadsDropped: window.leadsDropped, flags: window.flags } : result;
      const startSeconds = window?.startSeconds;
      entries.push({
        name,
        result,
        note,
        sheet: renderSheet(record, { result: drawn, explanation, startSeconds, offsetSeconds, title: name }),
      });
    },
    addFailure({ record: name, error, quality }, record) {
      // Other faults may be such that the record cannot be drawn.
      const isShown = record !== undefined && error.code === 'NO_USABLE_LEAD';
      const sheet = isShown ? renderSheet(record, { quality, reason: error, offsetSeconds, title: name }) : undefined;
      entries.push({ name, error, sheet, quality });
    },
    async write() {
      await writeOutput(file, renderPage(entries), parsed.switches['force']);
      report(`wrote ${file}`);
    },
  };
}
