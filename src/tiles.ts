// Which steps of a tensor are computed, and in which order: tiles, without what repeats (constant.ts).

import { computedStretches, MARGIN, type Stretch } from './constant.js';
import type { KernelExports } from './kernel-exports.js';
import type { Tensor } from './tensor.js';

/** Time steps that a tile of a fused layer holds: its scratch stays in the first cache levels, and calls stay short. */
export const TILE_STEPS = 64;
const F32 = 4;

export class Tiles {
  constructor(private readonly kernels: KernelExports) {}

  /** Writes the steps within constant stretches. */
  complete(x: Tensor): void {
    for (let lead = 0; lead < x.leads; lead++) this.completeLead(x, lead);
  }

  /**
   * Before an output is computed: step t of it reads those of x from t * stride - before to t * stride + after. Where that goes further into
   * a constant stretch than its steps are in memory, they are written.
   */
  need(x: Tensor, output: Tensor, { stride = 1, before = 0, after = 0 }: { stride?: number; before?: number; after?: number } = {}): void {
    for (const [lead, stretch] of x.repeats.constant.entries()) {
      const [firstHidden, lastHidden] = [stretch.from + MARGIN + 1, stretch.to - MARGIN - 1];
      if (firstHidden > lastHidden || output.repeats.twin[lead] !== lead) continue;
      const reads = computedStretches(output.repeats.constant[lead]!, output.timeSteps);
      const isHidden = ({ from, to }: Stretch) => from * stride - before <= lastHidden && (to - 1) * stride + after >= firstHidden;
      if (reads.some(isHidden)) this.completeLead(x, lead);
    }
  }

  private completeLead(x: Tensor, lead: number): void {
    const { from, to } = x.repeats.constant[lead]!;
    if (from < to) this.kernels.repeat(row(x, lead, from), row(x, lead, from + 1), x.channels * F32, to - from - 1);
  }

  /** Runs what computes a tensor, tile by tile, on those steps that repeat nothing, and repeats them. */
  forEach(output: Tensor, run: (lead: number, start: number, steps: number) => void): void {
    for (let lead = 0; lead < output.leads; lead++) {
      if (output.repeats.twin[lead] === lead) forEachStretch(output, lead, (start, steps) => run(lead, start, steps));
    }
    this.repeat(output);
  }

  /** The first and last steps of constant stretches, and leads that are like another. */
  repeat(x: Tensor): void {
    const rowBytes = x.channels * F32;
    for (const [lead, stretch] of x.repeats.constant.entries()) {
      const twin = x.repeats.twin[lead]!;
      if (twin !== lead) {
        for (const { from, to } of computedStretches(stretch, x.timeSteps)) {
          this.kernels.copy(row(x, twin, from), row(x, lead, from), (to - from) * rowBytes);
        }
      }
      const { from, to } = stretch;
      if (from === to) continue;
      const column = row(x, lead, from);
      this.kernels.repeat(column, column + rowBytes, rowBytes, MARGIN);
      this.kernels.repeat(column, row(x, lead, to - MARGIN), rowBytes, MARGIN);
    }
  }
}

/** Address of time step `step` of a lead. */
export function row({ pointer, timeSteps, channels }: Tensor, lead: number, step: number): number {
  return pointer + (lead * timeSteps + step) * channels * F32;
}

/** The steps of a lead that have to be computed, in tiles. */
export function forEachStretch({ repeats, timeSteps }: Tensor, lead: number, run: (start: number, steps: number) => void): void {
  for (const { from, to } of computedStretches(repeats.constant[lead]!, timeSteps)) {
    for (let start = from; start < to; start += TILE_STEPS) run(start, Math.min(TILE_STEPS, to - start));
  }
}
