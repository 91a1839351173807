import { WeightsError } from './errors.js';

/** Where a weight file is: its bytes, a Blob, a fetch Response, or an http(s) URL, which is fetched. */
export type WeightsSource = ArrayBuffer | Uint8Array | Blob | Response | URL;

/** The bytes of a weight file. @throws TypeError, and WeightsError `DOWNLOAD_FAILED` */
export async function readSource(weights: WeightsSource): Promise<Uint8Array> {
  if (weights instanceof Uint8Array) return weights;
  if (weights instanceof ArrayBuffer) return new Uint8Array(weights);
  if (typeof weights === 'string') {
    throw new TypeError(
      '"weights" expected bytes, a Blob, a Response or an http(s) URL, got a string: loadModelFile of leadwise/node takes paths',
    );
  }
  if (weights instanceof URL) {
    if (weights.protocol !== 'https:' && weights.protocol !== 'http:') {
      throw new TypeError(`"weights" expected an http(s) URL, got ${weights.protocol}: loadModelFile of leadwise/node takes file: URLs`);
    }
    return download(weights);
  }
  if (typeof Response !== 'undefined' && weights instanceof Response && !weights.ok) {
    throw new WeightsError('DOWNLOAD_FAILED', `The server answered ${weights.status} instead of a weight file`);
  }
  if (typeof (weights as Blob | undefined)?.arrayBuffer !== 'function') {
    throw new TypeError(
      `"weights" expected bytes, a Blob, a Response or an http(s) URL, got ${weights === null ? 'null' : typeof weights}`,
    );
  }
  return new Uint8Array(await weights.arrayBuffer());
}

async function download(url: URL): Promise<Uint8Array> {
  try {
    return await readSource(await fetch(url));
  } catch (error) {
    if (error instanceof WeightsError) throw error;
    throw new WeightsError('DOWNLOAD_FAILED', `The weight file could not be fetched: ${(error as Error).message}`);
  }
}
