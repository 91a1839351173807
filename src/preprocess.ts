// Before the network (docs/network.md): leads by name -> resample -> band-pass forwards and backwards -> z-score -> f32 -> window.

import type { NetworkConfig } from './config.js';
import { checkRecord, type EcgRecord, type SignalArray, selectLeads } from './ecg.js';
import { RecordError } from './errors.js';
import filters from './filters.json' with { type: 'json' };
import { type DropReason, leadFault, type QualityMode } from './quality/mode.js';
import { defaultPadlen, type RatedFilter, resampledLength, type SignalEngine } from './signal-engine.js';

const LOWEST_FS = 50;
const HIGHEST_FS = 2000;
const LONGEST_SECONDS = 3600;
const SHORT_SECONDS = 5;

export interface DroppedLead {
  readonly lead: string;
  readonly reason: DropReason;
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
  for (const [row, lead] of config.leads.entries()) {
    const index = rows[row]!;
    const fault = index < 0 ? 'missing' : faultOf(record, index, quality);
    if (fault !== undefined && (fault !== 'flat' || quality === 'gate')) {
      leadsDropped.push({ lead, reason: fault });
      continue;
    }
    if (fault === 'flat') flags.push(`flat:${lead}`);
    leads.push(lead);
    const values = engine.preprocessLead(leadSamples(record, index), record.fs, filterOf(config));
    window.set(values.subarray(0, windowSamples), row * windowSamples + before);
  }
  engine.trim();
  if (leads.length === 0) {
    const reasons = leadsDropped.map(({ lead, reason }) => `${lead} ${reason}`).join(', ');
    throw new RecordError('NO_USABLE_LEAD', `No lead carries a signal: ${reasons}`);
  }
  if (sigLenOf(record, rows) / record.fs < SHORT_SECONDS) flags.push('short');
  const cutSamples = Math.max(0, samples - windowSamples);
  const resampledFrom = record.fs === config.fs ? null : record.fs;
  return { window, leads, leadsIgnored: ignored, leadsDropped, flags, preprocessing: { resampledFrom, paddedSamples: before, cutSamples } };
}

/** Samples of the leads that the network reads. @throws TypeError, RangeError, RecordError as `preprocessRecord` */
export function recordLength(record: EcgRecord, config: NetworkConfig): number {
  checkRecord(record);
  return sigLenOf(record, selectLeads(record, config.leads).rows);
}

/** Samples of each lead at the network's rate. */
function checkLength(record: EcgRecord, rows: readonly number[], config: NetworkConfig): number {
  const { fs } = record;
  if (fs < LOWEST_FS || fs > HIGHEST_FS) {
    throw new RecordError(
      'FS_OUT_OF_RANGE',
      `The record has ${fs} samples a second, expected ${LOWEST_FS} to ${HIGHEST_FS}: resample it, or correct its rate`,
    );
  }
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

function faultOf(record: EcgRecord, index: number, quality: QualityMode): 'not-finite' | 'flat' | undefined {
  const fault = leadFault(leadSamples(record, index));
  // A source marks invalid samples in `signal` only; the published pipeline knows no such mark and reads the integers.
  if (fault || quality === 'off' || !record.digital) return quality === 'off' && fault === 'flat' ? undefined : fault;
  return leadFault(record.signal[index]!) === 'not-finite' ? 'not-finite' : undefined;
}

/** The integers, which are exact; a negative gain turns them upside down, and then `signal` is what the heart did. */
function leadSamples({ signal, digital, adcGain }: EcgRecord, index: number): SignalArray {
  const upsideDown = (adcGain?.[index] ?? 1) < 0;
  return (upsideDown ? undefined : digital?.[index]) ?? signal[index]!;
}

function sigLenOf(record: EcgRecord, rows: readonly number[]): number {
  return record.signal[rows.find((index) => index >= 0)!]!.length;
}

function filterOf({ fs }: NetworkConfig): RatedFilter {
  return { fs, ...filters[String(fs) as keyof typeof filters] };
}
