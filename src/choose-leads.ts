import { checkRecord, type EcgRecord, standardLead } from './ecg.js';
import { RecordError } from './errors.js';

/**
 * The record with some of its leads alone, in its own order.
 * @param leads standard names
 * @throws TypeError, RangeError for an object that is no record
 * @throws RecordError `NO_KNOWN_LEAD` when it has none of them
 */
export function chooseLeads(record: EcgRecord, leads: readonly string[]): EcgRecord {
  checkRecord(record);
  const kept = record.sigName.flatMap((name, index) => (leads.includes(standardLead(name) ?? '') ? [index] : []));
  if (kept.length === 0) throw new RecordError('NO_KNOWN_LEAD', `The record has none of the leads ${leads.join(', ')}`);
  const pick = <T>(list: readonly T[]): T[] => kept.map((index) => list[index]!);
  const { digital, adcGain, baseline } = record;
  return {
    ...record,
    sigName: pick(record.sigName),
    units: pick(record.units),
    signal: pick(record.signal),
    ...(digital ? { digital: pick(digital) } : {}),
    ...(adcGain ? { adcGain: pick(adcGain) } : {}),
    ...(baseline ? { baseline: pick(baseline) } : {}),
  };
}
