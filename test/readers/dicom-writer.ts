// A writer of DICOM files for the tests: explicit little-endian, every value given as bytes, text or number.

type Value = string | number | Uint8Array | Elements[];
/** Elements by tag and value representation: `'5400,1010 OW'`. Numbers are written as the representation says. */
export type Elements = { [element: string]: Value };

const META = { TWELVE_LEAD: '1.2.840.10008.5.1.4.1.1.9.1.1', EXPLICIT: '1.2.840.10008.1.2.1' };

export function writeDicom(body: Elements, { syntax = META.EXPLICIT, sopClass = META.TWELVE_LEAD } = {}): Uint8Array {
  const meta = writeElements({ '0002,0002 UI': sopClass, '0002,0010 UI': syntax });
  return Uint8Array.from([...new Uint8Array(128), ...bytesOf('DICM'), ...meta, ...writeElements(body)]);
}

export function writeElements(elements: Elements): number[] {
  return Object.entries(elements).flatMap(([element, value]) => {
    const [, group, number, vr] = /^(\w{4}),(\w{4}) (\w\w)$/.exec(element) as unknown as [string, string, string, string];
    const content = encode(value, vr);
    const tag = [...le(Number.parseInt(group, 16), 2), ...le(Number.parseInt(number, 16), 2), ...bytesOf(vr)];
    if (/OB|OW|SQ|UN/.test(vr)) return [...tag, 0, 0, ...le(content.length, 4), ...content];
    return [...tag, ...le(content.length, 2), ...content];
  });
}

function encode(value: Value, vr: string): number[] {
  if (typeof value === 'string') return bytesOf(value.length % 2 === 0 ? value : `${value}${vr === 'UI' ? '\0' : ' '}`);
  if (typeof value === 'number') return le(value, vr === 'UL' ? 4 : 2);
  if (value instanceof Uint8Array) return value.length % 2 === 0 ? [...value] : [...value, 0];
  return value.flatMap((item) => {
    const content = writeElements(item);
    return [0xfe, 0xff, 0x00, 0xe0, ...le(content.length, 4), ...content];
  });
}

function bytesOf(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

function le(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, index) => Math.floor(value / 256 ** index) % 256);
}

export interface WrittenGroup {
  /** [time][channel] */
  samples?: number[][];
  names?: string[];
  attributes?: Elements;
  channel?: Elements;
}

/** A multiplex group of 16-bit channels, 1 uV a step, with what `attributes` and `channel` add or replace. */
export function waveform({ samples = [[1], [2]], names = ['I'], attributes = {}, channel = {} }: WrittenGroup = {}): Elements {
  return {
    '003A,0004 CS': 'ORIGINAL',
    '003A,0005 US': names.length,
    '003A,0010 UL': samples.length,
    '003A,001A DS': '500',
    '003A,0200 SQ': names.map((name) => ({
      '003A,0203 SH': name,
      '003A,0210 DS': '1',
      '003A,0211 SQ': [{ '0008,0100 SH': 'uV' }],
      ...channel,
    })),
    '5400,1004 US': 16,
    '5400,1006 CS': 'SS',
    '5400,1010 OW': new Uint8Array(Int16Array.from(samples.flat()).buffer),
    ...attributes,
  };
}

export const ecg = (...groups: Elements[]): Uint8Array => writeDicom({ '5400,0100 SQ': groups });
