import { type EcgRecord, STANDARD_LEADS } from './ecg.js';
import { type Beats, intervalCount, placeBeats } from './simulate/beats.js';
import { type CheckedOptions, checkOptions, type SimulateOptions } from './simulate/options.js';
import {
  ECTOPIC_QRS_LOOP,
  ECTOPIC_T_LOOP,
  FIBRILLATION_AXIS,
  P_LOOP,
  projection,
  QRS_LOOP,
  T_LOOP,
  waveTable,
} from './simulate/vectors.js';
import { builtKernels, instantiateKernels, type KernelInstance } from './wasm.js';

export type { Rhythm, SimulatedNoise, SimulateOptions } from './simulate/options.js';
export { formatCsv } from './writers/csv.js';
export { formatWfdb, type WfdbFiles } from './writers/wfdb.js';

const ADC_UNITS_PER_MV = 1000;
const ELECTRODES = 9;
const INDEPENDENT_LEADS = 8; // I, II, V1 to V6
const BLOCK_SAMPLES = 4096;
const FIBRILLATION_HZ = 6;

/**
 * A simulated 12-lead record, the same bits for the same options in every engine.
 *
 * The heart is the dynamical model of McSharry, Clifford, Tarassenko, Smith (IEEE Trans Biomed Eng 50(3):289, 2003) as the three-axis dipole
 * of Sameni, Clifford, Jutten, Shamsollahi (EURASIP J Adv Signal Process 2007:43407): Gaussian waves in x, y and z, with their published
 * parameters, projected by the matrix of Dower, Machado, Osborne (Clin Cardiol 3:87, 1980). RR intervals have McSharry's spectrum of two
 * bands. P and T follow the square root of the mean RR interval (Bazett; the authors' program ECGSYN scales widths so, and positions by the
 * fourth root in phase); QRS keeps its duration. Atrial fibrillation draws its intervals from an AV node under random impulses, simplified
 * after Lian et al. (Biomed Eng Online 6:9, 2007), and its waves from the sawtooth model of Stridh and Soernmo (IEEE Trans Biomed Eng
 * 48(1):105, 2001). Noise enters at nine electrodes.
 *
 * Returns I, II, III, aVR, aVL, aVF, V1 to V6: `digital` Int32Array[round(fs * seconds)] in units of 1 uV (`adcGain` 1000, `baseline` 0),
 * `signal` the same in mV. I and II are even numbers, so that III = II - I, aVR = -(I + II) / 2, aVL = I - II / 2 and aVF = II - I / 2 hold
 * exactly in `digital`.
 *
 * Limits: one adult's heart; all beats of a kind have one shape; no conduction disease, ischaemia or infarction; no aberrant beats, no
 * capture or fusion; QT takes no notice of single intervals; P disappears in T above some 200 beats a minute; noise is stationary, without
 * electrode motion or saturation. Good for demonstrations and tests of plumbing, never for training, or for judging a classifier.
 *
 * TypeError for an option of the wrong type, RangeError for one out of range.
 */
export function simulate(options: SimulateOptions = {}): EcgRecord {
  const checked = checkOptions(options);
  const intervals = intervalCount(checked);
  const instance = instantiateKernels(options.wasm ? { module: options.wasm } : builtKernels(options.variant), workspaceBytes(intervals));
  const independent = runModel(new Workspace(instance), checked, intervals);
  const digital = standardLeads(independent);
  return {
    fs: checked.fs,
    sigName: [...STANDARD_LEADS],
    units: STANDARD_LEADS.map(() => 'mV'),
    signal: digital.map((lead) => new Float64Array(lead).map((value) => value / ADC_UNITS_PER_MV)),
    digital,
    adcGain: STANDARD_LEADS.map(() => ADC_UNITS_PER_MV),
    baseline: STANDARD_LEADS.map(() => 0),
    comments: [`Simulated ECG, not a patient: rhythm ${checked.rhythm}, ${checked.heartRate} beats a minute, seed ${checked.seed}`],
  };
}

/** Bump allocation in the kernels' memory. */
class Workspace {
  readonly kernels;
  private readonly memory;
  private next;

  constructor(instance: KernelInstance) {
    this.kernels = instance.kernels;
    this.memory = instance.memory;
    this.next = this.kernels.heapBase();
  }

  reserve(bytes: number): number {
    const pointer = (this.next + 15) & ~15;
    this.next = pointer + bytes;
    return pointer;
  }

  put(values: ArrayLike<number>): number {
    const pointer = this.reserve(values.length * 8);
    this.f64(pointer, values.length).set(values);
    return pointer;
  }

  f64(pointer: number, count: number): Float64Array {
    return new Float64Array(this.memory.buffer, pointer, count);
  }

  i32(pointer: number, count: number): Int32Array {
    return new Int32Array(this.memory.buffer, pointer, count);
  }
}

function workspaceBytes(intervals: number): number {
  const tables = 1 << 13; // wave tables, projection, filter states, alignment
  return tables + intervals * 8 * 3 + BLOCK_SAMPLES * ((3 + ELECTRODES) * 8 + INDEPENDENT_LEADS * 4);
}

