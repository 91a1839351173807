import type { DiagnosisClass } from './classes.js';
import type { NetworkConfig } from './config.js';
import type { EcgRecord } from './ecg.js';
import { Engine, type MemoryReport, type NetworkPlan } from './engine.js';
import { LeadwiseError } from './errors.js';
import type { Explanation } from './explain.js';
import { type NetworkInput, preprocessRecord, recordLength } from './preprocess.js';
import type { Profile, ProfileOptions } from './profile/profile.js';
import { checkQualityMode, type QualityMode } from './quality/mode.js';
import { makeResult, type Result } from './result.js';
import { checkSelfTest, type SelfTest, selfTestInput } from './selftest.js';
import { SignalEngine } from './signal-engine.js';
import { NOTICE } from './version.js';
import { instantiateKernels, type KernelSource } from './wasm.js';
import type { Weights } from './weights.js';
import { checkWindowsMode, Timeline, type WindowsMode, windowsOf } from './windows.js';
import { yieldToHost } from './yield.js';

export interface ClassifyOptions {
  /** Default `gate`. */
  quality?: QualityMode;
  /** Of a record that is longer than the network's window: the `first` (default, as published), or `all`, one after the other, each preprocessed by itself. */
  windows?: WindowsMode;
}

/** How far a run is: the layer that was just computed, and the share of all multiply-accumulates. */
export interface Progress {
  layer: string;
  /** 0 to 1. */
  fraction: number;
}

export interface ClassifyAsyncOptions extends ClassifyOptions {
  /** Aborts between two layers, and in the queue behind an earlier call. */
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

export interface ExplainOptions extends Omit<ClassifyAsyncOptions, 'windows'> {}

export interface ForwardOptions {
  /**
   * Called after each layer with a copy of its values, f32 in the layout of `shape`: [leads, timeSteps, channels], or [channels] in the head.
   * Names are those of the checkpoint's modules; `transformer.embd.N` includes its BatchNorm and ReLU, `resize` is the interpolation.
   */
  onActivation?: (name: string, shape: readonly number[], values: Float32Array) => void;
}

/** A network with its weights, ready to classify. Made by `loadModel`. */
export class Model {
  readonly config: NetworkConfig;
  /** The classes in the order of the logits. */
  readonly classes: readonly DiagnosisClass[];
  /** Bytes of WebAssembly memory held until `dispose`. */
  readonly memory: MemoryReport;
  /** Shapes and work of all layers. */
  readonly plan: NetworkPlan;
  private engine: Engine | undefined;
  private readonly signalEngine: SignalEngine;
  /** Ends when the last asynchronous call has. */
  private queue: Promise<unknown> = Promise.resolve();
  private running = 0;

  /** @internal */
  constructor(
    private readonly weights: Weights,
    private readonly source: KernelSource,
  ) {
    this.engine = new Engine(weights, source);
    this.signalEngine = new SignalEngine((bytes) => instantiateKernels(source, bytes));
    this.config = weights.config;
    this.classes = weights.classes;
    this.memory = this.engine.memory;
    this.plan = this.engine.plan;
  }

  /**
   * Names what a record shows. Synchronous and deterministic: the same bits in every engine.
   * @throws TypeError, RangeError for an object that is no record
   * @throws RecordError `NO_KNOWN_LEAD`, `DUPLICATE_LEAD`, `UNEQUAL_LENGTHS`, `FS_OUT_OF_RANGE`, `RECORD_TOO_SHORT`, `RECORD_TOO_LONG`, `NO_USABLE_LEAD`
   * @throws LeadwiseError `MODEL_BUSY` while an asynchronous call runs and within a callback, `MODEL_DISPOSED`, `OVERFLOW` for weights that are too large
   */
  classify(record: EcgRecord, options: ClassifyOptions = {}): Result {
    const engine = this.idleEngine();
    if (this.wantsAll(options)) return this.classifyWindows(record, options);
    const input = this.prepare(record, options);
    return makeResult(this.weights, this.source, engine, { fs: record.fs, input, logits: finish(engine.run(input.window)) });
  }

