import { WeightsError } from '../errors.js';

// Zip archives as torch.save writes them: entries stored as they are, zip64 records where sizes ask for them.
// PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (directory), 4.3.14 to 4.3.16 (end records), 4.5.3 (zip64 sizes).

interface ZipEntry {
  readonly flags: number;
  readonly method: number;
  readonly bytes: number;
  /** Where its local header begins. */
  readonly offset: number;
}

const LOCAL_HEADER = 0x04034b50;
const DIRECTORY_HEADER = 0x02014b50;
const END_RECORD = 0x06054b50;
const ZIP64_END_RECORD = 0x06064b50;
const ZIP64_LOCATOR = 0x07064b50;
const END_BYTES = 22;
const MAX_COMMENT = 0xffff;
const IN_ZIP64 = 0xffffffff;

/** The entries of an archive by name; their bytes are looked at when asked for. @throws WeightsError `BAD_ZIP`, `UNSUPPORTED_ZIP` */
export class ZipArchive {
  private readonly view: DataView;
  private readonly entries = new Map<string, ZipEntry>();

  constructor(private readonly file: Uint8Array) {
    this.view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    const { offset, count } = this.findDirectory();
    this.readDirectory(offset, count);
  }

  names(): Iterable<string> {
    return this.entries.keys();
  }

  /** The bytes of an entry, not copied; undefined where there is none of that name. */
  read(name: string): Uint8Array | undefined {
    const entry = this.entries.get(name);
    if (!entry) return undefined;
    if ((entry.flags & 1) !== 0 || entry.method !== 0) {
      const how = (entry.flags & 1) !== 0 ? 'encrypted' : `compressed (method ${entry.method})`;
      throw new WeightsError('UNSUPPORTED_ZIP', `An entry of the archive is ${how}: torch.save stores entries as they are, save again`, {
        format: 'zip',
        offset: entry.offset,
      });
    }
    this.check(entry.offset, 30, LOCAL_HEADER, 'local header');
    // Name and extra field are longer here than in the directory where torch.save aligns data.
    const begin = entry.offset + 30 + this.view.getUint16(entry.offset + 26, true) + this.view.getUint16(entry.offset + 28, true);
    this.checkRange(begin, entry.bytes, 'entry');
    return this.file.subarray(begin, begin + entry.bytes);
  }

  private findDirectory(): { offset: number; count: number } {
    const least = Math.max(0, this.file.byteLength - END_BYTES - MAX_COMMENT);
    let end = this.file.byteLength - END_BYTES;
    while (end >= least && this.view.getUint32(end, true) !== END_RECORD) end--;
    if (end < least) fail('it has no directory at its end: damaged or incomplete', this.file.byteLength);
    const [count, offset] = [this.view.getUint16(end + 10, true), this.view.getUint32(end + 16, true)];
    if (end < 20 || this.view.getUint32(end - 20, true) !== ZIP64_LOCATOR) return { offset, count };
    const record = this.uint64(end - 12);
    this.check(record, 56, ZIP64_END_RECORD, 'zip64 end record');
    return { offset: this.uint64(record + 48), count: this.uint64(record + 32) };
  }

  private readDirectory(start: number, count: number): void {
    let at = start;
    for (let i = 0; i < count; i++) {
      this.check(at, 46, DIRECTORY_HEADER, 'directory');
      const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => this.view.getUint16(at + field, true)) as [
        number,
        number,
        number,
      ];
      this.checkRange(at + 46, nameBytes + extraBytes + commentBytes, 'directory');
      const name = new TextDecoder().decode(this.file.subarray(at + 46, at + 46 + nameBytes));
      if (this.entries.has(name)) fail('it has two entries of one name', at);
      this.entries.set(name, this.readEntry(at, at + 46 + nameBytes, extraBytes));
      at += 46 + nameBytes + extraBytes + commentBytes;
    }
  }

  private readEntry(at: number, extra: number, extraBytes: number): ZipEntry {
    const uint32 = (field: number) => this.view.getUint32(at + field, true);
    const zip64 = this.findZip64Field(extra, extra + extraBytes);
    // The zip64 field holds, in this order, those of the three that did not fit.
    let next = zip64;
    const [bytes, , offset] = [24, 20, 42].map((field) => {
      const value = uint32(field);
      if (value !== IN_ZIP64 || next === undefined) return value;
      this.checkRange(next, 8, 'zip64 field');
      next += 8;
      return this.uint64(next - 8);
    }) as [number, number, number];
    return { flags: this.view.getUint16(at + 8, true), method: this.view.getUint16(at + 10, true), bytes, offset };
  }

  private findZip64Field(start: number, end: number): number | undefined {
    for (let at = start; at + 4 <= end; at += 4 + this.view.getUint16(at + 2, true)) if (this.view.getUint16(at, true) === 1) return at + 4;
    return undefined;
  }

  private uint64(offset: number): number {
    this.checkRange(offset, 8, 'number');
    return this.view.getUint32(offset, true) + this.view.getUint32(offset + 4, true) * 2 ** 32;
  }

  private check(offset: number, bytes: number, signature: number, what: string): void {
    this.checkRange(offset, bytes, what);
    if (this.view.getUint32(offset, true) !== signature) fail(`its ${what} is not where it should be`, offset);
  }

  private checkRange(offset: number, bytes: number, what: string): void {
    if (offset + bytes > this.file.byteLength) fail(`its ${what} ends at byte ${offset + bytes} of ${this.file.byteLength}`, offset);
  }
}

function fail(message: string, offset: number): never {
  throw new WeightsError('BAD_ZIP', `Not a usable zip archive: ${message}`, { format: 'zip', offset });
}
