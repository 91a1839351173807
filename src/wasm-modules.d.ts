/** What the build makes of each binary: wasm-plugins.mjs. */
declare module '*.wasm' {
  const binary: import('./wasm.js').Binary;
  export default binary;
}
