import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena, alignUp } from '../src/arena.js';

/** Ask for bytes, or give back one of the stretches that are taken (counted from the oldest, modulo their number). */
type Step = { allocate: number } | { release: number };

interface Taken {
  pointer: number;
  bytes: number;
}

interface Replay {
  pointers: number[];
  taken: Taken[];
  peak: number;
}

const BEGIN = 1040;

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ allocate: fc.integer({ min: 1, max: 300 }) }) },
    { weight: 2, arbitrary: fc.record({ release: fc.nat(50) }) },
  ),
  { maxLength: 60 },
);

/** Follows the steps; `check` sees what is taken after each of them. */
function replay(arena: Arena, sequence: Step[], check: (taken: Taken[]) => void = () => {}): Replay {
  const taken: Taken[] = [];
  const pointers: number[] = [];
  for (const step of sequence) {
    if ('allocate' in step) {
      const pointer = arena.allocate(step.allocate);
      pointers.push(pointer);
      taken.push({ pointer, bytes: step.allocate });
    } else if (taken.length > 0) {
      const [gone] = taken.splice(step.release % taken.length, 1);
      arena.release(gone!.pointer);
    }
    check(taken);
  }
  return { pointers, taken, peak: arena.peak };
}

describe('Arena', () => {
  it('hands out aligned stretches that never overlap', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        replay(new Arena(BEGIN), sequence, (taken) => {
          const sorted = [...taken].sort((a, b) => a.pointer - b.pointer);
          const wrong = sorted.filter(({ pointer }, i) => {
            const before = sorted[i - 1];
            return pointer % 16 !== 0 || pointer < (before ? before.pointer + before.bytes : BEGIN);
          });
          expect(wrong).toEqual([]);
        });
      }),
    );
  });

  it('gives the same addresses again, after a reset, and in no more memory than its peak', () => {
    fc.assert(
      fc.property(steps, steps, (sequence, other) => {
        const dry = replay(new Arena(BEGIN), sequence);
        const exact = new Arena(BEGIN, BEGIN + dry.peak);
        expect(replay(exact, sequence)).toEqual(dry);
        exact.reset();
        expect(replay(exact, sequence)).toEqual(dry);

        const used = new Arena(BEGIN);
        replay(used, other);
        used.reset();
        expect(replay(used, sequence).pointers).toEqual(dry.pointers);
      }),
    );
  });

  it('has a peak that reaches exactly to the highest byte handed out', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        let highest = BEGIN;
        const { peak } = replay(new Arena(BEGIN), sequence, (taken) => {
          for (const { pointer, bytes } of taken) highest = Math.max(highest, pointer + alignUp(bytes));
        });
        expect(peak).toBe(highest - BEGIN);
      }),
    );
  });

  it('joins what comes back: when all is free, it is one stretch', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.nat(100), { minLength: 60, maxLength: 60 }), (sequence, order) => {
        const end = BEGIN + alignUp(300) * 60;
        const arena = new Arena(BEGIN, end);
        const { taken } = replay(arena, sequence);
        for (const pick of order.slice(0, taken.length)) {
          const [gone] = taken.splice(pick % taken.length, 1);
          arena.release(gone!.pointer);
        }
        expect(arena.allocate(end - BEGIN)).toBe(BEGIN);
      }),
    );
  });

  it('takes the first stretch that is large enough', () => {
    const arena = new Arena(0);
    const [first, , third] = [arena.allocate(32), arena.allocate(16), arena.allocate(64), arena.allocate(16)];
    arena.release(first);
    arena.release(third);
    expect([arena.allocate(48), arena.allocate(17), arena.allocate(16), arena.allocate(16)]).toEqual([48, 0, 96, 128]);
    expect(arena.peak).toBe(144);
  });

  it('aligns its begin', () => {
    expect(new Arena(1).allocate(1)).toBe(16);
    expect([0, 1, 16, 17].map(alignUp)).toEqual([0, 16, 16, 32]);
  });

  it('refuses more than it has, and what it did not hand out', () => {
    const arena = new Arena(0, 64);
    const pointer = arena.allocate(48);
    expect(() => arena.allocate(17)).toThrow(new RangeError('arena exhausted: 17 bytes asked for'));
    expect(() => arena.release(16)).toThrow(new RangeError('address 16 is not taken'));
    arena.release(pointer);
    expect(() => arena.release(pointer)).toThrow(RangeError);
    expect(arena.allocate(64)).toBe(0);
  });
});
