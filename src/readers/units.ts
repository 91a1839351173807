import type { Unit } from '../ecg.js';

const UNITS: { [spelling: string]: Unit } = {
  mv: 'mV',
  uv: 'uV',
  '\u00b5v': 'uV', // micro sign
  '\u03bcv': 'uV', // Greek small letter mu
  adc: 'adc',
};

/** The unit that a file's spelling means: `mV`, `mv`, `uV`, `µV`, `adc`; anything else (`mmHg`, `NU`, …) is `unknown`. */
export function unitOf(spelling: string): Unit {
  return Object.hasOwn(UNITS, spelling.toLowerCase()) ? UNITS[spelling.toLowerCase()]! : 'unknown';
}
