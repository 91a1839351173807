import type { Quality } from './quality/report.js';

/** What is wrong and where: every error about a file, a weight file, a record or a missing feature carries a stable `code`. */
export interface ErrorPlace {
  /** What was being read: `wfdb`, `mat`, `csv`, `safetensors`, … */
  format?: string;
  /** Name of the file, never its content. */
  file?: string;
  /** 1-based line of a text file. */
  line?: number;
  /** Byte offset in a binary file. */
  offset?: number;
  /** Name of the tensor. */
  tensor?: string;
  /** Name of the lead. */
  lead?: string;
}

/**
 * Base of the named errors. Wrong arguments are plain `TypeError` and `RangeError`.
 * Messages name the place and, where there is one, the way out; they never hold patient data.
 */
export class LeadwiseError extends Error {
  override name = 'LeadwiseError';
  readonly code: string;
  readonly place: ErrorPlace;

  constructor(code: string, message: string, place: ErrorPlace = {}) {
    super(oneLine(message + describePlace(place)));
    this.code = code;
    this.place = place;
  }
}

/** A signal file that cannot be read as what it claims to be. */
export class FormatError extends LeadwiseError {
  override name = 'FormatError';
}

/** A weight file or network configuration that cannot be used. */
export class WeightsError extends LeadwiseError {
  override name = 'WeightsError';
}

/** A record that was read, but cannot be classified. */
export class RecordError extends LeadwiseError {
  override name = 'RecordError';
  /** Of `NO_USABLE_LEAD`: what is wrong with which lead; null with quality "off". */
  quality?: Quality | null | undefined;
}

/** The engine lacks something that is needed. */
export class UnsupportedError extends LeadwiseError {
  override name = 'UnsupportedError';
}

const LONGEST_MESSAGE = 1000;

/** Names out of files may hold anything: line ends, what moves a terminal's cursor, a megabyte. */
export function oneLine(text: string, longest = LONGEST_MESSAGE): string {
  return text.slice(0, longest).replace(/[\p{Cc}\u2028\u2029]/gu, '\uFFFD');
}

function describePlace(place: ErrorPlace): string {
  const parts = Object.entries(place)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} ${value}`);
  return parts.length ? ` (${parts.join(', ')})` : '';
}
