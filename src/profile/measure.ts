import { findRepeats } from '../constant.js';
import type { Engine } from '../engine.js';
import { VERSION } from '../version.js';
import type { KernelSource } from '../wasm.js';
import type { Weights } from '../weights.js';
import { yieldToHost } from '../yield.js';
import { describeEngine } from './host.js';
import { measureBandwidth, PeakMeter } from './peak.js';
import { MOST_ROUNDS, type Profile, type ProfiledLayer, type ProfileOptions } from './profile.js';
import { median, rate } from './statistics.js';
import { activationTraffic, computedShare, weightTraffic } from './traffic.js';

const F32 = 4;
/** The peak is measured between layers too, so often: a noisy neighbour then hits it as often as the network. */
const PEAK_EVERY_MS = 10;
const WARM_UP = { leastRuns: 3, leastMs: 300, mostRuns: 100 };

/** What is measured. */
export interface Subject {
  readonly weights: Weights;
  readonly source: KernelSource;
  /** @throws when the model is no longer there */
  engine(): Engine;
  /** f32[leads][windowSamples], made anew each time where there is a record. */
  window(): Float32Array;
  readonly isRecord: boolean;
}

/** What one run of the network was. */
interface Run {
  readonly preprocessing: number;
  readonly total: number;
  /** By layer. */
  readonly ms: readonly number[];
  readonly computed: readonly number[];
}

/** Runs the network until the engine is warm, then `rounds` times, each time beside the peak. */
export async function measure(subject: Subject, options: ProfileOptions): Promise<Profile> {
  const { signal, onProgress } = options;
  const rounds = checkRounds(options.rounds);
  const { weights, source } = subject;
  const peak = new PeakMeter(source, weights.parameters.precision);
  peak.warmUp();
  const start = performance.now();
  for (let run = 0; run < WARM_UP.leastRuns || (run < WARM_UP.mostRuns && performance.now() - start < WARM_UP.leastMs); run++) {
    signal?.throwIfAborted();
    runOnce(subject, peak);
    await yieldToHost();
  }
  peak.begin();
  const runs: Run[] = [];
  for (let round = 1; round <= rounds; round++) {
    signal?.throwIfAborted();
    runs.push(runOnce(subject, peak));
    onProgress?.(round / rounds);
    await yieldToHost();
  }
  return summarize(subject, runs, { peak: peak.result(), bandwidth: measureBandwidth(source) });
}

/** From the record to the logits, timed from step to step, and the peak beside it. */
function runOnce(subject: Subject, peak: PeakMeter): Run {
  const engine = subject.engine();
  const begin = performance.now();
  const window = subject.window();
  const start = performance.now();
  const layers = engine.run(window, findRepeats(window, subject.weights.config.leads.length));
  const [ms, computed]: [number[], number[]] = [[], []];
  let last = performance.now();
  let [total, sincePeak] = [last - start, 0];
  for (;;) {
    const { done, value } = layers.next();
    const step = performance.now() - last;
    total += step;
    sincePeak += step;
    if (done) break;
    ms.push(step);
    computed.push(computedShare(value.values));
    if (sincePeak > PEAK_EVERY_MS) {
      peak.sample();
      sincePeak = 0;
    }
    last = performance.now();
  }
  peak.sample();
  return { preprocessing: start - begin, total, ms, computed };
}

function summarize(subject: Subject, runs: readonly Run[], rest: Pick<Profile, 'peak' | 'bandwidth'>): Profile {
  const { weights, source } = subject;
  const { gmacPerSecond: peakRate } = rest.peak;
  const layers = profiledLayers(subject.engine(), weights, runs, peakRate);
  const totals = runs.map(({ total }) => total);
  const computedMacs = layers.reduce((sum, layer) => sum + layer.computedMacs, 0);
  const gmacPerSecond = rate(computedMacs, median(totals));
  return {
    schema: 1,
    model: { name: weights.name, sha256: weights.sha256, version: VERSION },
    kernels: { variant: source.variant, sha256: source.sha256 },
    engine: describeEngine(),
    record: describeWindow(subject.window(), weights.config.leads),
    rounds: runs.length,
    preprocessingMs: subject.isRecord ? median(runs.map(({ preprocessing }) => preprocessing)) : null,
    totalMs: { median: median(totals), best: Math.min(...totals) },
    macs: layers.reduce((sum, layer) => sum + layer.macs, 0),
    computedMacs,
    gmacPerSecond,
    shareOfPeak: shareOf(gmacPerSecond, peakRate),
    peak: rest.peak,
    bandwidth: rest.bandwidth,
    layers,
  };
}

function profiledLayers(engine: Engine, { config }: Weights, runs: readonly Run[], peakRate: number): ProfiledLayer[] {
  const { layers } = engine.plan;
  const values = activationTraffic(layers, config.leads.length * config.windowSamples);
  const weightBytes = weightTraffic(layers, engine.packedBytes());
  return layers.map(({ name, shape, macs }, index) => {
    const samples = runs.map(({ ms }) => ms[index]!);
    const ms = median(samples);
    const share = runs[0]!.computed[index]!;
    const computedMacs = Math.round(macs * share);
    const gmacPerSecond = rate(computedMacs, ms);
    return {
      name,
      shape,
      macs,
      computedMacs,
      bytes: Math.round(values[index]! * F32 * share) + weightBytes.get(name)!,
      ms,
      bestMs: Math.min(...samples),
      gmacPerSecond,
      shareOfPeak: shareOf(gmacPerSecond, peakRate),
    };
  });
}

function shareOf(gmacPerSecond: number, peakRate: number): number {
  return peakRate > 0 ? gmacPerSecond / peakRate : 0;
}

/** Leads with other values than zero, and zeros before the first of these. */
function describeWindow(window: Float32Array, names: readonly string[]): Profile['record'] {
  const samples = window.length / names.length;
  const begins = names.map((_, row) => window.subarray(row * samples, (row + 1) * samples).findIndex((value) => value !== 0));
  const paddedSamples = Math.min(samples, ...begins.filter((begin) => begin >= 0));
  return { leads: names.filter((_, row) => begins[row]! >= 0), paddedSamples };
}

const DEFAULT_ROUNDS = 15;

/** @throws TypeError, RangeError */
function checkRounds(rounds: unknown = DEFAULT_ROUNDS): number {
  if (typeof rounds !== 'number') throw new TypeError(`"rounds" expected a number, got ${rounds === null ? 'null' : typeof rounds}`);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= MOST_ROUNDS) return rounds;
  throw new RangeError(`"rounds" expected a whole number from 1 to ${MOST_ROUNDS}, got ${rounds}`);
}
