// What the instruction set allows: the integer product alone, on operands that stay in the first cache levels.

import { readFileSync } from 'node:fs';
import { instantiateSync } from '@assemblyscript/loader';
import { ROOT } from './scenarios.mjs';
import { startWatch } from './stopwatch.mjs';

const ROWS = 64;
const COLUMNS = 128;
const CALLS_MACS = 4e8; // about ten milliseconds

/** Products of the presets' shapes, f32[64 x 128] = i16[64 x inner] i16[inner x 128]. */
export function openPeak(inner) {
  const memory = new WebAssembly.Memory({ initial: 16 });
  const { exports: kernels } = instantiateSync(readFileSync(`${ROOT}/dist/kernels.simd.wasm`), { env: { memory } });
  let next = Math.ceil(kernels.heapBase() / 64) * 64;
  const reserve = (bytes) => {
    next += bytes;
    return next - bytes;
  };
  const [input, weights] = [reserve(ROWS * inner * 2), reserve(inner * COLUMNS * 2)];
  new Int16Array(memory.buffer, input, ROWS * inner).forEach((_, i, values) => {
    values[i] = (i * 7919) % 2001;
  });
  new Int16Array(memory.buffer, weights, inner * COLUMNS).forEach((_, i, values) => {
    values[i] = ((i * 104729) % 255) - 127;
  });
  const [scale, bias, output] = [reserve(COLUMNS * 4), reserve(COLUMNS * 4), reserve(ROWS * COLUMNS * 4)];
  new Float32Array(memory.buffer, scale, COLUMNS).fill(1e-5);
  const macs = ROWS * inner * COLUMNS;
  const calls = Math.round(CALLS_MACS / macs);
  const run = () => {
    const stop = startWatch();
    for (let call = 0; call < calls; call++) {
      kernels.qs16x4_qc8w_gemm(input, weights, scale, bias, 0, output, ROWS, inner, COLUMNS, COLUMNS);
    }
    return stop();
  };
  return { name: `product ${ROWS} x ${inner} x ${COLUMNS}`, macs: macs * calls, run };
}
