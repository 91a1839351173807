// What `model.profile` says. GMAC: 1e9 multiply-accumulates.

import type { Variant } from '../wasm.js';

/** Runs that can be asked for. */
export const MOST_ROUNDS = 1000;

export interface ProfileOptions {
  /** Measured runs, after those that warm the engine up; default 15, at most 1000. */
  rounds?: number;
  /** Stops between two runs. */
  signal?: AbortSignal;
  /** After each measured run; `fraction` is above 0, and 1 at the end. */
  onProgress?: (fraction: number) => void;
}

/** Milliseconds over the rounds. */
export interface Timing {
  readonly median: number;
  readonly best: number;
}

/** One layer; names and order are those of `model.plan.layers`. */
export interface ProfiledLayer {
  readonly name: string;
  /** Of its values: [leads, timeSteps, channels], or [channels] in the head. */
  readonly shape: readonly number[];
  /** Multiply-accumulates, counted as if nothing were skipped; those of key and value stand with the query, which is computed with them. */
  readonly macs: number;
  /** Of these, what was computed: padding and missing leads repeat, and are computed once. An estimate, from the layer's output. */
  readonly computedMacs: number;
  /** Activations read and written, and weights read, once each; an estimate, of what is computed. */
  readonly bytes: number;
  /** Median milliseconds. */
  readonly ms: number;
  readonly bestMs: number;
  /** computedMacs over the median. */
  readonly gmacPerSecond: number;
  /** Of `peak.gmacPerSecond`. */
  readonly shareOfPeak: number;
}

/** The network's own matrix kernel on matrices that stay in the first cache levels, measured in between. */
export interface Peak {
  readonly kernel: string;
  readonly shape: { readonly rows: number; readonly inner: number; readonly columns: number };
  /** Median of samples between runs and, in long runs, between layers. */
  readonly gmacPerSecond: number;
  readonly best: number;
}

/** A copy from one buffer to another, each larger than second-level caches are. */
export interface Bandwidth {
  /** Bytes of one buffer. */
  readonly bytes: number;
  /** 1e9 bytes read or written in a second: a copy counts twice. */
  readonly gigabytesPerSecond: number;
}

/** Plain data: it survives JSON. */
export interface Profile {
  readonly schema: 1;
  readonly model: { readonly name: string; readonly sha256: string; readonly version: string };
  readonly kernels: { readonly variant: Variant; readonly sha256: string };
  /** What runs the kernels: `node 20.20.2`, or the name that a browser gives itself. */
  readonly engine: string;
  /** Where it is known: an engine does not say, the command line asks the operating system. */
  readonly machine?: { readonly cpu: string; readonly cores: number };
  /** Leads that carry signal, and zeros before the record in the window. */
  readonly record: { readonly leads: readonly string[]; readonly paddedSamples: number };
  readonly rounds: number;
  /** From the record to the window, median; null when a window was given. */
  readonly preprocessingMs: number | null;
  /** The network: from the window to the logits. */
  readonly totalMs: Timing;
  readonly macs: number;
  readonly computedMacs: number;
  /** computedMacs over the median total. */
  readonly gmacPerSecond: number;
  readonly shareOfPeak: number;
  readonly peak: Peak;
  readonly bandwidth: Bandwidth;
  readonly layers: readonly ProfiledLayer[];
}
