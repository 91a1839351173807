// --explain: which finding is explained.

import { acceptedCodes } from '../classes.js';
import type { EcgRecord } from '../ecg.js';
import type { DiagnosisClass, Explanation, Model, QualityMode } from '../index.js';
import type { Result } from '../result.js';
import { type Arguments, UsageError } from './arguments.js';

const STRONGEST = 'strongest';

/** An abbreviation or a SNOMED CT code of a class, or `strongest`. @throws UsageError */
export function explainFlag({ values }: Arguments, classes: readonly DiagnosisClass[]): string | undefined {
  const word = values['explain'];
  const isKnown = ({ code, abbreviation }: DiagnosisClass) =>
    abbreviation.toLowerCase() === word?.toLowerCase() || acceptedCodes(code).includes(word ?? '');
  if (word === undefined || word === STRONGEST || classes.some(isKnown)) return word;
  throw new UsageError(
    `--explain expected ${STRONGEST}, or one of ${classes.map(({ abbreviation }) => abbreviation).join(', ')}; got "${word}"`,
  );
}

/** `strongest` is the most probable of the findings that are present; of all, where none is. */
export function explainRecord(
  model: Model,
  { record, result, word, quality }: { record: EcgRecord; result: Result; word: string; quality: QualityMode },
): Promise<Explanation> {
  const strongest = result.findings.find(({ present }) => present) ?? result.findings[0]!;
  return model.explain(record, word === STRONGEST ? strongest.code : word, { quality });
}
