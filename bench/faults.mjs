// Faults put into a recording, and the codes that are to name them. Every fault changes one lead, or one thing about the whole record.

/** Uniform numbers from 0 to 1, the same for the same seed (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const gauss = (next) => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

/** The record in plain numbers: integers go, and their unit with them. */
export function plain({ fs, sigName, units, signal, comments }) {
  return {
    fs,
    sigName: [...sigName],
    units: [...units],
    signal: signal.map((lead) => Float64Array.from(lead)),
    ...(comments ? { comments } : {}),
  };
}

/** Highest, lowest, and the usual height: the median range of windows of 1.5 s. */
function measure(x, fs) {
  const windows = Math.max(1, Math.floor(x.length / (1.5 * fs)));
  const ranges = Array.from({ length: windows }, (_, i) => {
    const part = x.slice(Math.floor((i * x.length) / windows), Math.floor(((i + 1) * x.length) / windows));
    return Math.max(...part) - Math.min(...part);
  }).sort((a, b) => a - b);
  const sorted = Float64Array.from(x).sort();
  return { height: ranges[windows >> 1], median: sorted[x.length >> 1] };
}

const clip = (x, low, high) => x.map((value) => Math.min(high, Math.max(low, value)));

/** `change(x, { fs, next, height, median, low, high })` gives the lead's new samples; null where the fault cannot be. */
export const LEAD_FAULTS = [
  { name: 'flat, zero', codes: ['flat'], change: (x) => x.fill(0) },
  { name: 'flat at an offset', codes: ['flat'], change: (x, { next, height }) => x.fill((next() - 0.5) * 8 * height) },
  { name: 'flat for the last 70 %', codes: ['flat'], change: (x) => x.fill(x[Math.floor(0.3 * x.length)], Math.floor(0.3 * x.length)) },
  {
    name: 'no electrode: noise of 1 % of the height',
    codes: ['flat', 'noise', 'amplitude-low'],
    change: (x, { next, height, median }) => x.map(() => median + 0.0025 * height * gauss(next)),
  },
  {
    name: 'cut off at half the height, both sides',
    codes: ['saturated'],
    change: (x, { height, median }) => clip(x, median - height / 4, median + height / 4),
  },
  {
    name: 'cut off at 60 % of the larger side',
    codes: ['saturated'],
    change: (x, { median, low, high }) =>
      high - median > median - low ? clip(x, low, median + 0.6 * (high - median)) : clip(x, median - 0.6 * (median - low), high),
  },
  {
    name: 'at a rail for a second',
    codes: ['saturated'],
    change: (x, { fs, next, height, high }) => {
      const start = Math.floor(next() * (x.length - fs));
      return x.fill(high + height, start, start + fs);
    },
  },
  {
    name: 'twenty-fold, cut off at five heights',
    codes: ['saturated'],
    change: (x, { height, median }) =>
      clip(
        x.map((value) => 20 * (value - median)),
        -5 * height,
        5 * height,
      ),
  },
  {
    name: 'one NaN',
    codes: ['not-finite'],
    change: (x, { next }) => {
      x[Math.floor(next() * x.length)] = Number.NaN;
      return x;
    },
  },
  {
    name: 'a second of NaN',
    codes: ['not-finite'],
    change: (x, { fs, next }) => {
      const start = Math.floor(next() * (x.length - fs));
      return x.fill(Number.NaN, start, start + fs);
    },
  },
  { name: 'white noise alone', codes: ['noise'], change: (x, { next, height }) => x.map(() => height * gauss(next)) },
  {
    name: 'mains alone (50 Hz)',
    codes: ['noise'],
    needs: 250,
    change: (x, { fs, height }) => x.map((_, i) => (height / 2) * Math.sin((2 * Math.PI * 50 * i) / fs)),
  },
  {
    name: 'white noise, 10 % of the height',
    codes: ['muscle', 'noise'],
    change: (x, { next, height, fs }) => x.map((value) => value + 0.1 * Math.sqrt(Math.max(1, fs / 100)) * height * gauss(next)),
  },
  {
    name: 'mains, 50 Hz, 10 % of the height',
    codes: ['mains'],
    needs: 250,
    change: (x, { fs, height }) => x.map((value, i) => value + 0.1 * height * Math.sin((2 * Math.PI * 50 * i) / fs)),
  },
  {
    name: 'mains, 60 Hz, 10 % of the height',
    codes: ['mains'],
    needs: 250,
    change: (x, { fs, height }) => x.map((value, i) => value + 0.1 * height * Math.sin((2 * Math.PI * 60 * i) / fs)),
  },
  {
    name: 'three spikes of twice the height',
    codes: ['spikes'],
    change: (x, { next, height }) => {
      for (let n = 0; n < 3; n++) x[1 + Math.floor(next() * (x.length - 3))] += 2 * height;
      return x;
    },
  },
  {
    name: 'a step of twice the height',
    codes: ['steps'],
    change: (x, { next, height, fs }) => {
      const start = Math.floor(2 * fs + next() * (x.length - 4 * fs));
      return x.map((value, i) => (i < start ? value : value + 2 * height));
    },
  },
  {
    name: 'drift, 0.15 Hz, three heights',
    codes: ['baseline-drift'],
    change: (x, { fs, next, height }) => {
      const phase = next() * 2 * Math.PI;
      return x.map((value, i) => value + 1.5 * height * Math.sin(phase + (2 * Math.PI * 0.15 * i) / fs));
    },
  },
  { name: 'a fiftieth of its height', codes: ['flat', 'amplitude-low'], change: (x) => x.map((value) => value / 50) },
  { name: 'a thousand times its height', codes: ['amplitude-high'], physical: true, change: (x) => x.map((value) => value * 1000) },
];

