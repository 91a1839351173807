// What a recording is worth, in words that a program can read. docs/quality.md says how each code is found, and how well.

/** `reject`: not worth reading: of a lead, the gate drops it; of a record, no lead is left. `degraded`: it is read, with a warning. */
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
  | 'right-arm-left-leg-reversal'
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
  /** Each code in English, with the leads that it is about. */
  readonly reasons: readonly string[];
}

/** Said of leads: "V1, V2: flat". */
const LEAD_REASONS: { readonly [code in LeadCode]: string } = {
  missing: 'not in the record',
  'not-finite': 'samples that are no number',
  flat: 'flat, or partly flat',
  saturated: 'cut off at the rails',
  noise: 'noise, no beats',
  spikes: 'spikes',
  steps: 'jumps of the level',
  'baseline-drift': 'the baseline drifts by more than two beats',
  mains: 'mains hum',
  muscle: 'noisy (muscles or electrode)',
  'amplitude-low': 'less than 0.05 mV',
  'amplitude-high': 'more than 10 mV (is the unit right?)',
};

const RECORD_REASONS: { readonly [code in RecordCode]: string } = {
  short: 'shorter than 5 s',
  einthoven: 'I, II and III do not fit together',
  goldberger: 'aVR, aVL and aVF do not fit I and II',
  'duplicate-leads': 'two leads are the same',
  'arm-lead-reversal': 'the arms seem to be swapped',
  'right-arm-left-leg-reversal': 'right arm and left leg seem to be swapped',
  'incomplete-leads': 'the network was not trained with this set of leads',
  'unlike-training': 'the network was not calibrated for such a record',
};

const LEAD_CODES = Object.keys(LEAD_REASONS) as LeadCode[];
const RECORD_CODES = Object.keys(RECORD_REASONS) as RecordCode[];
const VERDICTS: readonly Verdict[] = ['reject', 'degraded', 'ok'];

/** The whole from its parts. What was never recorded is no fault by itself: `incomplete-leads` says whether it matters. */
export function makeQuality(leads: readonly LeadQuality[], own: readonly RecordCode[]): Quality {
  const inLeads = LEAD_CODES.filter((code) => leads.some(({ codes }) => codes.includes(code)));
  const isDegraded = own.length > 0 || leads.some(({ verdict, codes }) => verdict !== 'ok' && !codes.includes('missing'));
  const isUnusable = leads.every(({ verdict }) => verdict === 'reject');
  const namesOf = (code: LeadCode) => leads.flatMap(({ lead, codes }) => (codes.includes(code) ? [lead] : [])).join(', ');
  return {
    verdict: isUnusable ? 'reject' : isDegraded ? 'degraded' : 'ok',
    codes: [...own, ...inLeads],
    leads,
    reasons: [...own.map((code) => RECORD_REASONS[code]), ...inLeads.map((code) => `${namesOf(code)}: ${LEAD_REASONS[code]}`)],
  };
}

/** Of two parts of a record, leads in one order: each lead's worse verdict, and the faults of both. */
export function joinQuality(first: Quality, other: Quality): Quality {
  const leads = first.leads.map((one, index) => {
    const two = other.leads[index]!;
    const verdict = VERDICTS.find((word) => word === one.verdict || word === two.verdict)!;
    return { ...one, verdict, codes: LEAD_CODES.filter((code) => one.codes.includes(code) || two.codes.includes(code)) };
  });
  const own = RECORD_CODES.filter((code) => first.codes.includes(code) || other.codes.includes(code));
  return makeQuality(leads, own);
}

/** The same with another code for the whole record. */
export function addRecordCode(quality: Quality, code: RecordCode): Quality {
  const { verdict, codes, reasons } = quality;
  const worse = verdict === 'ok' ? 'degraded' : verdict;
  return { ...quality, verdict: worse, codes: [code, ...codes], reasons: [RECORD_REASONS[code], ...reasons] };
}
