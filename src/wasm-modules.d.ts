/** The build inlines each binary: the default export is its bytes as base64 (inline-wasm.mjs). */
declare module '*.wasm' {
  const base64: string;
  export default base64;
}
