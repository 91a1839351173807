// The export list is the ABI: src/wasm.ts declares the same names for TypeScript.
// Arguments come in one order: pointers (inputs, weights, outputs), then sizes, then strides, then flags. Sizes and strides count elements.

export { heapBase } from './memory';
export { f32_relu, f32_leaky_relu } from './kernels/activations';
