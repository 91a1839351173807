// Records that a pool should read: simulated, of many rates, lengths, lead sets and array types.

import { simulate } from '../../dist/simulate.js';
import { Random } from './random.mjs';

const RATES = [100, 125, 128, 250, 257, 360, 500, 1000];
const RHYTHMS = ['sinus', 'bradycardia', 'tachycardia', 'af', 'pvc'];

/** A record by its seed. */
export function simulatedRecord(seed) {
  const random = new Random(seed, 1);
  const fs = random.pick(RATES);
  const longest = random.chance(0.1) ? 60 : 15; // seconds
  const whole = simulate({ fs, seconds: random.whole(1, longest), rhythm: random.pick(RHYTHMS), seed });
  const leads = random.shuffle(whole.sigName.keys()).slice(0, random.pick([2, 3, 4, 6, 8, 12, 12, 12]));
  return asArrays(random, {
    fs,
    sigName: leads.map((lead) => whole.sigName[lead]),
    signal: leads.map((lead) => whole.signal[lead]),
    digital: leads.map((lead) => whole.digital[lead]),
    adcGain: leads.map((lead) => whole.adcGain[lead]),
    baseline: leads.map((lead) => whole.baseline[lead]),
  });
}

function asArrays(random, { fs, sigName, signal, digital, adcGain, baseline }) {
  const inUnit = (unit) => sigName.map(() => unit);
  switch (random.pick(['f32', 'f64', 'i16', 'i32', 'digital', 'views'])) {
    case 'f32':
      return { fs, sigName, units: inUnit('mV'), signal };
    case 'f64':
      return { fs, sigName, units: inUnit('uV'), signal: signal.map((samples) => Float64Array.from(samples, (value) => 1000 * value)) };
    case 'i16':
      return { fs, sigName, units: inUnit('adc'), signal: digital.map((samples) => Int16Array.from(samples)), adcGain, baseline };
    case 'i32':
      return { fs, sigName, units: inUnit('unknown'), signal: digital.map((samples) => samples.slice()) };
    case 'digital':
      return { fs, sigName, units: inUnit('mV'), signal, digital, adcGain, baseline, comments: ['stays here'] };
    default: {
      const all = new Float32Array(signal.length * signal[0].length + 99);
      const views = signal.map((samples, lead) => all.subarray(3 + lead * samples.length, 3 + (lead + 1) * samples.length));
      for (const [lead, samples] of signal.entries()) views[lead].set(samples);
      return { fs, sigName, units: inUnit('mV'), signal: views };
    }
  }
}

/** With arrays of its own: what is done to it, or its transfer, does not reach the original. */
export function copyRecord(record) {
  const copy = (arrays) => arrays?.map((samples) => samples.slice());
  return {
    ...record,
    sigName: [...record.sigName],
    units: [...record.units],
    signal: copy(record.signal),
    ...(record.digital ? { digital: copy(record.digital) } : {}),
  };
}

/** What a caller may do with a record after the call. */
export function scribble(record) {
  for (const samples of record.signal) samples.fill(1);
  for (const samples of record.digital ?? []) samples.fill(-1);
  record.sigName.reverse();
  record.fs = 50;
}
