import { checkRecord, type EcgRecord, type SignalArray } from '../ecg.js';

const ARRAYS = { Float32Array, Float64Array, Int16Array, Int32Array };

/**
 * The pool's own copy of a checked record, without what a worker does not need (comments may hold patient data). Views on larger buffers
 * are cut out: cloning them would clone all of the buffer.
 * @param transfer moves the buffers of the samples instead: the caller's arrays, and all other views on these buffers, are then empty
 * @throws TypeError, RangeError for a record that is another when it is read again: what cannot be posted is not to reach a worker
 */
export function takeRecord(record: EcgRecord, transfer: boolean): EcgRecord {
  let own = withArrays(record, transfer);
  if (transfer) own = structuredClone(own, { transfer: buffersOf(own) });
  checkRecord(own);
  return own;
}

function withArrays(record: EcgRecord, transfer: boolean): EcgRecord {
  const { fs, sigName, units, signal, digital, adcGain, baseline } = record;
  const take = <Samples extends SignalArray>(samples: Samples) => takeSamples(samples, transfer);
  return {
    fs,
    sigName: [...sigName],
    units: [...units],
    signal: Array.from(signal, take),
    ...(digital && { digital: Array.from(digital, take) }),
    ...(adcGain && { adcGain: [...adcGain] }),
    ...(baseline && { baseline: [...baseline] }),
  };
}

/** By the constructors of this realm: methods of the array could give anything. */
function takeSamples<Samples extends SignalArray>(samples: Samples, transfer: boolean): Samples {
  const type = Object.prototype.toString.call(samples).slice(8, -1);
  if (!Object.hasOwn(ARRAYS, type)) throw new TypeError(`"record" expected ${Object.keys(ARRAYS).join(', ')}, got ${type}`);
  const Own = ARRAYS[type as keyof typeof ARRAYS];
  if (samples.length === 0) return new Own(0) as Samples; // its buffer may have been moved away, and then nothing can be done with it
  return transfer ? samples : (new Own(samples) as Samples);
}

/** The buffers of all samples, each once. Shared memory cannot be transferred. */
export function buffersOf({ signal, digital = [] }: EcgRecord): ArrayBuffer[] {
  const buffers = new Set([...signal, ...digital].map((samples) => samples?.buffer));
  return [...buffers].filter((buffer): buffer is ArrayBuffer => Object.prototype.toString.call(buffer) === '[object ArrayBuffer]');
}
