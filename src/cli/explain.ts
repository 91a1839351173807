// --explain: which finding is explained.

import { acceptedCodes } from '../classes.js';
import type { EcgRecord } from '../ecg.js';
import { cutRecord, type DiagnosisClass, type Explanation, type Model, type QualityMode, type TimelineEntry } from '../index.js';
import type { Finding, Result } from '../result.js';
import { type Arguments, UsageError } from './arguments.js';

const STRONGEST = 'strongest';

/** A window that could be classified. */
export type ReadWindow = Extract<TimelineEntry, { findings: unknown }>;

/** An abbreviation or a SNOMED CT code of a class, or `strongest`. @throws UsageError */
export function explainFlag({ values }: Arguments, classes: readonly DiagnosisClass[]): string | undefined {
  const word = values['explain'];
  if (word === undefined || word === STRONGEST || classes.some((diagnosis) => means(diagnosis, word))) return word;
  throw new UsageError(
    `--explain expected ${STRONGEST}, or one of ${classes.map(({ abbreviation }) => abbreviation).join(', ')}; got "${word}"`,
  );
}

/** The finding that a word means: `strongest` is the most probable of those that are present; of all, where none is. */
export function findingOf({ findings }: Result, word: string): Finding {
  if (word !== STRONGEST) return findings.find((finding) => means(finding, word))!;
  return findings.find(({ present }) => present) ?? findings[0]!;
}

/** With `windows: 'all'` the window in which a finding is most probable: the one that the result has it from. */
export function windowOf({ windows }: Result, { code }: Finding): ReadWindow | undefined {
  const probability = ({ findings }: ReadWindow) => findings.find((finding) => finding.code === code)!.probability;
  const read = windows?.filter((window) => 'findings' in window);
  return read?.reduce((best, window) => (probability(window) > probability(best) ? window : best));
}

/** What speaks for a finding, in seconds from the record's start. */
export async function explainRecord(
  model: Model,
  { record, finding, quality, window }: { record: EcgRecord; finding: Finding; quality: QualityMode; window?: ReadWindow | undefined },
): Promise<Explanation> {
  if (!window) return model.explain(record, finding.code, { quality });
  const [from, length] = [window.startSeconds, window.seconds].map((seconds) => Math.round(seconds * record.fs)) as [number, number];
  const explanation = await model.explain(cutRecord(record, from, from + length), finding.code, { quality });
  const later = (seconds: number) => seconds + window.startSeconds;
  const segments = explanation.segments.map(({ startSeconds, endSeconds, change }) => ({
    startSeconds: later(startSeconds),
    endSeconds: later(endSeconds),
    change,
  }));
  return { ...explanation, segments };
}

function means({ code, abbreviation }: DiagnosisClass, word: string): boolean {
  return abbreviation.toLowerCase() === word.toLowerCase() || acceptedCodes(code).includes(word);
}
