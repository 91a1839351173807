import type { DiagnosisClass } from './classes.js';
import type { Result } from './result.js';

/** How far the results of two networks on the same records are apart. */
export interface Comparison {
  records: number;
  logits: {
    /** Of the first network's, over all records and classes. */
    standardDeviation: number;
    meanDifference: number;
    largestDifference: number;
  };
  decisions: { count: number; flips: number };
  /** In class order. */
  classes: { code: string; abbreviation: string; meanDifference: number; largestDifference: number; flips: number }[];
}

/** Compares two networks of the same classes, record by record. */
export class Comparer {
  private records = 0;
  private sum = 0;
  private squares = 0;
  private readonly rows: { sum: number; largest: number; flips: number }[];

  constructor(private readonly classes: readonly DiagnosisClass[]) {
    this.rows = classes.map(() => ({ sum: 0, largest: 0, flips: 0 }));
  }

  /** Results of the two networks on one record. */
  add(first: Result, second: Result): void {
    this.records++;
    const present = new Set(second.findings.filter((finding) => finding.present).map(({ code }) => code));
    for (const { code, logit, present: before } of first.findings) {
      const index = this.classes.findIndex((diagnosis) => diagnosis.code === code);
      const row = this.rows[index]!;
      const difference = Math.abs(logit - second.logits[index]!);
      row.sum += difference;
      row.largest = Math.max(row.largest, difference);
      if (before !== present.has(code)) row.flips++;
      this.sum += logit;
      this.squares += logit * logit;
    }
  }

  summary(): Comparison {
    const { records, rows } = this;
    const count = records * rows.length;
    const mean = this.sum / count;
    const total = (value: (row: (typeof rows)[number]) => number) => rows.reduce((sum, row) => sum + value(row), 0);
    return {
      records,
      logits: {
        standardDeviation: Math.sqrt(Math.max(0, this.squares / count - mean * mean)),
        meanDifference: total(({ sum }) => sum) / count,
        largestDifference: Math.max(...rows.map(({ largest }) => largest)),
      },
      decisions: { count, flips: total(({ flips }) => flips) },
      classes: rows.map(({ sum, largest, flips }, index) => ({
        code: this.classes[index]!.code,
        abbreviation: this.classes[index]!.abbreviation,
        meanDifference: sum / records,
        largestDifference: largest,
        flips,
      })),
    };
  }
}
