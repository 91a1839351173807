/** Of an even number the upper of the two in the middle: a time that was measured. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** 1e9 of what was counted, a second; 0 where the clock is too coarse to tell. */
export function rate(count: number, ms: number): number {
  return ms > 0 ? count / ms / 1e6 : 0;
}