  /**
   * As `classify`, giving way to the host between layers. Calls queue up: one runs at a time.
   * @throws what `classify` throws, and the signal's reason when aborted
   */
  async classifyAsync(record: EcgRecord, options: ClassifyAsyncOptions = {}): Promise<Result> {
    const { signal } = options;
    signal?.throwIfAborted();
    if (this.wantsAll(options)) return this.classifyWindowsAsync(record, options);
    const input = this.prepare(record, options);
    const { fs } = record;
    return this.enqueue(async () => {
      const engine = this.liveEngine();
      const logits = await this.runYielding(engine, input.window, options);
      return makeResult(this.weights, this.source, engine, { fs, input, logits });
    });
  }

  /** What the network sees of a record: f32[leads][windowSamples], preprocessed as published (quality "off"). @throws what `classify` throws */
  preprocess(record: EcgRecord): Float32Array {
    return this.prepare(record, { quality: 'off' }).window;
  }

  /**
   * The network alone: x f32[leads][windowSamples], as `preprocess` gives it -> f32[classes] logits.
   * @throws TypeError, RangeError for an array of another type or length, or one that holds NaN or infinity
   * @throws LeadwiseError `MODEL_BUSY`, `MODEL_DISPOSED`, `OVERFLOW`
   */
  forward(x: Float32Array, { onActivation }: ForwardOptions = {}): Float32Array {
    this.checkWindow(x);
    const engine = this.idleEngine();
    // The callback is not to start another run in the same memory.
    this.running++;
    try {
      return finish(engine.run(x), ({ name, shape, values }) => onActivation?.(name, shape, engine.view(values).slice()));
    } finally {
      this.running--;
    }
  }

  /**
   * Occlusion: how the logit of a class changes when each lead, and each half second in all leads, is hidden from the network. One run for
   * each, in the record's first window; gives way to the host and queues like `classifyAsync`.
   * @param code SNOMED CT code or abbreviation of one of `classes`
   * @throws TypeError, RangeError for a class that the network does not know
   * @throws what `classifyAsync` throws
   */
  async explain(record: EcgRecord, code: string, options: ExplainOptions = {}): Promise<Explanation> {
    options.signal?.throwIfAborted();
    const input = this.prepare(record, options);
    return this.enqueue(async () => {
      // Most never explain: bundlers put this into a file of its own.
      const { classIndex, occlude } = await import('./explain.js');
      const index = classIndex(this.classes, code);
      const run = (window: Float32Array, onProgress: ExplainOptions['onProgress']) =>
        this.runYielding(this.liveEngine(), window, { ...options, ...(onProgress ? { onProgress } : {}) });
      const { config } = this;
      return { ...this.classes[index]!, ...(await occlude(input, { config, index, run, onProgress: options.onProgress })), notice: NOTICE };
    });
  }

  /**
   * Measures the network on a record, or on a window as `preprocess` gives it: milliseconds, work and bytes of each layer, beside what the
   * matrix kernel reaches at best in the same process (docs/profile.md). Queues like `classifyAsync`, and gives way to the host between runs.
   * @throws TypeError, RangeError for options or a window that are none
   * @throws what `classify` throws, and the signal's reason when aborted
   */
  async profile(input: EcgRecord | Float32Array, options: ProfileOptions = {}): Promise<Profile> {
    options.signal?.throwIfAborted();
    const isRecord = !(input instanceof Float32Array);
    const copy = isRecord ? undefined : input.slice();
    const window = () => copy ?? this.prepare(input as EcgRecord, {}).window;
    if (isRecord) window();
    else this.checkWindow(input);
    this.liveEngine();
    return this.enqueue(async () => {
      // Most never measure: bundlers put this into a file of its own.
      const { measure } = await import('./profile/measure.js');
      const { weights, source } = this;
      return measure({ weights, source, engine: () => this.liveEngine(), window, isRecord }, options);
    });
  }

  /**
   * Runs the network on the input whose answer stands in its weight file, and compares the bits. Returns that answer.
   * @throws WeightsError `NO_SELF_TEST`
   * @throws LeadwiseError `SELF_TEST_FAILED`, `MODEL_BUSY`, `MODEL_DISPOSED`
   */
  selfTest(): SelfTest {
    return checkSelfTest(this.weights.metadata, this.forward(selfTestInput(this.config)));
  }

