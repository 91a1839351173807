interface Waiting {
  readonly acts: Set<() => void>;
  readonly listen: () => void;
}

const waiting = new WeakMap<AbortSignal, Waiting>();

/**
 * Calls `act` when the signal is aborted. One listener for each signal, however many jobs it is to end: Node warns of a leak at eleven.
 * @returns what takes `act` back
 */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  const { acts, listen } = waitingFor(signal);
  const own = () => act(); // the same function may be given twice
  if (acts.size === 0) signal.addEventListener('abort', listen);
  acts.add(own);
  return () => {
    if (acts.delete(own) && acts.size === 0) signal.removeEventListener('abort', listen);
  };
}

function waitingFor(signal: AbortSignal): Waiting {
  const known = waiting.get(signal);
  if (known) return known;
  const acts = new Set<() => void>();
  const listen = () => {
    for (const act of [...acts]) act();
  };
  waiting.set(signal, { acts, listen });
  return { acts, listen };
}
