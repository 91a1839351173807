// What a job may end in.

import { isDeepStrictEqual } from 'node:util';
import { LeadwiseError } from '../../dist/pool.js';

/** What `run` gives or throws. */
export function attempt(run) {
  try {
    return { value: run() };
  } catch (error) {
    return { error };
  }
}

export function settle(promise) {
  return promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
}

/**
 * In a word, how a job ended; `wrong` where it may not end so.
 * @param job { life, expected, signal, transfer, own, unsteady, mayRefuseToMove, mayBeFull }
 */
export function verdictOf(job, outcome) {
  if ('value' in outcome) return resultVerdict(job, outcome.value);
  const { error } = outcome;
  if (job.signal?.aborted && error === job.signal.reason) return { word: 'aborted' };
  if (error instanceof LeadwiseError && Object.hasOwn(POOL_CODES, error.code)) {
    const [word, allowed] = POOL_CODES[error.code];
    return allowed(job) ? { word } : { word, wrong: `${error.code} without a cause: ${error.message}` };
  }
  if (job.own !== undefined && error === job.own) return { word: 'refused' };
  if (error?.name === 'DataCloneError' && job.transfer && (job.mayRefuseToMove || job.unsteady)) return { word: 'refused' };
  if (job.unsteady) return isNamed(error) ? { word: 'refused' } : { word: 'refused', wrong: `no named error: ${describe(error)}` };
  if (!('error' in job.expected)) return { word: 'refused', wrong: `${describe(error)}, where model.classify gives a result` };
  if (isNamed(error) && sameError(error, job.expected.error)) return { word: 'refused' };
  return { word: 'refused', wrong: `${describe(error)}, where model.classify throws ${describe(job.expected.error)}` };
}

/** Whether a pool may say so now. */
const POOL_CODES = {
  POOL_DISPOSED: ['disposed', ({ life }) => life.disposed],
  WORKER_CRASHED: ['crashed', ({ life }) => ++life.crashed <= life.workers.told],
  WORKER_NOT_STARTED: ['not started', ({ life }) => life.workers.broken],
  POOL_FULL: ['full', ({ mayBeFull }) => mayBeFull],
};

function resultVerdict({ expected, unsteady }, result) {
  if (unsteady) return { word: 'result' };
  if (!('value' in expected)) return { word: 'result', wrong: `a result, where model.classify throws ${describe(expected.error)}` };
  if (!isDeepStrictEqual(bitsOf(result?.logits), bitsOf(expected.value.logits))) return { word: 'result', wrong: 'other bits' };
  return isDeepStrictEqual(result, expected.value) ? { word: 'result' } : { word: 'result', wrong: 'the right bits, but another result' };
}

function bitsOf(values) {
  return values instanceof Float32Array ? new Uint32Array(values.buffer, values.byteOffset, values.length) : undefined;
}

/** A code, or the class of a caller's mistake. */
export function isNamed(error) {
  return (error instanceof LeadwiseError && typeof error.code === 'string') || error instanceof TypeError || error instanceof RangeError;
}

function sameError(error, expected) {
  const told = ({ name, code, message, place }) => ({ name, code, message, place });
  return error.constructor === expected.constructor && isDeepStrictEqual(told(error), told(expected));
}

export function describe(error) {
  return error instanceof Error ? `${error.name} ${error.code ?? ''} "${error.message.slice(0, 200)}"` : String(error);
}