  /** Gives the memory back. Every later call throws `MODEL_DISPOSED`; an asynchronous run that is under way ends with it. */
  dispose(): void {
    this.engine = undefined;
    this.signalEngine.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private wantsAll({ windows = 'first' }: ClassifyOptions): boolean {
    checkWindowsMode(windows);
    return windows === 'all';
  }

  private *windows(record: EcgRecord): ReturnType<typeof windowsOf> {
    const { windowSamples, fs } = this.config;
    yield* windowsOf(record, recordLength(record, this.config), windowSamples / fs);
  }

  private classifyWindows(record: EcgRecord, { quality = 'gate' }: ClassifyOptions): Result {
    const timeline = new Timeline();
    for (const window of this.windows(record)) {
      try {
        timeline.add(window, this.classify(window.record, { quality }));
      } catch (error) {
        timeline.addFailure(window, error);
      }
    }
    return timeline.result();
  }

  private async classifyWindowsAsync(record: EcgRecord, { quality = 'gate', signal, onProgress }: ClassifyAsyncOptions): Promise<Result> {
    const timeline = new Timeline();
    const windows = [...this.windows(record)];
    for (const [index, window] of windows.entries()) {
      const report =
        onProgress && ((progress: Progress) => onProgress({ ...progress, fraction: (index + progress.fraction) / windows.length }));
      try {
        const options = { quality, ...(signal ? { signal } : {}), ...(report ? { onProgress: report } : {}) };
        timeline.add(window, await this.classifyAsync(window.record, options));
      } catch (error) {
        timeline.addFailure(window, error);
      }
    }
    return timeline.result();
  }

  private prepare(record: EcgRecord, { quality = 'gate' }: ClassifyOptions): NetworkInput {
    this.liveEngine();
    checkQualityMode(quality);
    return preprocessRecord(record, this.config, quality, this.signalEngine);
  }

  /** @throws TypeError, RangeError */
  private checkWindow(x: Float32Array): void {
    const { leads, windowSamples } = this.config;
    if (!(x instanceof Float32Array)) throw new TypeError('"x" expected a Float32Array');
    if (x.length !== leads.length * windowSamples) {
      throw new RangeError(
        `"x" expected ${leads.length} leads of ${windowSamples} samples (${leads.length * windowSamples}), got ${x.length}`,
      );
    }
    const bad = x.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new RangeError(`"x" expected finite values, got ${x[bad]} at ${bad}`);
  }

  /** Runs `work` when the asynchronous calls before it have ended. */
  private enqueue<Value>(work: () => Promise<Value>): Promise<Value> {
    this.running++;
    const run = this.queue.then(work);
    this.queue = run.catch(() => {}).then(() => this.running--);
    return run;
  }

  private async runYielding(
    engine: Engine,
    x: Float32Array,
    { signal, onProgress }: Pick<ClassifyAsyncOptions, 'signal' | 'onProgress'>,
  ): Promise<Float32Array> {
    let done = 0;
    const layers = engine.run(x);
    for (;;) {
      signal?.throwIfAborted();
      this.liveEngine();
      const step = layers.next();
      if (step.done) return step.value;
      done += step.value.macs;
      onProgress?.({ layer: step.value.name, fraction: done / this.plan.macs });
      await yieldToHost();
    }
  }

  private liveEngine(): Engine {
    if (!this.engine) throw new LeadwiseError('MODEL_DISPOSED', 'This model was disposed: load it again');
    return this.engine;
  }

  private idleEngine(): Engine {
    const engine = this.liveEngine();
    if (this.running > 0) {
      throw new LeadwiseError('MODEL_BUSY', 'Another call is under way on this model: await it, or use classifyAsync, which queues');
    }
    return engine;
  }
}

/** Runs all steps, and returns what the generator returns. */
function finish<Step, Value>(steps: Generator<Step, Value, void>, onStep?: (step: Step) => void): Value {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value as Value;
    onStep?.(value as Step);
  }
}
