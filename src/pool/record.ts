import type { EcgRecord, SignalArray } from '../ecg.js';

/**
 * The pool's own copy of a checked record, without what a worker does not need (comments may hold patient data). Views on larger buffers
 * are cut out: cloning them would clone all of the buffer.
 * @param transfer moves the buffers of the samples instead: the caller's arrays, and all other views on these buffers, are then empty
 */
export function takeRecord(record: EcgRecord, transfer: boolean): EcgRecord {
  const own = withArrays(record, transfer ? (samples) => samples : (samples) => samples.slice() as typeof samples);
  return transfer ? structuredClone(own, { transfer: buffersOf(own) }) : own;
}

function withArrays(record: EcgRecord, take: <Samples extends SignalArray>(samples: Samples) => Samples): EcgRecord {
  const { fs, sigName, units, signal, digital, adcGain, baseline } = record;
  return {
    fs,
    sigName: [...sigName],
    units: [...units],
    signal: signal.map(take),
    ...(digital && { digital: digital.map(take) }),
    ...(adcGain && { adcGain: [...adcGain] }),
    ...(baseline && { baseline: [...baseline] }),
  };
}

/** The buffers of all samples, each once. Shared memory cannot be transferred. */
export function buffersOf({ signal, digital = [] }: EcgRecord): ArrayBuffer[] {
  const buffers = new Set([...signal, ...digital].map(({ buffer }) => buffer));
  return [...buffers].filter((buffer): buffer is ArrayBuffer => Object.prototype.toString.call(buffer) === '[object ArrayBuffer]');
}
