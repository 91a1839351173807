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

// biome-ignore format: one law, one line
const EINTHOVEN: readonly Law[] = [
  [['I', 1], ['III', 1], ['II', -1]],
];

// biome-ignore format: one law, one line
const GOLDBERGER: readonly Law[] = [
  [['aVR', 1], ['I', 0.5], ['II', 0.5]],
  [['aVL', 1], ['I', -1], ['II', 0.5]],
  [['aVF', 1], ['II', -1], ['I', 0.5]],
];

/** How far I, II and III are from II = I + III: standard deviation of what is left over that of the largest of them; undefined where it cannot be told. */
export function einthovenResidual(leads: RelatedLeads): number | undefined {
  return largestResidual(EINTHOVEN, leads);
}

/** The same of aVR, aVL and aVF, each against I and II: the worst of the three. */
export function goldbergerResidual(leads: RelatedLeads): number | undefined {
  return largestResidual(GOLDBERGER, leads);
}

function largestResidual(laws: readonly Law[], leads: RelatedLeads): number | undefined {
  const residuals = laws.map((law) => residualOf(law, leads)).filter((residual) => residual !== undefined);
  return residuals.length > 0 ? Math.max(...residuals) : undefined;
}

function residualOf(law: Law, leads: RelatedLeads): number | undefined {
  let sum: Float64Array | undefined;
  let largest = 0;
  for (const [name, factor] of law) {
    const lead = leads.get(name);
    if (lead?.millivolts === undefined) return undefined;
    const { x, deviation: own, millivolts } = lead;
    sum ??= new Float64Array(x.length);
    const scale = factor * millivolts;
    for (let i = 0; i < sum.length; i++) sum[i]! += scale * x[i]!;
    largest = Math.max(largest, millivolts * own);
  }
  // Means do not count: an offset of the converter is no fault.
  return largest > 0 ? deviation(sum!) / largest : undefined;
}

/** Whether two leads hold one signal: their difference is less than `share` of either. */
export function hasDuplicates(leads: RelatedLeads, share: number): boolean {
  const all = [...leads.values()];
  return all.some((a, index) =>
    all.slice(index + 1).some((b) => {
      const limit = share * Math.max(a.deviation, b.deviation);
      return Math.abs(a.deviation - b.deviation) < limit && deviation(a.x.map((value, i) => value - b.x[i]!)) < limit;
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
