/** The exports of `assembly/index.ts`. Pointers are byte addresses; sizes and strides count elements. */
export interface KernelExports {
  heapBase(): number;
  f32_relu(values: number, count: number): void;
  f32_leaky_relu(values: number, count: number): void;
  f32_gelu(values: number, count: number): void;
  f32_softmax(values: number, count: number): void;
  f64_sigmoid(x: number): number;
  f32_dwconv1d(
    input: number,
    weights: number,
    bias: number,
    output: number,
    timeSteps: number,
    inputChannels: number,
    channels: number,
    kernelSize: number,
    start: number,
    steps: number,
    stride: number,
    pad: number,
  ): void;
  f32_gemm(
    input: number,
    weights: number,
    bias: number,
    residual: number,
    output: number,
    rows: number,
    inner: number,
    columns: number,
    inputStride: number,
    outputStride: number,
  ): void;
  qs16_qc8w_gemm(
    input: number,
    weights: number,
    scale: number,
    bias: number,
    residual: number,
    output: number,
    rows: number,
    inner: number,
    columns: number,
    inputStride: number,
    outputStride: number,
  ): void;
  qs16x4_qc8w_gemm(
    input: number,
    weights: number,
    scale: number,
    bias: number,
    residual: number,
    output: number,
    rows: number,
    inner: number,
    columns: number,
    outputStride: number,
  ): void;
  f32_qs16_quantize(
    input: number,
    output: number,
    count: number,
    inverseScale: number,
    largest: number,
    limit: number,
    slope: number,
  ): number;
  f32_qs16_quantize_rows(
    input: number,
    output: number,
    scratch: number,
    rows: number,
    inner: number,
    inverseScale: number,
    largest: number,
    limit: number,
    slope: number,
  ): number;
  f32_local_attention(
    query: number,
    key: number,
    value: number,
    output: number,
    weights: number,
    tokens: number,
    leads: number,
    timeSteps: number,
    channels: number,
    headChannels: number,
    reach: number,
    start: number,
    steps: number,
    scale: number,
    leadMajor: number,
  ): void;
  f32_max_pool1d(input: number, output: number, timeSteps: number, channels: number, start: number, steps: number): void;
  f32_resize_linear1d(
    input: number,
    output: number,
    inputSteps: number,
    outputSteps: number,
    channels: number,
    start: number,
    steps: number,
  ): void;
  f32_affine(input: number, scale: number, shift: number, output: number, rows: number, channels: number): void;
  f32_transpose(input: number, output: number, rows: number, columns: number): void;
  copy(input: number, output: number, bytes: number): void;
  repeat(row: number, output: number, bytes: number, count: number): void;
  zero(output: number, bytes: number): void;
  f64_lfilter_zi(b: number, a: number, zi: number, taps: number): number;
  f64_filtfilt(
    b: number,
    a: number,
    zi: number,
    input: number,
    output: number,
    scratch: number,
    taps: number,
    n: number,
    padlen: number,
  ): void;
  f64_resample_plan_bytes(count: number): number;
  f64_resample_scratch_bytes(count: number, outputCount: number): number;
  f64_resample_plan(plan: number, scratch: number, count: number): void;
  f64_resample(
    input: number,
    inputPlan: number,
    outputPlan: number,
    output: number,
    scratch: number,
    count: number,
    outputCount: number,
  ): void;
  f64_resample_poly_taps(taps: number, up: number, rate: number): void;
  f64_resample_poly(input: number, taps: number, output: number, n: number, up: number, down: number): void;
  f64_zscore(values: number, count: number): void;
  u32_random(seed: number, index: number): number;
  f64_rr_sinus(intervals: number, count: number, meanSeconds: number, stdSeconds: number, respirationHz: number, seed: number): void;
  f64_rr_fibrillation(intervals: number, count: number, meanSeconds: number, seed: number): void;
  f64_add_waves(
    waves: number,
    times: number,
    dipole: number,
    waveCount: number,
    timeCount: number,
    samples: number,
    firstSample: number,
    fs: number,
  ): void;
  f64_add_fibrillation(
    direction: number,
    dipole: number,
    samples: number,
    firstSample: number,
    fs: number,
    frequency: number,
    seed: number,
  ): void;
  f64_add_wander(
    electrodes: number,
    samples: number,
    firstSample: number,
    fs: number,
    amplitude: number,
    respirationHz: number,
    seed: number,
  ): void;
  f64_add_mains(
    electrodes: number,
    samples: number,
    firstSample: number,
    fs: number,
    amplitude: number,
    mainsHz: number,
    seed: number,
  ): void;
  f64_add_muscle(electrodes: number, state: number, samples: number, firstSample: number, fs: number, rms: number, seed: number): void;
  i32_project_leads(projection: number, dipole: number, electrodes: number, digital: number, samples: number): void;
}