/** int32[8][samples], I, II, V1 to V6 in microvolts: block by block, so that an hour needs no more memory than ten seconds. */
function runModel(workspace: Workspace, options: CheckedOptions, intervals: number): Int32Array[] {
  const { kernels } = workspace;
  const { fs, seed } = options;
  const sigLen = Math.round(fs * options.seconds);
  const addHeart = prepareHeart(workspace, options, intervals);
  const addNoise = prepareNoise(workspace, options);
  const matrix = workspace.put(projection());
  const dipole = workspace.reserve(3 * BLOCK_SAMPLES * 8);
  const electrodes = workspace.reserve(ELECTRODES * BLOCK_SAMPLES * 8);
  const digital = workspace.reserve(INDEPENDENT_LEADS * BLOCK_SAMPLES * 4);
  const direction = workspace.put(FIBRILLATION_AXIS);
  const leads = Array.from({ length: INDEPENDENT_LEADS }, () => new Int32Array(sigLen));
  for (let start = 0; start < sigLen; start += BLOCK_SAMPLES) {
    const samples = Math.min(BLOCK_SAMPLES, sigLen - start);
    workspace.f64(dipole, 3 * samples).fill(0);
    workspace.f64(electrodes, ELECTRODES * samples).fill(0);
    addHeart(dipole, samples, start);
    if (options.rhythm === 'af') kernels.f64_add_fibrillation(direction, dipole, samples, start, fs, FIBRILLATION_HZ, seed);
    addNoise(electrodes, samples, start);
    kernels.i32_project_leads(matrix, dipole, electrodes, digital, samples);
    leads.forEach((lead, row) => {
      lead.set(workspace.i32(digital + row * samples * 4, samples), start);
    });
  }
  return leads;
}

type AddBlock = (target: number, samples: number, start: number) => void;

function prepareHeart(workspace: Workspace, options: CheckedOptions, intervals: number): AddBlock {
  const { kernels } = workspace;
  const beats = drawBeats(workspace, options, intervals);
  // Bazett's law on the mean rate, as ECGSYN also takes the mean (QT follows the rate within a minute or two, not within a beat).
  const stretch = Math.sqrt(60 / options.heartRate);
  const parts = [
    { waves: waveTable([[P_LOOP, stretch]]), times: beats.atrial },
    {
      waves: waveTable([
        [QRS_LOOP, 1],
        [T_LOOP, stretch],
      ]),
      times: beats.ventricular,
    },
    {
      waves: waveTable([
        [ECTOPIC_QRS_LOOP, 1],
        [ECTOPIC_T_LOOP, stretch],
      ]),
      times: beats.ectopic,
    },
  ].map(({ waves, times }) => ({
    waves: workspace.put(waves),
    times: workspace.put(times),
    waveCount: waves.length / 4,
    timeCount: times.length,
  }));
  return (dipole, samples, start) => {
    for (const { waves, times, waveCount, timeCount } of parts) {
      kernels.f64_add_waves(waves, times, dipole, waveCount, timeCount, samples, start, options.fs);
    }
  };
}

function drawBeats(workspace: Workspace, options: CheckedOptions, count: number): Beats {
  const { kernels } = workspace;
  const { heartRate, heartRateStd, respirationHz, rhythm, seed } = options;
  const intervals = workspace.reserve(count * 8);
  const meanSeconds = 60 / heartRate;
  if (rhythm === 'af') kernels.f64_rr_fibrillation(intervals, count, meanSeconds, seed);
  else kernels.f64_rr_sinus(intervals, count, meanSeconds, (meanSeconds * heartRateStd) / heartRate, respirationHz, seed);
  return placeBeats(workspace.f64(intervals, count), options, kernels);
}

function prepareNoise(workspace: Workspace, options: CheckedOptions): AddBlock {
  const { kernels } = workspace;
  const { fs, respirationHz, seed } = options;
  const { wanderMv, mainsMv, mainsHz, muscleMv } = options.noise;
  const state = workspace.put(new Float64Array(ELECTRODES));
  return (electrodes, samples, start) => {
    if (wanderMv > 0) kernels.f64_add_wander(electrodes, samples, start, fs, wanderMv, respirationHz, seed);
    // A converter's input filter takes mains out where it would alias.
    if (mainsMv > 0 && mainsHz < fs / 2) kernels.f64_add_mains(electrodes, samples, start, fs, mainsMv, mainsHz, seed);
    if (muscleMv > 0) kernels.f64_add_muscle(electrodes, state, samples, start, fs, muscleMv, seed);
  };
}

/** The four leads that Einthoven's and Goldberger's laws give, in whole microvolts because I and II are even. */
function standardLeads([leadI, leadII, ...chest]: Int32Array[]): Int32Array[] {
  const combine = (lead: (one: number, two: number) => number) => leadI!.map((one, n) => lead(one, leadII![n]!));
  return [
    leadI!,
    leadII!,
    combine((one, two) => two - one),
    combine((one, two) => -(one + two) / 2),
    combine((one, two) => one - two / 2),
    combine((one, two) => two - one / 2),
    ...chest,
  ];
}
