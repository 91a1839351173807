// The truth about a recording, before anything else is done with it. docs/quality.md has the figures behind the limits.

import { checkRate, checkRecord, type EcgRecord, exactSamples, LEAD_SETS, SHORT_SECONDS, STANDARD_LEADS, selectLeads } from '../ecg.js';
import { brokenLaws, hasDuplicates, type RelatedLead, type RelatedLeads } from './across.js';
import { allFinite, type LeadMeasures, measureLead } from './lead.js';
import { orderStatistic } from './order.js';
import { type LeadCode, type LeadQuality, makeQuality, type Quality, type RecordCode } from './report.js';
import { limbLeadReversal } from './reversal.js';

/** Limits of the measures (measured: docs/quality.md, which says what real records have and what faults have). */
const LIMITS = {
  /** Share of the time: from here on a lead is flat; below it parts of it are. */
  flat: 0.5,
  flatParts: 0.1,
  /** Of the median height of all leads: no electrode is on. */
  flatBesideOthers: 0.03,
  clippedRuns: 3,
  /** One run alone. */
  clippedSeconds: 0.06,
  /** Share of the time in rails from which on a lead is not read: with less, reading is better than dropping (measured). */
  clippedShare: 0.5,
  /** In any unit. Below it, and above its inverse, numbers vanish or overflow on the way. */
  smallest: 1e-100,
  lowMillivolts: 0.05,
  highMillivolts: 10,
  noise: 0.15,
  muscle: 0.07,
  spike: 1.2,
  step: 1.2,
  drift: 2,
  mains: 0.05,
  mainsAlone: 0.35,
  law: 0.05,
  duplicate: 0.01,
} as const;

export interface QualityOptions {
  /** Standard names; those that the record does not have are `missing`. Default: all twelve. */
  leads?: readonly string[];
  /** Of the record's beginning, all that is judged: what a network sees. One NaN behind it empties its lead all the same. Default: all. */
  seconds?: number;
}

/**
 * What a recording is worth, judged on its samples as they came: no filter, no network. The same in every engine.
 * @throws TypeError, RangeError for an object that is no record
 * @throws RecordError `NO_KNOWN_LEAD`, `DUPLICATE_LEAD`, `UNEQUAL_LENGTHS`, `FS_OUT_OF_RANGE`
 */
export function assessQuality(record: EcgRecord, { leads = STANDARD_LEADS, seconds = Infinity }: QualityOptions = {}): Quality {
  checkRecord(record);
  checkRate(record);
  const { rows } = selectLeads(record, leads);
  // One after the other: an hour of twelve leads in double precision is large.
  const measured = rows.map((index) => (index < 0 ? undefined : measure(record, index, seconds)));
  const typical = medianHeight(measured);
  const judged = leads.map((lead, row) => judgeLead(lead, measured[row], typical));
  const usable = new Map<string, RelatedLead>();
  for (const [row, { lead, verdict }] of judged.entries()) if (verdict !== 'reject') usable.set(lead, measured[row]!.coarse);
  const recorded = record.signal[rows.find((index) => index >= 0)!]!.length / record.fs;
  return makeQuality(judged, [
    ...(recorded < SHORT_SECONDS ? (['short'] as const) : []),
    ...relations(usable),
    ...(usable.size > 0 && usable.size < leads.length && !isTrainedSet([...usable.keys()]) ? (['incomplete-leads'] as const) : []),
  ]);
}

/** Null where some of the samples are no numbers. */
function measure(record: EcgRecord, index: number, seconds: number): LeadMeasures | null {
  const exact = exactSamples(record, index);
  const signal = record.signal[index]!;
  // A source marks invalid samples in `signal` only.
  if (!allFinite(exact) || (exact !== signal && !allFinite(signal))) return null;
  const perUnit = { mV: 1, uV: 1e-3, adc: undefined, unknown: undefined }[record.units[index]!];
  const gain = exact === signal ? 1 : Math.abs(record.adcGain?.[index] ?? 0);
  return measureLead({
    x: Float64Array.from(exact.subarray(0, seconds * record.fs)),
    fs: record.fs,
    millivolts: perUnit === undefined || gain === 0 ? undefined : perUnit / gain,
  });
}

/** What usable leads say about each other. */
function relations(usable: RelatedLeads): RecordCode[] {
  const codes: RecordCode[] = brokenLaws(usable, LIMITS.law);
  if (hasDuplicates(usable, LIMITS.duplicate)) codes.push('duplicate-leads');
  const [first] = usable.values();
  const reversal = first && limbLeadReversal(new Map(Array.from(usable, ([lead, { x }]) => [lead, x])), first.fs);
  // From lead I alone there are too many false alarms (measured: 1.7 %).
  if (reversal?.rightArmLeftLeg === undefined) return codes;
  if (reversal.arms >= 0) codes.push('arm-lead-reversal');
  if (reversal.rightArmLeftLeg >= 0) codes.push('right-arm-left-leg-reversal');
  return codes;
}

/** Of leads with beats and a known unit, in millivolts; 0 where there are none. A lead that is all one value says nothing of the others. */
function medianHeight(measured: readonly (LeadMeasures | null | undefined)[]): number {
  const all = measured.map((measures) => (measures && !isNoise(measures) ? heightMillivolts(measures) : 0));
  const heights = Float64Array.from(all.filter((height) => height > 0));
  return heights.length > 0 ? orderStatistic(heights, (heights.length - 1) >> 1) : 0;
}

/** NaN where the unit is not known. */
function heightMillivolts({ height, coarse }: LeadMeasures): number {
  return height * (coarse.millivolts ?? Number.NaN);
}

function isNoise({ noise, mains }: LeadMeasures): boolean {
  return noise > LIMITS.noise || mains > LIMITS.mainsAlone;
}

function judgeLead(lead: string, measures: LeadMeasures | null | undefined, typicalHeight: number): LeadQuality {
  if (!measures) return { lead, verdict: 'reject', codes: [measures === null ? 'not-finite' : 'missing'] };
  const { rejected, degraded } = faultsOf(measures, typicalHeight);
  // What makes a lead useless explains the rest.
  if (rejected.length > 0) return { lead, verdict: 'reject', codes: rejected };
  return { lead, verdict: degraded.length > 0 ? 'degraded' : 'ok', codes: degraded };
}

function faultsOf(measures: LeadMeasures, typicalHeight: number): { rejected: LeadCode[]; degraded: LeadCode[] } {
  const { height, constant, clipped, clippedRuns, longestClip, noise, mains } = measures;
  const millivolts = heightMillivolts(measures);
  const rejected: LeadCode[] = [];
  const degraded: LeadCode[] = [];
  // Beyond the smallest height the z-score has nothing left to divide by.
  const isFlat = !(constant < LIMITS.flat && height > LIMITS.smallest) || millivolts <= LIMITS.flatBesideOthers * typicalHeight;
  if (isFlat) return { rejected: ['flat'], degraded };
  if (constant >= LIMITS.flatParts) degraded.push('flat');
  const isClipped = clippedRuns >= LIMITS.clippedRuns || longestClip >= LIMITS.clippedSeconds;
  if (isClipped) (clipped >= LIMITS.clippedShare ? rejected : degraded).push('saturated');
  if (!(height < 1 / LIMITS.smallest)) rejected.push('amplitude-high');
  if (isNoise(measures)) rejected.push('noise');
  if (millivolts < LIMITS.lowMillivolts) degraded.push('amplitude-low');
  if (millivolts > LIMITS.highMillivolts) degraded.push('amplitude-high');
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
