// Before the network (docs/network.md): leads by name -> resample -> band-pass forwards and backwards -> z-score -> f32 -> window.

import type { NetworkConfig } from './config.js';
import { checkRate, checkRecord, type EcgRecord, exactSamples, SHORT_SECONDS, selectLeads } from './ecg.js';
import { RecordError } from './errors.js';
import filters from './filters.json' with { type: 'json' };
import { assessQuality } from './quality/index.js';
import { allFinite } from './quality/lead.js';
import type { QualityMode } from './quality/mode.js';
import type { LeadCode, LeadQuality, Quality } from './quality/report.js';
import { defaultPadlen, type RatedFilter, resampledLength, type SignalEngine } from './signal-engine.js';

const LONGEST_SECONDS = 3600;

export interface DroppedLead {
  readonly lead: string;
  readonly reason: LeadCode;
}

/** What the network sees, and what became of the record on the way. */
export interface NetworkInput {
  /** f32[leads][windowSamples]: z-scored, left-padded; rows of dropped leads are zeros. */
  readonly window: Float32Array;
  /** Leads that carry signal, in the network's order. */
  readonly leads: readonly string[];
  readonly leadsIgnored: readonly string[];
  readonly leadsDropped: readonly DroppedLead[];
  readonly flags: readonly string[];
  /** Null where nobody asked. */
  readonly quality: Quality | null;
  readonly preprocessing: {
    /** The record's rate in Hz where it is not the network's, else null. */
    readonly resampledFrom: number | null;
    /** Zeros before the record in the window. */
    readonly paddedSamples: number;
    /** Samples of the record behind the window, at the network's rate: the network does not see them. */
    readonly cutSamples: number;
  };
}

/**
 * The published preprocessing of a record, lead by lead in double precision (network description, section 3).
 * @throws TypeError, RangeError for an object that is no record
 * @throws RecordError `NO_KNOWN_LEAD`, `DUPLICATE_LEAD`, `UNEQUAL_LENGTHS`, `FS_OUT_OF_RANGE`, `RECORD_TOO_SHORT`, `RECORD_TOO_LONG`, `NO_USABLE_LEAD`
 */
export function preprocessRecord(record: EcgRecord, config: NetworkConfig, quality: QualityMode, engine: SignalEngine): NetworkInput {
  checkRecord(record);
  const { rows, ignored } = selectLeads(record, config.leads);
  const samples = checkLength(record, rows, config);
  const { windowSamples } = config;
  const window = new Float32Array(config.leads.length * windowSamples);
  const leads: string[] = [];
  const leadsDropped: DroppedLead[] = [];
  const flags: string[] = [];
  const before = Math.max(0, windowSamples - samples);
  const report = quality === 'off' ? null : assessQuality(record, { leads: config.leads, seconds: windowSamples / config.fs });
  for (const [row, lead] of config.leads.entries()) {
    const index = rows[row]!;
    const reason = report ? reasonToDrop(report.leads[row]!, quality) : asPublished(record, index);
    if (reason) {
      leadsDropped.push({ lead, reason });
      continue;
    }
    if (report && isFlat(report.leads[row]!)) flags.push(`flat:${lead}`);
    leads.push(lead);
    const values = engine.preprocessLead(exactSamples(record, index), record.fs, filterOf(config));
    window.set(values.subarray(0, windowSamples), row * windowSamples + before);
  }
  engine.trim();
  // Also where quality "report" reads what is rejected: findings of nothing but noise would be made up.
  if (leads.length === 0 || report?.verdict === 'reject') {
    const reasons = report
      ? report.leads.map(({ lead, codes }) => `${lead} ${codes[0]}`)
      : leadsDropped.map(({ lead, reason }) => `${lead} ${reason}`);
    const error = new RecordError('NO_USABLE_LEAD', `No lead carries a signal: ${reasons.join(', ')}`);
    error.quality = report;
    throw error;
  }
  if (sigLenOf(record, rows) / record.fs < SHORT_SECONDS) flags.push('short');
  const cutSamples = Math.max(0, samples - windowSamples);
  const resampledFrom = record.fs === config.fs ? null : record.fs;
  return {
    window,
    leads,
    leadsIgnored: ignored,
    leadsDropped,
    flags,
    quality: report,
    preprocessing: { resampledFrom, paddedSamples: before, cutSamples },
  };
}

/** Samples of the leads that the network reads. @throws TypeError, RangeError, RecordError as `preprocessRecord` */
export function recordLength(record: EcgRecord, config: NetworkConfig): number {
  checkRecord(record);
  checkRate(record);
  return sigLenOf(record, selectLeads(record, config.leads).rows);
}

/** Samples of each lead at the network's rate. */
function checkLength(record: EcgRecord, rows: readonly number[], config: NetworkConfig): number {
  const { fs } = record;
  checkRate(record);
  const sigLen = sigLenOf(record, rows);
  if (sigLen / fs > LONGEST_SECONDS) {
    throw new RecordError(
      'RECORD_TOO_LONG',
      `The record lasts ${Math.round(sigLen / fs)} s, at most ${LONGEST_SECONDS} s are read at once: cut it, or read every window of it ({ windows: 'all' }, --windows all)`,
    );
  }
  const samples = resampledLength(sigLen, fs, config.fs);
  const padlen = defaultPadlen(filterOf(config));
  if (samples <= padlen) {
    throw new RecordError(
      'RECORD_TOO_SHORT',
      `The record has ${samples} samples at ${config.fs} Hz, the filter needs more than ${padlen}; 10 s are usual`,
    );
  }
  return samples;
}

/** The published pipeline knows no quality; a lead that is not finite comes out of it as zeros. */
function asPublished(record: EcgRecord, index: number): LeadCode | undefined {
  if (index < 0) return 'missing';
  return allFinite(exactSamples(record, index)) ? undefined : 'not-finite';
}

function reasonToDrop({ verdict, codes }: LeadQuality, quality: QualityMode): LeadCode | undefined {
  if (verdict !== 'reject') return undefined;
  const isUnreadable = codes[0] === 'missing' || codes[0] === 'not-finite';
  return isUnreadable || quality === 'gate' ? codes[0] : undefined;
}

function isFlat({ verdict, codes }: LeadQuality): boolean {
  return verdict === 'reject' && codes[0] === 'flat';
}

function sigLenOf(record: EcgRecord, rows: readonly number[]): number {
  return record.signal[rows.find((index) => index >= 0)!]!.length;
}

function filterOf({ fs }: NetworkConfig): RatedFilter {
  return { fs, ...filters[String(fs) as keyof typeof filters] };
}
