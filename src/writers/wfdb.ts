import type { EcgRecord, Unit } from '../ecg.js';

export interface WfdbFiles {
  /** Text of `<name>.hea`. */
  header: string;
  /** Bytes of `<name>.dat`: format 16, int16 little-endian, the leads of a sample side by side. */
  signal: Uint8Array;
}

const MAX_VALUE = 32767; // -32768 marks an invalid sample
const WFDB_UNITS: Record<Unit, string> = { mV: 'mV', uV: 'uV', adc: 'adu', unknown: 'NU' };

/**
 * The record as a WFDB header and signal file (WFDB Applications Guide, header(5) and signal(5)), from its `digital` values.
 *
 * TypeError for a record without `digital` and `adcGain`; RangeError for a name that WFDB does not allow, or a value beyond 16 bits.
 */
export function formatWfdb(record: EcgRecord, name: string): WfdbFiles {
  if (!/^[A-Za-z0-9_-]+$/.test(name)) throw new RangeError('"name" expected letters, digits, hyphens and underscores');
  const { digital, adcGain } = record;
  if (!digital || !adcGain) throw new TypeError('"record" expected with digital and adcGain: format 16 stores converter integers');
  const sigLen = digital[0]?.length ?? 0;
  const view = new DataView(new ArrayBuffer(sigLen * digital.length * 2));
  const lines = [`${name} ${digital.length} ${record.fs} ${sigLen}`];
  digital.forEach((values, lead) => {
    if (values.length !== sigLen) throw new RangeError(`"record.digital" expected ${sigLen} samples in every lead, got ${values.length}`);
    let sum = 0;
    values.forEach((value, n) => {
      if (Math.abs(value) > MAX_VALUE) throw new RangeError(`"record.digital" expected -${MAX_VALUE} to ${MAX_VALUE}, got ${value}`);
      view.setInt16((n * digital.length + lead) * 2, value, true);
      sum = (sum + value) | 0;
    });
    const checksum = (sum << 16) >> 16;
    const scale = `${adcGain[lead]}(${record.baseline?.[lead] ?? 0})/${WFDB_UNITS[record.units[lead] ?? 'unknown']}`;
    lines.push(`${name}.dat 16 ${scale} 16 0 ${values[0] ?? 0} ${checksum} 0 ${record.sigName[lead]}`);
  });
  for (const comment of record.comments ?? []) lines.push(`# ${comment.replaceAll(/\s+/g, ' ')}`);
  return { header: `${lines.join('\n')}\n`, signal: new Uint8Array(view.buffer) };
}
