// The export list is the ABI: src/wasm.ts declares the same names for TypeScript.
// Arguments come in one order: pointers (inputs, weights, outputs), then sizes, then strides, then flags. Sizes and strides count elements.

export { heapBase } from './memory';
export { f32_relu, f32_leaky_relu } from './kernels/activations';

export { f64_filtfilt, f64_lfilter_zi } from './signal/filtfilt';
export { f64_resample, f64_resample_plan, f64_resample_plan_bytes, f64_resample_scratch_bytes } from './signal/resample';
export { f64_resample_poly, f64_resample_poly_taps } from './signal/resamplepoly';
export { f64_zscore } from './signal/zscore';
