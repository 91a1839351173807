/** Unit of one lead's `signal`. `adc`: raw converter integers; `unknown`: the source did not say. */
export type Unit = 'mV' | 'uV' | 'adc' | 'unknown';

export type SignalArray = Float32Array | Float64Array | Int16Array | Int32Array;

/** One recording in memory. All leads have `fs` samples a second and the same length. Names follow WFDB. */
export interface EcgRecord {
  /** Samples a second of every lead. */
  fs: number;
  /** Lead names as the source has them (`I`, `Lead II`, `avr`, …); order is free. */
  sigName: string[];
  units: Unit[];
  /** One array of samples for each lead, in its unit. NaN marks a sample that the source calls invalid. */
  signal: SignalArray[];
  /** Converter integers of each lead, where the source has them. Preprocessing prefers them: they are exact. */
  digital?: Int32Array[];
  /** Converter units per physical unit, for each lead: physical = (digital - baseline) / adcGain. */
  adcGain?: number[];
  /** Converter value of physical zero, for each lead. */
  baseline?: number[];
  /** Free text lines of the header, without their `#`. May hold patient data: never logged, never in a message. */
  comments?: string[];
}

/** The twelve standard leads, in the order of the network's rows. */
export const STANDARD_LEADS = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'] as const;

const LEAD_BY_KEY = new Map<string, string>();
for (const lead of STANDARD_LEADS) LEAD_BY_KEY.set(lead.toLowerCase(), lead);

/**
 * The standard name of a lead, or undefined for anything else. Case, blanks, underscores and hyphens do not count, nor do the words
 * that devices put around the name: `Lead II`, `ECG lead V1`, `MDC_ECG_LEAD_AVR`, `V1 (mV)` has its unit removed by the reader.
 */
export function standardLead(name: string): string | undefined {
  const words = name.toLowerCase().split(/[\s_\-.:]+/);
  const key = words.filter((word) => word !== '' && word !== 'mdc' && word !== 'ecg' && word !== 'lead').join('');
  return LEAD_BY_KEY.get(key);
}
