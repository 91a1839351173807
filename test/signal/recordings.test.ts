// Real recordings and SciPy vectors that are not part of the project.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import filters from '../../src/filters.json' with { type: 'json' };
import { SignalEngine } from '../../src/signal-engine.js';
import { describeWithData } from '../data-folder.js';
import { KernelBench, VARIANTS } from '../variants.js';
import { relativeError } from './reference.js';

const LEADS = 12;
const WINDOW = 8192;
const FS_500 = { fs: 500, ...filters['500'] };

/** A challenge recording: MATLAB 4, int16 [12][n] column by column behind 24 bytes. */
function readLeads(path: string): Int16Array[] {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset + 24, bytes.byteLength - 24);
  const n = view.byteLength / 2 / LEADS;
  return Array.from({ length: LEADS }, (_, lead) => Int16Array.from({ length: n }, (_, t) => view.getInt16(2 * (t * LEADS + lead), true)));
}

/** A .npy file of version 1 with float32 values. */
function readNpy(path: string): Float32Array {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset + 10 + bytes.readUInt16LE(8), bytes.byteOffset + bytes.byteLength));
}

describeWithData('recordings', (folder) => {
  describe.each(VARIANTS)('%s', (variant) => {
    const engine = new SignalEngine((bytes) => new KernelBench(variant, bytes).instance);

    it.each(['E07501', 'E07504'])('%s after the published preprocessing', (record) => {
      const expected = readNpy(join(folder, 'challenge', `${record}.pre.f32.npy`));
      expect(expected.length).toBe(LEADS * WINDOW);
      for (const [lead, samples] of readLeads(join(folder, 'records', `${record}.mat`)).entries()) {
        const row = new Float32Array(WINDOW);
        row.set(engine.preprocessLead(samples, 500, FS_500), WINDOW - samples.length);
        expect(relativeError(row, expected.subarray(lead * WINDOW, (lead + 1) * WINDOW)), `lead ${lead}`).toBeLessThan(1e-6);
      }
    });

    it('the reference vectors', () => {
      const refs = JSON.parse(readFileSync(join(folder, 'challenge/preprocess_refs.json'), 'utf8'));
      const { b, a, lfilter_zi: zi } = refs.butter3_1_47_fs500;
      expect(filters['500']).toEqual({ b, a, zi });
      const noise = refs.filtfilt_noise;
      expect(relativeError(engine.filtfilt({ b, a, zi }, noise.x), noise.y)).toBeLessThan(1e-9);
      expect(relativeError(engine.filtfilt({ b, a }, noise.x), noise.y)).toBeLessThan(1e-9);
      const poly = refs.resample_poly_1_2;
      expect(relativeError(engine.resamplePoly(poly.x, 1, 2), poly.y)).toBeLessThan(1e-9);
      const fourier = refs.fft_resample_257fs257_to500;
      expect(relativeError(engine.resample(fourier.x, fourier.n), fourier.y)).toBeLessThan(1e-9);
    });
  });
});
