import type { StoredTensor } from '../safetensors.js';

/** Writes a file whose tensors follow each other in the order given, so that equal input gives equal bytes. */
export function formatSafetensors(metadata: Record<string, string>, tensors: Map<string, StoredTensor>): Uint8Array {
  let offset = 0;
  const entries: [string, unknown][] = [['__metadata__', metadata]];
  for (const [name, { dtype, shape, bytes }] of tensors) {
    entries.push([name, { dtype, shape, data_offsets: [offset, offset + bytes.byteLength] }]);
    offset += bytes.byteLength;
  }
  let json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  // Blanks at the end keep the tensors on 8-byte boundaries.
  const padded = new Uint8Array(Math.ceil(json.byteLength / 8) * 8).fill(0x20);
  padded.set(json);
  json = padded;
  const file = new Uint8Array(8 + json.byteLength + offset);
  new DataView(file.buffer).setUint32(0, json.byteLength, true);
  file.set(json, 8);
  offset = 8 + json.byteLength;
  for (const { bytes } of tensors.values()) {
    file.set(bytes, offset);
    offset += bytes.byteLength;
  }
  return file;
}
