/** Byte addresses are multiples of this, so that vector loads are aligned. */
const ALIGNMENT = 16;

/**
 * Hands out addresses of one fixed stretch of memory. First fit, so that equal sequences of calls give equal addresses:
 * a dry run finds the size (`peak`), every later run repeats it.
 */
export class Arena {
  private readonly begin: number;
  /** Free stretches [begin, end) in ascending order, never adjacent. */
  private free: [begin: number, end: number][];
  private readonly taken = new Map<number, number>();
  private highest: number;

  constructor(begin: number, end = Number.MAX_SAFE_INTEGER) {
    this.begin = alignUp(begin);
    this.free = [[this.begin, end]];
    this.highest = this.begin;
  }

  /** Bytes from the arena's begin to the highest address ever handed out. */
  get peak(): number {
    return this.highest - this.begin;
  }

  allocate(bytes: number): number {
    const size = alignUp(bytes);
    const index = this.free.findIndex(([begin, end]) => end - begin >= size);
    const stretch = this.free[index];
    if (!stretch) throw new RangeError(`arena exhausted: ${bytes} bytes asked for`);
    const pointer = stretch[0];
    stretch[0] += size;
    if (stretch[0] === stretch[1]) this.free.splice(index, 1);
    this.taken.set(pointer, size);
    this.highest = Math.max(this.highest, pointer + size);
    return pointer;
  }

  release(pointer: number): void {
    const size = this.taken.get(pointer);
    if (size === undefined) throw new RangeError(`address ${pointer} is not taken`);
    this.taken.delete(pointer);
    let index = this.free.findIndex(([begin]) => begin > pointer);
    if (index < 0) index = this.free.length;
    this.free.splice(index, 0, [pointer, pointer + size]);
    this.join(index);
    this.join(index - 1);
  }

  /** Forgets everything that was handed out, whatever became of it. */
  reset(): void {
    const end = this.free.at(-1)?.[1] ?? this.highest;
    this.free = [[this.begin, Math.max(end, this.highest)]];
    this.taken.clear();
  }

  private join(index: number): void {
    const left = this.free[index];
    const right = this.free[index + 1];
    if (left && right && left[1] === right[0]) {
      left[1] = right[1];
      this.free.splice(index + 1, 1);
    }
  }
}

export function alignUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
