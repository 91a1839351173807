// Hand-made EDF and BDF files, wrong ones too: every field of the header is text that a test may set.

export interface MadeSignal {
  label?: string;
  dimension?: string;
  physical?: [string, string];
  digital?: [string, string];
  /** Integers of each data record, or the text of an annotation list. */
  records: (number[] | string)[];
  /** Bytes of an annotation list in one data record. */
  listBytes?: number;
  samplesPerRecord?: string;
}

export interface MadeFile {
  signals: MadeSignal[];
  bdf?: boolean;
  reserved?: string;
  records?: string;
  seconds?: string;
  headerBytes?: string;
  count?: string;
}

export const LEAD: MadeSignal = { label: 'I', records: [[1, 2, 3, 4]] };

/** The time-keeping annotation of one data record, and further ones. */
export function timeKeeping(onset: string, more = ''): string {
  return `${onset}\x14\x14\0${more}`;
}

export function annotations(...texts: string[]): MadeSignal {
  return { label: 'EDF Annotations', physical: ['-1', '1'], records: texts, listBytes: 60 };
}

export function makeEdf(file: MadeFile): Uint8Array {
  const { signals, bdf = false } = file;
  const width = bdf ? 3 : 2;
  const bound = 2 ** (8 * width - 1);
  const count = signals.length;
  const column = (size: number, text: (signal: MadeSignal) => string) => signals.map((signal) => text(signal).padEnd(size)).join('');
  const samplesOf = ({ records: [first = [] as number[]], listBytes = 0 }: MadeSignal) =>
    typeof first === 'string' ? Math.ceil(listBytes / width) : first.length;
  const header = [
    bdf ? '\u00ffBIOSEMI' : '0       ',
    'A name that must not be read'.padEnd(80),
    ''.padEnd(80),
    '01.02.0304.05.06',
    (file.headerBytes ?? `${256 * (count + 1)}`).padEnd(8),
    (file.reserved ?? '').padEnd(44),
    (file.records ?? `${signals[0]?.records.length ?? 1}`).padEnd(8),
    (file.seconds ?? '1').padEnd(8),
    (file.count ?? `${count}`).padEnd(4),
    column(16, ({ label = 'I' }) => label),
    column(80, () => ''),
    column(8, ({ dimension = 'mV' }) => dimension),
    column(8, ({ physical }) => physical?.[0] ?? '-32.768'),
    column(8, ({ physical }) => physical?.[1] ?? '32.767'),
    column(8, ({ digital }) => digital?.[0] ?? `${-bound}`),
    column(8, ({ digital }) => digital?.[1] ?? `${bound - 1}`),
    column(80, () => ''),
    column(8, (signal) => signal.samplesPerRecord ?? `${samplesOf(signal)}`),
    column(32, () => ''),
  ].join('');
  const bytes = Array.from(header, (letter) => letter.charCodeAt(0));
  for (let record = 0; record < (signals[0]?.records.length ?? 0); record++) {
    for (const signal of signals) {
      const content = signal.records[record]!;
      if (typeof content === 'string') bytes.push(...Array.from(content.padEnd(samplesOf(signal) * width, '\0'), (c) => c.charCodeAt(0)));
      else for (const value of content) for (let byte = 0; byte < width; byte++) bytes.push((value >> (8 * byte)) & 0xff);
    }
  }
  return Uint8Array.from(bytes);
}
