// What leads say about each other, on samples averaged down to about 100 Hz.

/** A lead that is usable by itself. */
export interface RelatedLead {
  readonly x: Float64Array;
  readonly fs: number;
  /** Standard deviation of x. */
  readonly deviation: number;
  /** Millivolts of one unit; undefined where the source does not say: then amplitudes of leads cannot be compared. */
  readonly millivolts: number | undefined;
}

export type RelatedLeads = ReadonlyMap<string, RelatedLead>;

/** A sum of leads that is zero in every recording: names and factors. */
type Law = readonly (readonly [lead: string, factor: number])[];

/** Einthoven: II = I + III. Goldberger: aVR = -(I + II) / 2, aVL = I - II / 2, aVF = II - I / 2. */
// biome-ignore format: one law, one line
const LAWS: readonly (readonly [code: 'einthoven' | 'goldberger', Law])[] = [
  ['einthoven', [['I', 1], ['III', 1], ['II', -1]]],
  ['goldberger', [['aVR', 1], ['I', 0.5], ['II', 0.5]]],
  ['goldberger', [['aVL', 1], ['I', -1], ['II', 0.5]]],
  ['goldberger', [['aVF', 1], ['II', -1], ['I', 0.5]]],
];

/** Whose laws the limb leads break: the standard deviation of a sum is more than `limit` of the largest lead in it. */
export function brokenLaws(leads: RelatedLeads, limit: number): ('einthoven' | 'goldberger')[] {
  return [...new Set(LAWS.flatMap(([code, law]) => (residualOf(law, leads) > limit ? [code] : [])))];
}

/** NaN where a lead or its unit is not there. Means do not count: an offset of the converter is no fault. */
function residualOf(law: Law, leads: RelatedLeads): number {
  const sum = new Float64Array(leads.get(law[0]![0])?.x.length ?? 0);
  let largest = 0;
  for (const [name, factor] of law) {
    const { x, deviation: own, millivolts = Number.NaN } = leads.get(name) ?? { x: sum, deviation: 0 };
    for (let i = 0; i < sum.length; i++) sum[i]! += factor * millivolts * x[i]!;
    largest = Math.max(largest, millivolts * own);
  }
  return deviation(sum) / largest;
}

/** Whether two leads hold one signal: their difference is less than `share` of either. Numbers are compared as they are where a unit is not known. */
export function hasDuplicates(leads: RelatedLeads, share: number): boolean {
  const all = [...leads.values()];
  return all.some((a, index) =>
    all.slice(index + 1).some((b) => {
      const scale = a.millivolts! / b.millivolts! || 1;
      const own = a.deviation * scale;
      const limit = share * Math.max(own, b.deviation);
      return Math.abs(own - b.deviation) < limit && deviation(a.x.map((value, i) => value * scale - b.x[i]!)) < limit;
    }),
  );
}

/** Standard deviation, population. */
export function deviation(x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]!;
  const mean = sum / x.length;
  let squares = 0;
  for (let i = 0; i < x.length; i++) squares += (x[i]! - mean) * (x[i]! - mean);
  return Math.sqrt(squares / x.length);
}
