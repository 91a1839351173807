// Records to draw from, with their references: a window that moves on, so that memory stays as it is and new records keep coming. A job's record
// follows from its number alone.

import { copyRecord, simulatedRecord } from './records.mjs';

const WIDTH = 40;
/** Jobs until the oldest record goes. */
const PACE = 50;

export class Catalogue {
  #entries = new Map();
  #seed;
  #classify;

  constructor(seed, classify) {
    this.#seed = seed;
    this.#classify = classify;
  }

  draw(number, random) {
    const first = Math.floor(number / PACE);
    const index = first + random.whole(0, WIDTH - 1);
    for (const old of this.#entries.keys()) if (old < first - WIDTH) this.#entries.delete(old);
    let entry = this.#entries.get(index);
    if (!entry) {
      entry = this.#entryOf(simulatedRecord((this.#seed + index) % 2 ** 32));
      this.#entries.set(index, entry);
    }
    return entry;
  }

  #entryOf(record) {
    const references = new Map();
    return {
      record,
      expected: (network, quality) => {
        const key = `${network} ${quality}`;
        if (!references.has(key)) references.set(key, this.#classify(network, copyRecord(record), quality));
        return references.get(key);
      },
    };
  }
}