const at = ({ sigName }, lead) => sigName.findIndex((name) => name.toLowerCase() === lead.toLowerCase());

function exchange(record, sources) {
  const before = record.signal.map((lead) => lead.slice());
  for (const [lead, [from, sign]] of Object.entries(sources))
    record.signal[at(record, lead)] = before[at(record, from)].map((value) => sign * value);
  return record;
}

export const RECORD_FAULTS = [
  {
    name: 'arms exchanged',
    codes: ['arm-lead-reversal'],
    change: (record) => exchange(record, { I: ['I', -1], II: ['III', 1], III: ['II', 1], aVR: ['aVL', 1], aVL: ['aVR', 1] }),
  },
  {
    name: 'right arm and left leg exchanged',
    codes: ['right-arm-left-leg-reversal'],
    change: (record) => exchange(record, { I: ['III', -1], II: ['II', -1], III: ['I', -1], aVR: ['aVF', 1], aVF: ['aVR', 1] }),
  },
  {
    name: 'left arm and left leg exchanged',
    codes: ['arm-lead-reversal', 'right-arm-left-leg-reversal'],
    change: (record) => exchange(record, { I: ['II', 1], II: ['I', 1], III: ['III', -1], aVL: ['aVF', 1], aVF: ['aVL', 1] }),
  },
  { name: 'III at 1.3 of its gain', codes: ['einthoven'], physical: true, change: (record) => exchange(record, { III: ['III', 1.3] }) },
  { name: 'aVF upside down', codes: ['goldberger'], physical: true, change: (record) => exchange(record, { aVF: ['aVF', -1] }) },
  { name: 'V3 under the name of V4', codes: ['duplicate-leads'], change: (record) => exchange(record, { V4: ['V3', 1] }) },
  {
    name: 'V2 and II exchanged',
    codes: ['einthoven', 'goldberger'],
    physical: true,
    change: (record) => exchange(record, { V2: ['II', 1], II: ['V2', 1] }),
  },
  {
    name: 'cut to four seconds',
    codes: ['short'],
    change: (record) => ({ ...record, signal: record.signal.map((lead) => lead.slice(0, Math.floor(4 * record.fs))) }),
  },
  { name: 'V5 not there', codes: ['missing', 'incomplete-leads'], change: (record) => dropLead(record, at(record, 'V5')) },
];

export function dropLead({ fs, sigName, units, signal, comments }, index) {
  const keep = (list) => list.filter((_, i) => i !== index);
  return { fs, sigName: keep(sigName), units: keep(units), signal: keep(signal), comments };
}

/** Puts a fault into one lead of a plain record; null where it cannot be there. */
export function spoilLead(record, index, { change, needs = 0, physical = false }, next) {
  const known = record.units[index] === 'mV' || record.units[index] === 'uV';
  if (record.fs < needs || (physical && !known)) return null;
  const x = record.signal[index].slice();
  const context = { fs: record.fs, next, ...measure(x, record.fs), low: Math.min(...x), high: Math.max(...x) };
  const signal = [...record.signal];
  signal[index] = change(x, context);
  return { ...record, signal };
}
