const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const VALUES = new Int8Array(128).fill(-1);
for (let value = 0; value < 64; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

/**
 * The bytes of a base64 text (RFC 4648), white space passed over, padding complete or left out; undefined for anything else.
 * Bare JavaScript shells have no `atob`.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let used = 0;
  let bits = 0;
  let held = 0;
  let padding = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text.charCodeAt(at);
    if (letter === 32 || (letter >= 9 && letter <= 13)) continue;
    if (letter === 61) {
      padding++;
      continue;
    }
    const value = letter < 128 ? VALUES[letter]! : -1;
    if (value < 0 || padding > 0) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[used++] = (bits >> held) & 0xff;
  }
  // Bits that are left over are zeros, six of them would be a letter too many; padding fills up to four letters.
  const isWhole = held < 6 && (bits & ((1 << held) - 1)) === 0 && (padding === 0 || padding === held / 2);
  return isWhole ? bytes.slice(0, used) : undefined;
}
