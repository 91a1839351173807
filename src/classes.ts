import table from './classes.json' with { type: 'json' };
import { WeightsError } from './errors.js';

/** One output of a network. */
export interface DiagnosisClass {
  /** SNOMED CT code; the first one where the challenge merges two. */
  readonly code: string;
  readonly abbreviation: string;
  readonly name: string;
}

/** The 26 classes of the PhysioNet/CinC Challenge 2021 in the order of the published network's outputs. */
export const CHALLENGE_CLASSES: readonly DiagnosisClass[] = table.map(({ codes, abbreviation, name }) => ({
  code: codes[0]!,
  abbreviation,
  name,
}));

const CLASS_BY_CODE = new Map<string, DiagnosisClass>();
table.forEach(({ codes }, index) => {
  for (const code of codes) CLASS_BY_CODE.set(code, CHALLENGE_CLASSES[index]!);
});

/** All codes that count as a class, given by its first code: the challenge merges some pairs. */
export function acceptedCodes(code: string): readonly string[] {
  return table.find(({ codes }) => codes[0] === code)?.codes ?? [code];
}

/**
 * Checks `classes` of a weight file: codes, or objects with code, abbreviation and name for classes outside the challenge.
 * @throws WeightsError `BAD_METADATA`
 */
export function parseClasses(value: unknown): DiagnosisClass[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > 4096) {
    throw new WeightsError('BAD_METADATA', 'Metadata "classes" expected a JSON list of class codes');
  }
  const classes = value.map((entry: unknown) => {
    if (typeof entry === 'string') return CLASS_BY_CODE.get(entry) ?? { code: entry, abbreviation: entry, name: entry };
    const { code, abbreviation, name } = (entry ?? {}) as Partial<DiagnosisClass>;
    if (typeof code !== 'string' || typeof abbreviation !== 'string' || typeof name !== 'string') {
      throw new WeightsError('BAD_METADATA', 'Metadata "classes" expected codes, or objects with code, abbreviation and name');
    }
    return { code, abbreviation, name };
  });
  if (new Set(classes.map(({ code }) => code)).size !== classes.length)
    throw new WeightsError('BAD_METADATA', 'Metadata "classes" names a class twice');
  return classes;
}
