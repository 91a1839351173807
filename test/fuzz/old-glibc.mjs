// The fuzzer's addon is built against glibc 2.38, of which it needs two names for what every glibc has: strtol and strtoul. Where the system
// is older (Debian 12 has 2.36), the addon is told to ask for those. One more symbol, of libstdc++ 13, is a marker that nothing calls.

import { readFileSync, writeFileSync } from 'node:fs';

const DYNAMIC_SYMBOLS = 11;
const VERSIONS_NEEDED = 0x6ffffffe;
const SYMBOL_BYTES = 24;
const WEAK = 2 << 4;
const PREFIX = '__isoc23_';
/** What is too new, and what stands in its place. */
const VERSIONS = new Map([
  ['GLIBC_2.38', 'GLIBC_2.2.5'],
  ['GLIBCXX_3.4.32', 'GLIBCXX_3.4'],
]);

/** Changes a 64-bit little-endian ELF file in place, once. */
export function allowOldGlibc(path) {
  const file = readFileSync(path);
  const sections = Array.from({ length: file.readUInt16LE(60) }, (_, index) => {
    const at = Number(file.readBigUInt64LE(40)) + index * file.readUInt16LE(58);
    const [offset, size] = [24, 32].map((field) => Number(file.readBigUInt64LE(at + field)));
    return { type: file.readUInt32LE(at + 4), offset, size, link: file.readUInt32LE(at + 40), info: file.readUInt32LE(at + 44) };
  });
  const symbols = sections.find(({ type }) => type === DYNAMIC_SYMBOLS);
  const needed = sections.find(({ type }) => type === VERSIONS_NEEDED);
  const nameAt = (offset) => {
    const start = sections[symbols.link].offset + offset;
    return file.toString('latin1', start, file.indexOf(0, start));
  };
  for (let at = symbols.offset; at < symbols.offset + symbols.size; at += SYMBOL_BYTES) {
    const name = nameAt(file.readUInt32LE(at));
    if (name.startsWith(PREFIX)) file.writeUInt32LE(file.readUInt32LE(at) + PREFIX.length, at); // the rest of the name is the old one
    if (name === '_ZSt21ios_base_library_initv') file[at + 4] = WEAK | (file[at + 4] & 15);
  }
  const versions = versionsNeeded(file, needed).map((at) => ({ at, name: nameAt(file.readUInt32LE(at + 8)) }));
  for (const { at, name } of versions) {
    const old = versions.find((version) => version.name === VERSIONS.get(name));
    if (!old) continue;
    file.copy(file, at, old.at, old.at + 4); // hash
    file.copy(file, at + 8, old.at + 8, old.at + 12); // name
  }
  writeFileSync(path, file);
}

/** Offsets of the Vernaux entries of all libraries. */
function versionsNeeded(file, { offset, info }) {
  const found = [];
  for (let library = offset, i = 0; i < info; i++) {
    const count = file.readUInt16LE(library + 2);
    for (let at = library + file.readUInt32LE(library + 8), k = 0; k < count; k++) {
      found.push(at);
      at += file.readUInt32LE(at + 12);
    }
    library += file.readUInt32LE(library + 12);
  }
  return found;
}
