import type { Variant } from '../wasm.js';

/** `sinus`, `bradycardia` and `tachycardia` are one rhythm at three rates; `af`: atrial fibrillation; `pvc`: ventricular premature beats. */
export type Rhythm = 'sinus' | 'bradycardia' | 'tachycardia' | 'af' | 'pvc';

/** Noise at the nine electrodes, in millivolts; a lead shows the difference of two or more. Keys left out keep their default. */
export interface SimulatedNoise {
  /** Amplitude of the baseline wander: respiration plus a slow drift. 0 to 2, default 0.05. */
  wanderMv?: number;
  /** Amplitude of the mains interference. 0 to 2, default 0.005. None where `mainsHz` is half of `fs` or more. */
  mainsMv?: number;
  /** 50 (default) or 60. */
  mainsHz?: 50 | 60;
  /** Root mean square of the muscle noise, white above 20 Hz. 0 to 2, default 0.008. */
  muscleMv?: number;
}

export interface SimulateOptions {
  /** Samples a second, 100 to 4000. Default 500. */
  fs?: number;
  /** Length of the record, 0.1 to 3600. Default 10. */
  seconds?: number;
  /** Default `sinus`. */
  rhythm?: Rhythm;
  /** Mean rate in beats a minute, 20 to 300 (bradycardia to 60, tachycardia from 100). Default 65, 45, 125, af 95, pvc 70. */
  heartRate?: number;
  /** Standard deviation of the rate in sinus rhythm, beats a minute, 0 to a tenth of `heartRate`. Default 1, as in ECGSYN. */
  heartRateStd?: number;
  /** Breaths a second, 0.05 to 1: respiratory arrhythmia and baseline wander. Default 0.25. */
  respirationHz?: number;
  /** Default as in `SimulatedNoise`. */
  noise?: SimulatedNoise | 'none';
  /** Integer, 0 to 2^32 - 1. The same seed gives the same bits everywhere. Default 1. */
  seed?: number;
  /** Binary to run on; both give the same bits. Default: the best of this engine. */
  variant?: Variant;
  /** A compiled `leadwise/kernels.wasm` of that variant, for engines that refuse to compile. */
  wasm?: WebAssembly.Module;
}

export type CheckedOptions = Required<Omit<SimulateOptions, 'noise' | 'variant' | 'wasm'>> & { noise: Required<SimulatedNoise> };

const RATES: Record<Rhythm, { least: number; normal: number; most: number }> = {
  sinus: { least: 20, normal: 65, most: 300 },
  bradycardia: { least: 20, normal: 45, most: 60 },
  tachycardia: { least: 100, normal: 125, most: 300 },
  af: { least: 20, normal: 95, most: 300 },
  pvc: { least: 20, normal: 70, most: 300 },
};
const MAX_NOISE_MV = 2;

/** Fills in the defaults. TypeError for a wrong type, RangeError for a wrong value. */
export function checkOptions(options: SimulateOptions): CheckedOptions {
  if (typeof options !== 'object' || options === null) throw new TypeError(`"options" expected an object, got ${String(options)}`);
  const { rhythm = 'sinus', seed = 1 } = options;
  if (!Object.hasOwn(RATES, rhythm)) throw new RangeError(`"rhythm" expected ${Object.keys(RATES).join(', ')}, got ${String(rhythm)}`);
  const rates = RATES[rhythm];
  const heartRate = inRange('heartRate', options.heartRate ?? rates.normal, rates.least, rates.most, 'beats a minute');
  inRange('seed', seed, 0, 2 ** 32 - 1, '(an integer)');
  if (!Number.isInteger(seed)) throw new RangeError(`"seed" expected an integer, got ${seed}`);
  return {
    fs: inRange('fs', options.fs ?? 500, 100, 4000, 'samples a second'),
    seconds: inRange('seconds', options.seconds ?? 10, 0.1, 3600, 's'),
    rhythm,
    heartRate,
    heartRateStd: inRange('heartRateStd', options.heartRateStd ?? Math.min(1, heartRate / 10), 0, heartRate / 10, 'beats a minute'),
    respirationHz: inRange('respirationHz', options.respirationHz ?? 0.25, 0.05, 1, 'Hz'),
    noise: checkNoise(options.noise ?? {}),
    seed,
  };
}

function checkNoise(noise: SimulatedNoise | 'none'): Required<SimulatedNoise> {
  if (noise === 'none') return { wanderMv: 0, mainsMv: 0, mainsHz: 50, muscleMv: 0 };
  if (typeof noise !== 'object' || noise === null) throw new TypeError(`"noise" expected an object or 'none', got ${String(noise)}`);
  const { mainsHz = 50 } = noise;
  if (mainsHz !== 50 && mainsHz !== 60) throw new RangeError(`"noise.mainsHz" expected 50 or 60, got ${String(mainsHz)}`);
  return {
    wanderMv: inRange('noise.wanderMv', noise.wanderMv ?? 0.05, 0, MAX_NOISE_MV, 'mV'),
    mainsMv: inRange('noise.mainsMv', noise.mainsMv ?? 0.005, 0, MAX_NOISE_MV, 'mV'),
    mainsHz,
    muscleMv: inRange('noise.muscleMv', noise.muscleMv ?? 0.008, 0, MAX_NOISE_MV, 'mV'),
  };
}

function inRange(name: string, value: unknown, ...[least, most, unit]: [number, number, string]): number {
  const expected = `"${name}" expected ${least} to ${most} ${unit}`;
  if (typeof value !== 'number') throw new TypeError(`${expected}, got ${value === null ? 'null' : typeof value}`);
  if (!(value >= least && value <= most)) throw new RangeError(`${expected}, got ${value}`);
  return value;
}
