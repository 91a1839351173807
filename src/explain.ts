// Occlusion: what the network would have said without a lead, or without half a second.

/** How the logit of one class changes when a part of the record is hidden: below zero where that part speaks for the finding. */
export interface Explanation {
  /** SNOMED CT code, as in a finding. */
  readonly code: string;
  readonly abbreviation: string;
  readonly name: string;
  /** With nothing hidden. */
  readonly logit: number;
  /** Each lead that carried signal, hidden as a missing lead is: by zeros. */
  readonly leads: readonly { readonly lead: string; readonly change: number }[];
  /** Each half second of the record that the network saw, hidden in all leads at once. In seconds from the record's start. */
  readonly segments: readonly { readonly startSeconds: number; readonly endSeconds: number; readonly change: number }[];
  readonly notice: string;
}
