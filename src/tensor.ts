import type { Repeats } from './constant.js';

/** Activations in wasm memory: f32[leads][timeSteps][channels], contiguous. */
export interface Tensor {
  readonly pointer: number;
  readonly leads: number;
  readonly timeSteps: number;
  readonly channels: number;
  /** What of it equals what; steps within a constant stretch may not be in memory (`F32Operations.complete`). */
  readonly repeats: Repeats;
}

/** What the network has just computed. */
export interface Layer {
  /** Module name as in the checkpoint. */
  readonly name: string;
  readonly values: Tensor;
  /** [leads, timeSteps, channels], or [channels] after the head has joined leads and time. */
  readonly shape: readonly number[];
  /** Multiply-accumulates since the layer before, counted as if nothing were skipped. */
  readonly macs: number;
}
