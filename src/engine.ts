import { Arena, alignUp } from './arena.js';
import type { NetworkConfig } from './config.js';
import { findRepeats, type Repeats } from './constant.js';
import { LeadwiseError, WeightsError } from './errors.js';
import type { KernelExports } from './kernel-exports.js';
import { forward } from './network.js';
import { F32Operations } from './operations.js';
import { Int8Operations } from './operations-int8.js';
import { type Packed, packF32 } from './pack.js';
import { packQuantized } from './quantized.js';
import { KERNEL_TEST_BYTES, testKernels } from './selftest.js';
import type { Layer, Tensor } from './tensor.js';
import { instantiateKernels, type KernelInstance, type KernelSource } from './wasm.js';
import type { Weights } from './weights.js';

// Wasm addresses are 32 bits; far above any preset, and small enough that every engine can give it.
const LARGEST_MEMORY = 2 ** 30;

/** Bytes of wasm memory that a model holds. Nothing is allocated after loading. */
export interface MemoryReport {
  /** Packed weights. */
  readonly weights: number;
  /** Activations and scratch, reused by lifetime. */
  readonly activations: number;
  /** The whole WebAssembly memory. */
  readonly total: number;
}

/** What a forward pass does, found by walking the layers without computing. */
export interface NetworkPlan {
  readonly layers: readonly Omit<Layer, 'values'>[];
  readonly macs: number;
  /** Bytes of activations and scratch. */
  readonly activations: number;
}

/** The layers with their shapes and work, and the memory they need. */
export function planNetwork(config: NetworkConfig, classCount: number, Operations = F32Operations): NetworkPlan {
  const nothing = new Proxy({}, { get: () => () => 0 }) as KernelExports;
  const arena = new Arena(0);
  const operations = new Operations(config, nothing, arena, { address: () => 0, values: () => [0, 0] });
  const input = operations.tensor(config.leads.length, config.windowSamples, 1);
  const layers = Array.from(forward(config, operations, input, classCount), ({ name, shape, macs }) => ({ name, shape, macs }));
  return { layers, macs: layers.reduce((sum, { macs }) => sum + macs, 0), activations: arena.peak };
}

/** One network with its weights in a wasm memory of its own, ready to run. */
export class Engine {
  readonly memory: MemoryReport;
  readonly plan: NetworkPlan;
  private readonly instance: KernelInstance;
  private readonly operations: F32Operations;
  private readonly arena: Arena;
  private readonly packed: Packed;

  constructor(
    private readonly weights: Weights,
    source: KernelSource,
    Operations = weights.parameters.precision === 'int8' ? Int8Operations : F32Operations,
  ) {
    const { config, classes, parameters } = weights;
    this.plan = planNetwork(config, classes.length, Operations);
    const packed =
      parameters.precision === 'int8' ? packQuantized(parameters.layers, parameters.tensors) : packF32(config, parameters.tensors);
    this.packed = packed;
    const weightBytes = Array.from(packed.values()).reduce((sum, { byteLength }) => sum + alignUp(byteLength), 0);
    if (weightBytes + this.plan.activations > LARGEST_MEMORY) {
      throw new WeightsError(
        'MODEL_TOO_LARGE',
        `The network needs ${weightBytes + this.plan.activations} bytes, more than ${LARGEST_MEMORY}`,
      );
    }
    const arenaBytes = Math.max(this.plan.activations, KERNEL_TEST_BYTES);
    this.instance = instantiateKernels(source, weightBytes + arenaBytes);
    testKernels(this.instance, alignUp(this.instance.kernels.heapBase()));
    const addresses = this.store(packed);
    const end = alignUp(this.instance.kernels.heapBase()) + weightBytes;
    this.arena = new Arena(end, end + arenaBytes);
    this.operations = new Operations(config, this.instance.kernels, this.arena, {
      address: (name) => addresses.get(name)!,
      values: (name) => packed.get(name)!,
    });
    this.memory = { weights: weightBytes, activations: this.plan.activations, total: this.instance.memory.buffer.byteLength };
  }

  /**
   * Runs x: f32[leads][windowSamples], one layer each step. Returns the logits. Only one run may be under way.
   * What repeats in x is computed once; `repeats` can say that nothing does. The bits are the same.
   * @throws LeadwiseError `OVERFLOW` when a logit is not finite: a NaN would have other bits in other engines
   */
  *run(x: Float32Array, repeats?: Repeats): Generator<Layer, Float32Array, void> {
    const { config, classes } = this.weights;
    const leads = config.leads.length;
    this.arena.reset();
    this.operations.saturated = 0;
    this.operations.beyondCalibration = 0;
    const input = this.operations.tensor(leads, config.windowSamples, 1, repeats ?? findRepeats(x, leads));
    this.floats(input.pointer, x.length).set(x);
    const logits = this.view(yield* forward(config, this.operations, input, classes.length)).slice();
    if (logits.every(Number.isFinite)) return logits;
    throw new LeadwiseError('OVERFLOW', 'The logits are not finite: weights or input are too large for 32-bit floats');
  }

  /** The values of a layer that was just reported: a view, valid until the next step. */
  view(values: Tensor): Float32Array {
    this.operations.complete(values);
    return this.floats(values.pointer, values.leads * values.timeSteps * values.channels);
  }

  /** The packed arrays and their bytes. */
  packedBytes(): [name: string, bytes: number][] {
    return Array.from(this.packed, ([name, { byteLength }]) => [name, byteLength]);
  }

  /** f32[count] at an address of the wasm memory: a view. */
  floats(pointer: number, count: number): Float32Array {
    return new Float32Array(this.instance.memory.buffer, pointer, count);
  }

  /** Activations of the last run that left the range of their integer type; 0 in a float network. */
  get saturated(): number {
    return this.operations.saturated;
  }

  /** Activations of the last run that were larger than any that calibration saw at their place; 0 in a float network. */
  get beyondCalibration(): number {
    return this.operations.beyondCalibration;
  }

  /** Logistic function in double precision, the same bits in every engine. */
  sigmoid(x: number): number {
    return this.instance.kernels.f64_sigmoid(x);
  }

  private store(packed: Packed): Map<string, number> {
    const addresses = new Map<string, number>();
    let next = alignUp(this.instance.kernels.heapBase());
    for (const [name, values] of packed) {
      new Uint8Array(this.instance.memory.buffer, next, values.byteLength).set(
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      );
      addresses.set(name, next);
      next += alignUp(values.byteLength);
    }
    return addresses;
  }
}
