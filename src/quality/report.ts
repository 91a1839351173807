// What a recording is worth, in words that a program can read. docs/quality.md says how each code is found, and how well.

/** `reject`: of a lead, the network does not see it; of a record, no lead is left. `degraded`: it is read, with a warning. */
export type Verdict = 'ok' | 'degraded' | 'reject';

/** What can be wrong with one lead. */
export type LeadCode =
  | 'missing'
  | 'not-finite'
  | 'flat'
  | 'saturated'
  | 'noise'
  | 'spikes'
  | 'steps'
  | 'baseline-drift'
  | 'mains'
  | 'muscle'
  | 'amplitude-low'
  | 'amplitude-high';

/** What can be wrong with a record as a whole. */
export type RecordCode =
  | 'short'
  | 'einthoven'
  | 'goldberger'
  | 'duplicate-leads'
  | 'arm-lead-reversal'
  | 'incomplete-leads'
  | 'unlike-training';

export type QualityCode = LeadCode | RecordCode;

export interface LeadQuality {
  /** Standard name. */
  readonly lead: string;
  readonly verdict: Verdict;
  /** Empty for `ok`. */
  readonly codes: readonly LeadCode[];
}

export interface Quality {
  readonly verdict: Verdict;
  /** Of the record, and of any of its leads; each once. */
  readonly codes: readonly QualityCode[];
  /** All leads of the network, in its order. */
  readonly leads: readonly LeadQuality[];
  /** One English sentence for each code that is about the record as a whole, and for each lead that is not `ok`. */
  readonly reasons: readonly string[];
}
