// Kernels at the shapes of the presets: `node bench/kernels.mjs [OTHER.wasm]`. With another binary beside it both are measured, interleaved,
// and their outputs compared bit for bit.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { interleaved } from './rounds.mjs';

const OWN = fileURLToPath(new URL('../dist/kernels.simd.wasm', import.meta.url));
const MEMORY_PAGES = 128;
/** Byte addresses: input, weights, small arrays, output, scratch. */
const [INPUT, WEIGHTS, VECTOR, OUTPUT, SCRATCH] = [1, 24, 40, 48, 80].map((page) => page * 65536);
const ROWS = 64;
const CALLS = 200;

const gemm = (inner, columns) => ({
  name: `int16 product ${ROWS} x ${inner} x ${columns}`,
  work: ROWS * inner * columns,
  unit: 'GMAC/s',
  run: ({ qs16x4_qc8w_gemm }) => qs16x4_qc8w_gemm(INPUT, WEIGHTS, VECTOR, VECTOR, 0, OUTPUT, ROWS, inner, columns, columns),
  outputs: ROWS * columns,
});
/** Rows that overlap, as of a convolution along time. */
const overlapping = (inner, columns, inputStride) => ({
  name: `int16 product ${ROWS} x ${inner} x ${columns}, rows overlap`,
  work: ROWS * inner * columns,
  unit: 'GMAC/s',
  run: ({ qs16_qc8w_gemm }) => qs16_qc8w_gemm(INPUT, WEIGHTS, VECTOR, VECTOR, 0, OUTPUT, ROWS, inner, columns, inputStride, columns),
  outputs: ROWS * columns,
});
const convolution = (inputs, channels, taps, stride) => ({
  name: `depthwise ${inputs} -> ${channels}, ${taps} taps, stride ${stride}`,
  work: ROWS * channels * taps,
  unit: 'GMAC/s',
  run: ({ f32_dwconv1d }) => f32_dwconv1d(INPUT, WEIGHTS, VECTOR, OUTPUT, ROWS * stride + taps, inputs, channels, taps, 0, ROWS, stride, 0),
  outputs: ROWS * channels,
});
const attention = (timeSteps, channels, reach) => ({
  name: `attention of ${ROWS} steps, 12 x ${channels}, reach ${reach}`,
  work: 2 * ROWS * (2 * reach + 1) * 12 * channels,
  unit: 'GMAC/s',
  run: ({ f32_local_attention }) => {
    const arrays = [INPUT, INPUT, INPUT, OUTPUT, VECTOR, SCRATCH];
    f32_local_attention(...arrays, 12, timeSteps, channels, channels / 4, reach, reach, ROWS, 0.2, 1);
  },
  outputs: 0,
});
const elementwise = (name, count, run) => ({ name: `${name} of ${count}`, work: count, unit: 'G/s', run, outputs: count / 2 });

const CASES = [
  ...[16, 24, 32, 48, 64, 96, 128].map((channels) => gemm(channels, channels)),
  gemm(64, 128),
  gemm(128, 64),
  gemm(128, 512),
  gemm(512, 128),
  overlapping(320, 64, 64),
  overlapping(640, 128, 128),
  convolution(1, 24, 9, 1),
  convolution(24, 48, 9, 1),
  convolution(48, 48, 9, 2),
  convolution(96, 96, 9, 1),
  convolution(64, 64, 3, 1),
  convolution(128, 128, 3, 2),
  attention(128, 64, 9),
  attention(128, 128, 9),
  elementwise('rounding to int16', ROWS * 128, ({ f32_qs16_quantize }) =>
    f32_qs16_quantize(INPUT, OUTPUT, ROWS * 128, 3000, 32767, 16383.5, 1),
  ),
  elementwise('rounding and interleaving', ROWS * 128, ({ f32_qs16_quantize_rows }) =>
    f32_qs16_quantize_rows(INPUT, OUTPUT, SCRATCH, ROWS, 128, 3000, 32767, 16383.5, 1),
  ),
  elementwise('GELU', ROWS * 512, ({ copy, f32_gelu }) => {
    copy(INPUT, OUTPUT, ROWS * 512 * 4);
    f32_gelu(OUTPUT, ROWS * 512);
  }),
];

function instantiate(file) {
  const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), { env: { memory } });
  const floats = new Float32Array(memory.buffer);
  for (let i = INPUT / 4; i < WEIGHTS / 4; i++) floats[i] = Math.sin(i) * 3;
  for (let i = VECTOR / 4; i < OUTPUT / 4; i++) floats[i] = Math.cos(i) * 1e-3;
  // Pairs of small numbers, read as int16 by products and as small floats by convolutions.
  const weights = new Int16Array(memory.buffer, WEIGHTS, (VECTOR - WEIGHTS) / 2);
  for (let i = 0; i < weights.length; i++) weights[i] = (i * 7919) % 255;
  return { exports, floats };
}

/** { name, unit, rate, best } of every case; `other`: a second binary, whose figures come along. */
export async function benchKernels(other) {
  const binaries = [OWN, ...(other ? [other] : [])].map((file) => ({ file, ...instantiate(file) }));
  const tasks = CASES.flatMap((shape) =>
    binaries.map(({ file, exports }) => ({
      name: `${shape.name} ${file}`,
      run: () => {
        for (let i = 0; i < CALLS; i++) shape.run(exports);
      },
    })),
  );
  const measured = await interleaved(tasks, { rounds: 5, roundMs: 40 });
  const rate = ({ work }, ms) => (work * CALLS) / ms / 1e6;
  return CASES.map((shape, i) => {
    const own = measured[i * binaries.length];
    const result = { name: shape.name, unit: shape.unit, rate: rate(shape, own.median), best: rate(shape, own.best) };
    if (!other) return result;
    for (const { exports } of binaries) shape.run(exports);
    const [ours, theirs] = binaries.map(({ floats }) => Buffer.from(floats.buffer, OUTPUT, shape.outputs * 4));
    return { ...result, otherRate: rate(shape, measured[i * binaries.length + 1].median), sameBits: ours.equals(theirs) };
  });
}

export function formatKernel({ name, unit, rate, best, otherRate, sameBits }) {
  const beside = otherRate === undefined ? '' : `, other ${otherRate.toFixed(2).padStart(6)}${sameBits ? '' : ', other bits'}`;
  return `${name.padEnd(44)} median ${rate.toFixed(2).padStart(6)} ${unit}, best ${best.toFixed(2).padStart(6)}${beside}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const kernel of await benchKernels(process.argv[2])) console.log(formatKernel(kernel));
}
