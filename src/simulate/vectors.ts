// The tables of the heart model. Axes are Frank's: x to the left, y to the feet, z to the back.

/** Phase in radians after the R wave (one turn a beat), amplitude in mV, width in radians. */
type Kernel = readonly [phase: number, amplitude: number, width: number];
/** Gaussian kernels of x, y and z. */
type Loop = readonly [x: readonly Kernel[], y: readonly Kernel[], z: readonly Kernel[]];

// Sameni et al. 2007, a fit to a healthy adult, as their Open-Source Electrophysiological Toolbox (OSET) gives it; cut here into P, QRS and T.
export const P_LOOP: Loop = [
  [
    [-1.09, 0.03, 0.0906],
    [-0.83, 0.08, 0.1057],
  ],
  [
    [-1.1, 0.035, 0.07],
    [-0.9, 0.015, 0.07],
    [-0.76, -0.019, 0.04],
  ],
  [
    [-1.1, -0.03, 0.03],
    [-0.93, -0.14, 0.12],
    [-0.7, -0.035, 0.04],
    [-0.4, 0.045, 0.4],
  ],
];

export const QRS_LOOP: Loop = [
  [
    [-0.19, -0.13, 0.0453],
    [-0.07, 0.85, 0.0378],
    [0, 1.11, 0.0332],
    [0.06, 0.75, 0.0302],
    [0.22, 0.06, 0.0378],
  ],
  [
    [-0.11, 0.32, 0.055],
    [-0.01, 0.51, 0.037],
    [0.065, -0.32, 0.0604],
  ],
  [
    [-0.15, -0.4, 0.045],
    [0.095, 0.46, 0.05],
  ],
];

export const T_LOOP: Loop = [
  [
    [1.2, 0.1, 0.604],
    [1.42, 0.17, 0.302],
    [1.68, 0.39, 0.1812],
    [2.9, 0.03, 0.5],
  ],
  [
    [0.8, 0.04, 0.45],
    [1.58, 0.08, 0.3],
    [2.9, 0.014, 0.5],
  ],
  [
    [1.05, -0.12, 0.8],
    [1.25, -0.2, 0.4],
    [1.55, -0.35, 0.2],
    [2.8, -0.035, 0.4],
  ],
];

// Ectopic beat of Behar et al. 2014 (fecgsyn, a set made by hand, not fitted): its two broad QRS kernels and its inverted T.
// Their QRS lasts 0.3 s at 60 beats a minute; widths are halved here to give the 0.15 s of a ventricular premature beat.
export const ECTOPIC_QRS_LOOP: Loop = [
  [
    [-0.07, 0.65, 0.1689],
    [0, 0.7, 0.25],
  ],
  [
    [-0.07, 0.35, 0.1689],
    [0, 0.55, 0.25],
  ],
  [
    [-0.07, 0.065, 0.1689],
    [0, -0.7, 0.25],
  ],
];

export const ECTOPIC_T_LOOP: Loop = [
  [
    [1.2, -0.05, 0.104],
    [1.42, -0.17, 0.102],
    [1.68, -0.39, 0.1812],
  ],
  [
    [1.2, -0.05, 0.104],
    [1.42, -0.17, 0.102],
    [1.68, -0.39, 0.1812],
  ],
  [
    [1.2, 0.05, 0.104],
    [1.42, 0.17, 0.102],
    [1.68, 0.39, 0.1812],
  ],
];

/** Peak of the fibrillatory waves in mV along x, y, z: from the right atrium, forwards and down, so that V1 shows them best. Ours. */
export const FIBRILLATION_AXIS = [-0.06, 0.075, -0.09] as const;

/** Dower, Machado, Osborne 1980: I, II, V1 to V6 from Frank's x, y, z. */
const DOWER: readonly (readonly [number, number, number])[] = [
  [0.632, -0.235, 0.059],
  [0.235, 1.066, -0.132],
  [-0.515, 0.157, -0.917],
  [0.044, 0.164, -1.387],
  [0.882, 0.098, -1.277],
  [1.213, 0.127, -0.601],
  [1.125, 0.127, -0.086],
  [0.831, 0.076, 0.23],
];

// Sameni's model leaves a rotation and a scaling of the axes to the patient. Ours: the heart turned 20 degrees clockwise in the frontal
// plane and 10 degrees about the vertical axis, z at three quarters. It brings lead II and the precordial transition into adult ranges.
const COS_FRONTAL = 0.9396926207859084;
const SIN_FRONTAL = 0.3420201433256687;
const COS_VERTICAL = 0.984807753012208;
const SIN_VERTICAL = -0.17364817766693033;
const SCALE_Z = 0.75;

/** f64[8][3]: the projection of the patient's dipole on I, II, V1 to V6. */
export function projection(): Float64Array {
  const rows = DOWER.map(([x, y, z]) => {
    const turnedX = COS_VERTICAL * x - SIN_VERTICAL * z;
    const turnedZ = SIN_VERTICAL * x + COS_VERTICAL * z;
    return [COS_FRONTAL * turnedX + SIN_FRONTAL * y, COS_FRONTAL * y - SIN_FRONTAL * turnedX, SCALE_Z * turnedZ];
  });
  return Float64Array.from(rows.flat());
}

const SECONDS_A_RADIAN = 1 / (2 * Math.PI); // of a beat of one second

/** f64[n][4] for the kernel f64_add_waves: axis, amplitude, delay and width in seconds, times stretched by each loop's factor. */
export function waveTable(loops: readonly (readonly [loop: Loop, stretch: number])[]): Float64Array {
  const waves = loops.flatMap(([loop, stretch]) =>
    loop.flatMap((kernels, axis) =>
      kernels.flatMap(([phase, amplitude, width]) => {
        const seconds = stretch * SECONDS_A_RADIAN;
        return [axis, amplitude, phase * seconds, width * seconds];
      }),
    ),
  );
  return Float64Array.from(waves);
}
