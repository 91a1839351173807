// The export list is the ABI: src/wasm.ts declares the same names for TypeScript.
// Arguments come in one order: pointers (inputs, weights, outputs), then sizes, then strides, then flags. Sizes and strides count elements.

export { heapBase } from './memory';
export { f32_relu, f32_leaky_relu } from './kernels/activations';

export { f64_add_mains, f64_add_muscle, f64_add_wander, i32_project_leads } from './simulate/electrodes';
export { u32_random } from './simulate/random';
export { f64_rr_fibrillation, f64_rr_sinus } from './simulate/rhythm';
export { f64_add_fibrillation, f64_add_waves } from './simulate/waves';
