// A drawn sheet as pixels: by @resvg/resvg-js, where it is installed.

import { FormatError, LeadwiseError, UnsupportedError } from '../errors.js';

/** What is used of the package (version 2.6). */
interface Rasteriser {
  Resvg: new (
    svg: string,
    options: { dpi?: number; font: { loadSystemFonts: boolean; fontFiles?: string[] } },
  ) => { readonly width: number; readonly height: number; render(): { asPng(): Uint8Array }; getBBox(): unknown };
}

export interface PngOptions {
  /** Pixels an inch. */
  readonly dpi: number;
  /** Font files, instead of the fonts of the system. */
  readonly fonts: readonly string[];
}

const PACKAGE = '@resvg/resvg-js';
const PROBE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text y="9">A</text></svg>';
const MM_PER_INCH = 25.4;
/** Four bytes each, and as many again while they are packed. */
const MOST_PIXELS = 100e6;

/**
 * Makes a function that turns SVG into a PNG file whose pixels have the size that `dpi` says.
 * @throws UnsupportedError `LIBRARY_REQUIRED` without the package, `NO_FONT` where text could not be drawn: without it a sheet is of no use
 * The function throws LeadwiseError `PICTURE_TOO_LARGE`.
 */
export async function openPng({ dpi, fonts }: PngOptions): Promise<(svg: string) => Uint8Array> {
  const name: string = PACKAGE;
  const library = (await import(name).catch(() => undefined)) as Rasteriser | undefined;
  if (!library) throw new UnsupportedError('LIBRARY_REQUIRED', `PNG is drawn by ${PACKAGE}: npm install ${PACKAGE}. SVG needs nothing`);
  const font = fonts.length > 0 ? { loadSystemFonts: false, fontFiles: [...fonts] } : { loadSystemFonts: true };
  if (new library.Resvg(PROBE, { font }).getBBox() === undefined) {
    const message = fonts.length > 0 ? `no font in ${fonts.join(', ')}` : 'no font is installed here: --font FILE names one (.ttf, .otf)';
    throw new UnsupportedError('NO_FONT', message);
  }
  return (svg) => {
    const picture = new library.Resvg(svg, { dpi, font });
    const pixels = picture.width * picture.height;
    if (pixels > MOST_PIXELS) {
      const most = Math.floor(dpi * Math.sqrt(MOST_PIXELS / pixels));
      const size = `${Math.ceil(pixels / 1e6)} megapixels, at most ${MOST_PIXELS / 1e6} are drawn`;
      throw new LeadwiseError('PICTURE_TOO_LARGE', `the picture has ${size}: --dpi ${most} or less, or .svg`);
    }
    return withDensity(picture.render().asPng(), dpi);
  };
}

/** Bytes of the signature and of the first chunk, IHDR. */
const BEFORE_CHUNKS = 8 + 12 + 13;

/** Adds the chunk pHYs (PNG, section 11.3.4.3), so that the picture is printed true to scale. */
function withDensity(png: Uint8Array, dpi: number): Uint8Array {
  if (png.length < BEFORE_CHUNKS) throw new FormatError('BAD_PNG', `${PACKAGE} gave no PNG`);
  const chunk = new Uint8Array(12 + 9);
  const view = new DataView(chunk.buffer);
  const perMetre = Math.round((1000 * dpi) / MM_PER_INCH);
  view.setUint32(0, 9);
  chunk.set([0x70, 0x48, 0x59, 0x73], 4);
  view.setUint32(8, perMetre);
  view.setUint32(12, perMetre);
  chunk[16] = 1; // the unit is the metre
  view.setUint32(17, crc32(chunk.subarray(4, 17)));
  const whole = new Uint8Array(png.length + chunk.length);
  whole.set(png.subarray(0, BEFORE_CHUNKS));
  whole.set(chunk, BEFORE_CHUNKS);
  whole.set(png.subarray(BEFORE_CHUNKS), BEFORE_CHUNKS + chunk.length);
  return whole;
}

/** Of a few bytes: without a table. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
