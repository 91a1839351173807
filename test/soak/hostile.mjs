// Records that no caller should pass. `model.classify` says what is right for each; only where an object gives another answer each time it is
// asked (`unsteady`) is there no such reference, and any named error or result will do.

import { simulate } from '../../dist/simulate.js';

const fill = (make) => (record, random) => {
  const leads = random.chance(0.5) ? record.signal.length : 1;
  for (const samples of record.signal.slice(0, leads))
    for (let index = 0; index < samples.length; index++) samples[index] = make(random, index);
  return { record };
};

/** Some of a list's entries replaced. */
const replace = (list, random, value) => list.map((entry) => (random.chance(0.5) ? value : entry));

const NO_RECORDS = [
  undefined,
  null,
  0,
  'I,II',
  Symbol.iterator,
  12n,
  [],
  {},
  () => {},
  new Map(),
  new Float32Array(100),
  Object.create(null),
  new Date(0),
  Promise.resolve({}),
];
const NO_RATES = [0, -1, 49, 49.999, 2000.1, 2001, 1e308, 5e-324, Number.NaN, Infinity, -Infinity, '500', null, undefined, [500], 500n];
const NO_ARRAYS = [
  null,
  0,
  'x',
  [],
  [1, 2],
  new Float32Array(0),
  new Uint8Array(4000),
  new BigInt64Array(9),
  new DataView(new ArrayBuffer(9)),
  {},
];

/** Each takes a record of its own in f64, spoils it, and says how it is to be passed. */
export const HOSTILE = {
  nan: fill((random) => (random.chance(0.5) ? Number.NaN : random.next())),
  infinite: fill((random) => random.pick([Infinity, -Infinity, 1])),
  flat: fill(() => 0.25),
  huge: fill((random) => random.pick([1.7e308, -1.7e308, 1e300, 3.4e38])),
  subnormal: fill((random) => random.pick([5e-324, -5e-324, 1e-310, 0, -0])),
  alternating: fill((_, index) => (index % 2 === 0 ? 32767 : -32768)),
  unequal(record, random) {
    const lead = random.whole(0, record.signal.length - 1);
    record.signal[lead] = record.signal[lead].subarray(random.whole(0, 9));
    return { record };
  },
  duplicate(record, random) {
    return { record: { ...record, sigName: replace(record.sigName, random, random.pick(['II', 'Lead II', 'ii '])) } };
  },
  unknown(record, random) {
    return {
      record: { ...record, sigName: record.sigName.map((name) => random.pick(['x', '', '-', '\0', '__proto__', 'MLII', `${name}+`])) },
    };
  },
  names(record, random) {
    return {
      record: { ...record, sigName: replace(record.sigName, random, random.pick(['I'.repeat(1e6), '\ud800', 'a'.repeat(1e5), ' \n'])) },
    };
  },
  short(record, random) {
    return { record: { ...record, signal: record.signal.map((samples) => samples.subarray(0, random.pick([0, 1, 9]))) } };
  },
  long(record, random) {
    const signal = record.signal.slice(0, 2).map(() => new Int16Array(50 * 3600 + random.whole(1, 999)).fill(random.whole(0, 9)));
    return { record: { fs: 50, sigName: ['I', 'II'], units: ['mV', 'mV'], signal } };
  },
  rate(record, random) {
    return { record: { ...record, fs: random.pick(NO_RATES) } };
  },
  nothing(_, random) {
    return { record: random.pick(NO_RECORDS) };
  },
  fields(record, random) {
    const field = random.pick(['fs', 'sigName', 'units', 'signal', 'digital', 'adcGain', 'baseline']);
    return { record: { ...record, [field]: random.pick([null, 0, 'x', {}, [], [null], new Array(record.signal.length), record.sigName]) } };
  },
  arrays(record, random) {
    return { record: { ...record, signal: replace(record.signal, random, random.pick(NO_ARRAYS)) } };
  },
  digital(record, random) {
    const extreme = () => random.pick([-(2 ** 31), 2 ** 31 - 1, 0]);
    const digital = record.signal.map((samples) => Int32Array.from(samples, extreme));
    const adcGain = record.signal.map(() => random.pick([0, -1, 5e-324, 1e308, 200]));
    return { record: { ...record, digital, adcGain, baseline: record.signal.map(() => random.pick([0, -(2 ** 31), 1e308])) } };
  },
  detached(record, random) {
    structuredClone(null, { transfer: [record.signal[random.whole(0, record.signal.length - 1)].buffer] });
    return { record };
  },
  shared(record) {
    const signal = record.signal.map((samples) => new Float64Array(new SharedArrayBuffer(samples.byteLength)).fill(samples[0]));
    for (const [lead, samples] of record.signal.entries()) signal[lead].set(samples);
    return { record: { ...record, signal } };
  },
  memory(record) {
    const bytes = record.signal[0].byteLength;
    const samples = new Float64Array(new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) }).buffer, 0, record.signal[0].length);
    samples.set(record.signal[0]);
    return { record: { ...record, signal: [samples, ...record.signal.slice(1)] }, mayRefuseToMove: true };
  },
  throwing(record, random) {
    const field = random.pick(['fs', 'sigName', 'units', 'signal', 'digital', 'adcGain', 'baseline']);
    const own = random.pick([new Error('from a getter'), new DOMException('from a getter', 'AbortError')]);
    return { record: Object.defineProperty(record, field, { get: () => raise(own) }), own };
  },
  proxy(record, random) {
    const own = new Error('from a proxy');
    const trap = random.pick(['get', 'has', 'ownKeys', 'getPrototypeOf']);
    return { record: new Proxy(record, { [trap]: () => raise(own) }), own };
  },
  /** As it should be, the first time. */
  shifting(record, random) {
    const field = random.pick(['fs', 'sigName', 'units', 'signal', 'signal']);
    const steady = record[field];
    const later = random.pick([null, [], 0, [{ slice: () => null }], [{ slice: () => () => {} }], [null], [{ slice: () => ({}) }]]);
    let asked = 0;
    return { record: Object.defineProperty(record, field, { get: () => (asked++ === 0 ? steady : later) }), unsteady: true };
  },
  /** Looks like an array of samples, and gives something else as its copy. */
  disguised(record, random) {
    const copy = random.pick([null, undefined, {}, () => {}, { buffer: null }, [], new Uint8Array(3), Symbol.iterator]);
    const lead = random.whole(0, record.signal.length - 1);
    const samples = random.chance(0.5) ? record.signal[lead] : { [Symbol.toStringTag]: 'Float64Array', length: record.signal[lead].length };
    record.signal[lead] = Object.assign(samples, { slice: () => copy });
    return { record, unsteady: true };
  },
};

/** Twelve leads, three seconds, in double precision: what `HOSTILE` spoils. */
export function victim(seed) {
  const { fs, sigName, units, signal } = simulate({ fs: 100, seconds: 3, seed });
  return { fs, sigName, units, signal: signal.map((samples) => Float64Array.from(samples)) };
}

function raise(error) {
  throw error;
}
