// The truth about a recording, before anything else is done with it. docs/quality.md has the figures behind the limits.

import { checkRecord, type EcgRecord, exactSamples, LEAD_SETS, STANDARD_LEADS, selectLeads } from '../ecg.js';
import { duplicates, einthovenResidual, goldbergerResidual, type RelatedLead } from './across.js';
import { type LeadMeasures, type LeadSamples, measureLead } from './lead.js';
import { allFinite } from './mode.js';
import { orderStatistic } from './order.js';
import { type LeadCode, type LeadQuality, makeQuality, type Quality, type RecordCode } from './report.js';

/** Limits of the measures (measured: docs/quality.md, which says what real records have and what faults have). */
const LIMITS = {
  shortSeconds: 5,
  /** Share of the time: from here on a lead is flat; below it parts of it are. */
  flat: 0.5,
  flatParts: 0.1,
  /** Of the median height of all leads: no electrode is on. */
  flatBesideOthers: 0.03,
  clippedRuns: 3,
  /** Of one run, in seconds; at least four samples. */
  clippedSeconds: 0.06,
  /** Share of the time in rails from which on a lead is not read. */
  clippedShare: 0.1,
  lowMillivolts: 0.05,
  highMillivolts: 10,
  noise: 0.1,
  muscle: 0.05,
  spike: 1,
  step: 1,
  drift: 1.5,
  mains: 0.05,
  mainsAlone: 0.35,
  einthoven: 0.05,
  goldberger: 0.05,
  duplicate: 0.01,
} as const;

/** A lead of the network; `samples` undefined where the record does not have it, null where some of them are no numbers. */
interface LeadInput {
  readonly lead: string;
  readonly samples: LeadSamples | null | undefined;
}

/**
 * What a recording is worth, judged on its samples as they came: no filter, no network. The same in every engine.
 * @param leads standard names; those that the record does not have are `missing`
 * @throws TypeError, RangeError for an object that is no record
 * @throws RecordError `NO_KNOWN_LEAD`, `DUPLICATE_LEAD`, `UNEQUAL_LENGTHS`
 */
export function assessQuality(record: EcgRecord, leads: readonly string[] = STANDARD_LEADS): Quality {
  checkRecord(record);
  const { rows } = selectLeads(record, leads);
  const present = rows.find((index) => index >= 0)!;
  return judge(
    leads.map((lead, row) => ({ lead, samples: rows[row]! < 0 ? undefined : samplesOf(record, rows[row]!) })),
    record.signal[present]!.length / record.fs,
  );
}

function samplesOf(record: EcgRecord, index: number): LeadSamples | null {
  const exact = exactSamples(record, index);
  // A source marks invalid samples in `signal` only.
  const sources = exact === record.signal[index] ? [exact] : [exact, record.signal[index]!];
  if (!sources.every(allFinite)) return null;
  const perUnit = { mV: 1, uV: 1e-3, adc: undefined, unknown: undefined }[record.units[index]!];
  const gain = exact === record.signal[index] ? 1 : Math.abs(record.adcGain?.[index] ?? 0);
  return { x: Float64Array.from(exact), fs: record.fs, millivolts: perUnit === undefined || gain === 0 ? undefined : perUnit / gain };
}

function judge(inputs: readonly LeadInput[], seconds: number): Quality {
  const measured = inputs.map(({ samples }) => (samples ? measureLead(samples) : undefined));
  const typical = medianHeight(measured);
  const leads = inputs.map((input, index) => judgeLead(input, measured[index], typical));
  const usable = new Map<string, RelatedLead>();
  for (const [index, { lead, verdict }] of leads.entries()) if (verdict !== 'reject') usable.set(lead, measured[index]!.coarse);
  const own: RecordCode[] = [];
  if (seconds < LIMITS.shortSeconds) own.push('short');
  if ((einthovenResidual(usable) ?? 0) > LIMITS.einthoven) own.push('einthoven');
  if ((goldbergerResidual(usable) ?? 0) > LIMITS.goldberger) own.push('goldberger');
  if (duplicates(usable, LIMITS.duplicate).length > 0) own.push('duplicate-leads');
  if (usable.size > 0 && usable.size < inputs.length && !isTrainedSet([...usable.keys()])) own.push('incomplete-leads');
  return makeQuality(leads, own);
}

function medianHeight(measured: readonly (LeadMeasures | undefined)[]): number {
  const heights = measured.flatMap((measures) => (measures ? [measures.height] : []));
  return heights.length > 0 ? orderStatistic(Float64Array.from(heights), heights.length >> 1) : 0;
}

function judgeLead({ lead, samples }: LeadInput, measures: LeadMeasures | undefined, typicalHeight: number): LeadQuality {
  if (!samples) return { lead, verdict: 'reject', codes: [samples === null ? 'not-finite' : 'missing'] };
  const { rejected, degraded } = faultsOf(measures!, samples, typicalHeight);
  // What makes a lead useless explains the rest.
  if (rejected.length > 0) return { lead, verdict: 'reject', codes: rejected };
  return { lead, verdict: degraded.length > 0 ? 'degraded' : 'ok', codes: degraded };
}

function faultsOf(
  measures: LeadMeasures,
  { x, fs, millivolts }: LeadSamples,
  typicalHeight: number,
): { rejected: LeadCode[]; degraded: LeadCode[] } {
  const { height, constant, clipped, clippedRuns, noise, mains } = measures;
  const heightMillivolts = millivolts === undefined ? undefined : height * millivolts;
  const rejected: LeadCode[] = [];
  const degraded: LeadCode[] = [];
  const isFlat = !(constant < LIMITS.flat) || height <= LIMITS.flatBesideOthers * typicalHeight;
  if (isFlat) return { rejected: ['flat'], degraded };
  if (constant >= LIMITS.flatParts) degraded.push('flat');
  const isClipped = clippedRuns >= LIMITS.clippedRuns || clipped * x.length >= Math.max(4, LIMITS.clippedSeconds * fs);
  if (isClipped) (clipped >= LIMITS.clippedShare ? rejected : degraded).push('saturated');
  if (heightMillivolts !== undefined && heightMillivolts < LIMITS.lowMillivolts) degraded.push('amplitude-low');
  if (heightMillivolts !== undefined && heightMillivolts > LIMITS.highMillivolts) degraded.push('amplitude-high');
  if (noise > LIMITS.noise || mains > LIMITS.mainsAlone) rejected.push('noise');
  if (noise > LIMITS.muscle) degraded.push('muscle');
  if (mains > LIMITS.mains) degraded.push('mains');
  if (measures.spike > LIMITS.spike) degraded.push('spikes');
  if (measures.step > LIMITS.step) degraded.push('steps');
  if (measures.drift > LIMITS.drift) degraded.push('baseline-drift');
  return { rejected, degraded };
}

function isTrainedSet(usable: readonly string[]): boolean {
  return [...LEAD_SETS.values()].some((set) => set.length === usable.length && set.every((lead) => usable.includes(lead)));
}
