import { defineConfig } from 'vite';

// As strict in development as on the server that will deliver build/.
const headers = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'",
};

export default defineConfig({
  base: './',
  build: { outDir: 'build', chunkSizeWarningLimit: 1000 }, // kB: the weights are in a chunk
  server: { headers, fs: { allow: ['..'] } }, // '..': the examples share a style sheet
  preview: { headers },
});
