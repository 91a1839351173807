// Pools with a fault of their own: a soak that does not notice is none.

export const BREAKS = ['lose', 'bits', 'unnamed', 'twice', 'keep'];
/** Of the results. */
const SHARE = 0.25;

export function breakPool(pool, fault, random) {
  if (fault === undefined) return pool;
  return new Proxy(pool, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name === 'classify' && fault in SINGLE) {
        return async (...parameters) => {
          const result = await target.classify(...parameters);
          return random.chance(SHARE) ? SINGLE[fault](result) : result;
        };
      }
      if (name === 'classifyMany' && fault === 'twice') return (...parameters) => twice(target.classifyMany(...parameters));
      if (name === 'dispose' && fault === 'keep') return () => {};
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const SINGLE = {
  lose: () => new Promise(() => {}),
  bits(result) {
    const logits = result.logits.slice();
    new Uint32Array(logits.buffer)[25] ^= 1;
    return { ...result, logits };
  },
  unnamed() {
    throw new Error('something went wrong');
  },
};

async function* twice(entries) {
  for await (const entry of entries) {
    yield entry;
    yield entry;
  }
}
