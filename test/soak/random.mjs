// Seeded draws: the same seed gives the same draws in the same order.

/** mulberry32 */
export class Random {
  #state;

  constructor(...seeds) {
    this.#state = 0x9e3779b9;
    for (const seed of seeds) {
      this.#state = Math.imul(this.#state ^ (seed >>> 0), 0x85ebca6b);
      this.next();
    }
  }

  /** 0 to 1 */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** `least` to `most`, both included. */
  whole(least, most) {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(share) {
    return this.next() < share;
  }

  pick(list) {
    return list[this.whole(0, list.length - 1)];
  }

  shuffle(list) {
    const shuffled = [...list];
    for (let index = shuffled.length - 1; index > 0; index--) {
      const other = this.whole(0, index);
      [shuffled[index], shuffled[other]] = [shuffled[other], shuffled[index]];
    }
    return shuffled;
  }
}

/** Gives all of a list in a random order, and then all of it again: each has its turn soon. */
export class Turns {
  #list;
  #random;
  #left = [];

  constructor(list, random) {
    this.#list = list;
    this.#random = random;
  }

  next() {
    if (this.#left.length === 0) this.#left = this.#random.shuffle(this.#list);
    return this.#left.pop();
  }
}
