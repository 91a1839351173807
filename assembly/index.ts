// The export list is the ABI: src/wasm.ts declares the same names for TypeScript.
// Arguments come in one order: pointers (inputs, weights, outputs, scratch), then sizes, then strides, then flags.
// Sizes and strides count elements, except where the name says bytes.

export { f32_gelu, f32_leaky_relu, f32_relu, f32_softmax, f64_sigmoid } from './kernels/activations';
export { f32_dwconv1d } from './kernels/dwconv1d';
export { f32_gemm } from './kernels/gemm';
export { f32_local_attention } from './kernels/localattention';
export { f32_max_pool1d } from './kernels/maxpool1d';
export { qs16_qc8w_gemm, qs16x4_qc8w_gemm } from './kernels/qgemm';
export { f32_qs16_quantize, f32_qs16_quantize_rows } from './kernels/quantize';
export { f32_resize_linear1d } from './kernels/resize1d';
export { copy, f32_affine, f32_transpose, repeat, zero } from './kernels/rows';
export { heapBase } from './memory';
export { f64_filtfilt, f64_lfilter_zi } from './signal/filtfilt';
export { f64_resample, f64_resample_plan, f64_resample_plan_bytes, f64_resample_scratch_bytes } from './signal/resample';
export { f64_resample_poly, f64_resample_poly_taps } from './signal/resamplepoly';
export { f64_zscore } from './signal/zscore';
export { f64_add_mains, f64_add_muscle, f64_add_wander, i32_project_leads } from './simulate/electrodes';
export { u32_random } from './simulate/random';
export { f64_rr_fibrillation, f64_rr_sinus } from './simulate/rhythm';
export { f64_add_fibrillation, f64_add_waves } from './simulate/waves';
