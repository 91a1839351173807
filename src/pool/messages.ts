// What a pool and its workers say to each other. Every message has the key `leadwise`; others are ignored on both sides.

import type { EcgRecord } from '../ecg.js';
import { FormatError, LeadwiseError, RecordError, UnsupportedError, WeightsError } from '../errors.js';
import type { LoadOptions } from '../index.js';
import type { QualityMode } from '../quality/mode.js';
import type { Result } from '../result.js';
import type { WindowsMode } from '../windows.js';

/** The first message. A URL cannot be posted: it goes as text. */
export interface LoadMessage {
  leadwise: 'load';
  weights: Uint8Array;
  wasm: LoadOptions['wasm'] | { href: string };
  variant: LoadOptions['variant'];
}

export type ToWorker =
  | LoadMessage
  | { leadwise: 'classify'; id: number; record: EcgRecord; quality: QualityMode; windows: WindowsMode }
  | { leadwise: 'abort'; id: number };

export type FromWorker =
  | { leadwise: 'ready' }
  | { leadwise: 'unready'; error: PlainError }
  | { leadwise: 'result'; id: number; result: Result }
  | { leadwise: 'error'; id: number; error: PlainError };

/** What is kept of an error on its way: structured cloning would lose the class, the code and the place. */
export interface PlainError {
  name: string;
  message: string;
  code?: string;
  place?: LeadwiseError['place'];
  quality?: RecordError['quality'];
}

const NAMED = { LeadwiseError, FormatError, WeightsError, RecordError, UnsupportedError };
const BUILT_IN = { TypeError, RangeError };

export function packError(error: unknown): PlainError {
  if (error instanceof LeadwiseError) {
    const { name, message, code, place } = error;
    return {
      name,
      message,
      code,
      place,
      ...(error instanceof RecordError && error.quality !== undefined ? { quality: error.quality } : {}),
    };
  }
  return error instanceof Error ? { name: error.name, message: error.message } : { name: 'Error', message: String(error) };
}

/** An error of the same class, name, code, place and message. */
export function unpackError(plain: Partial<PlainError> | undefined): Error {
  const { name = 'Error', message = 'a worker sent no reason', code, place, quality } = plain ?? {};
  if (code !== undefined && Object.hasOwn(NAMED, name)) {
    const error = new NAMED[name as keyof typeof NAMED](code, message); // the message names the place already
    return Object.assign(error, { place }, quality !== undefined ? { quality } : {});
  }
  if (Object.hasOwn(BUILT_IN, name)) return new BUILT_IN[name as keyof typeof BUILT_IN](message);
  return Object.assign(new Error(message), { name });
}
