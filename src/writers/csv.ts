import type { EcgRecord } from '../ecg.js';

/**
 * The record as CSV: a header `time,I (mV),II (mV),…`, then a row a sample, time in seconds. Every number is the shortest decimal that reads
 * back as the same double; leads with `digital` and `adcGain` are exact decimals of their integers, whatever type `signal` has.
 */
export function formatCsv(record: EcgRecord): string {
  const sigLen = record.signal[0]?.length ?? 0;
  const header = record.sigName.map((name, lead) => {
    const unit = record.units[lead];
    return quote(unit === undefined || unit === 'unknown' ? name : `${name} (${unit})`);
  });
  const leads = record.signal.map((_, lead) => physical(record, lead));
  const lines = [['time', ...header].join(',')];
  for (let n = 0; n < sigLen; n++) lines.push(`${n / record.fs},${leads.map((value) => value(n)).join(',')}`);
  return `${lines.join('\n')}\n`;
}

function physical(record: EcgRecord, lead: number): (n: number) => number {
  const signal = record.signal[lead]!;
  const digital = record.digital?.[lead];
  const gain = record.adcGain?.[lead];
  if (!digital || !gain) return (n) => signal[n]!;
  const baseline = record.baseline?.[lead] ?? 0;
  return (n) => (digital[n]! - baseline) / gain;
}

function quote(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
