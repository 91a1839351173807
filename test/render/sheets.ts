// Records and results to draw, and what a drawn sheet holds.

import { CHALLENGE_CLASSES } from '../../src/classes.js';
import { type EcgRecord, STANDARD_LEADS } from '../../src/ecg.js';
import type { Explanation } from '../../src/explain.js';
import type { Quality } from '../../src/quality/report.js';
import type { PageResult } from '../../src/render/index.js';
import { textWidth } from '../../src/render/typeset.js';
import { NOTICE } from '../../src/version.js';

/** A record in mV whose leads are what `at` gives for a lead and a second. */
export function recordOf(
  at: (lead: string, seconds: number) => number,
  { fs = 500, seconds = 10, leads = STANDARD_LEADS as readonly string[] } = {},
): EcgRecord {
  const signal = leads.map((lead) => Float64Array.from({ length: Math.round(fs * seconds) }, (_, n) => at(lead, n / fs)));
  return { fs, sigName: [...leads], units: leads.map(() => 'mV' as const), signal };
}

/** Spikes of one sample and 1 mV, a quarter behind each whole second, on a line that is elsewhere in each lead. */
export const spikes = (lead: string, seconds: number): number => STANDARD_LEADS.indexOf(lead as 'I') + (seconds % 1 === 0.25 ? 1 : 0);

/** A made-up result in which these classes are present. */
export function resultOf(present: readonly string[], changes: Partial<PageResult> = {}): PageResult {
  const findings = CHALLENGE_CLASSES.map(({ code, abbreviation, name }, k) => {
    const isPresent = present.includes(abbreviation);
    return {
      code,
      abbreviation,
      name,
      logit: isPresent ? 3.25 : -4 - k / 10,
      probability: isPresent ? 0.9 - k / 100 : 0.02,
      calibrated: true,
      threshold: 0.5,
      present: isPresent,
    };
  }).sort((a, b) => b.probability - a.probability);
  return {
    fs: 500,
    leads: STANDARD_LEADS,
    leadsIgnored: [],
    leadsDropped: [],
    flags: [],
    findings,
    quality: qualityOf({}),
    model: { name: 'edge', sha256: '0123456789abcdef'.repeat(4), version: '0.1.0' },
    kernels: { variant: 'simd', sha256: 'f'.repeat(64) },
    notice: NOTICE,
    ...changes,
  };
}

/** What is wrong with which lead; a lead with `flat` is rejected. */
export function qualityOf(faults: { [lead: string]: Quality['leads'][number]['codes'] }, reasons: readonly string[] = []): Quality {
  const leads = STANDARD_LEADS.map((lead) => {
    const codes = faults[lead] ?? [];
    return {
      lead,
      codes,
      verdict: codes.includes('flat') ? ('reject' as const) : codes.length > 0 ? ('degraded' as const) : ('ok' as const),
    };
  });
  const codes = [...new Set(Object.values(faults).flat())];
  return { verdict: codes.length > 0 ? 'degraded' : 'ok', codes, leads, reasons };
}

/** Of a record of which no lead is of use; other leads than the given ones are flat. */
export function unusable(reasons: readonly string[], faults: { [lead: string]: Quality['leads'][number]['codes'] } = {}): Quality {
  const leads = STANDARD_LEADS.map((lead) => ({ lead, verdict: 'reject' as const, codes: faults[lead] ?? (['flat'] as const) }));
  return { verdict: 'reject', codes: [...new Set(leads.flatMap(({ codes }) => codes))], leads, reasons };
}

export function explanationOf(changes: Partial<Explanation> = {}): Explanation {
  return {
    code: '164889003',
    abbreviation: 'AF',
    name: 'atrial fibrillation',
    logit: 4.5,
    leads: STANDARD_LEADS.map((lead, k) => ({ lead, change: lead === 'V2' ? 0.5 : -0.1 * k })),
    segments: Array.from({ length: 20 }, (_, k) => ({ startSeconds: k / 2, endSeconds: (k + 1) / 2, change: k === 7 ? 1 : -k / 10 })),
    notice: NOTICE,
    ...changes,
  };
}

export interface Box {
  readonly words: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Texts with the boxes that they take at most, in mm. */
export function textsOf(svg: string): Box[] {
  return Array.from(svg.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g), ([, attributes, escaped]) => {
    const number = (name: string) => Number(new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes!)![1]);
    const words = escaped!.replace(
      /&(?:amp|lt|gt|quot|#39);/g,
      (entity) => ({ '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"' })[entity] ?? "'",
    );
    const [x, y, size] = [number('x'), number('y'), number('font-size')];
    const anchor = /text-anchor="(\w+)"/.exec(attributes!)?.[1];
    const width = textWidth(words, size);
    const left = anchor === 'end' ? x - width : anchor === 'middle' ? x - width / 2 : x;
    return { words, left, right: left + width, top: y - 0.78 * size, bottom: y + 0.22 * size };
  });
}

/** Pairs of texts that cover each other. */
export function overlaps(boxes: readonly Box[]): string[] {
  return boxes.flatMap((a, i) =>
    boxes
      .slice(i + 1)
      .filter((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
      .map((b) => `${a.words} | ${b.words}`),
  );
}

type Point = readonly [x: number, y: number];

/** The traces of a lead, piece by piece, in mm; a sheet may draw a lead twice. */
export function tracesOf(svg: string, lead: string): Point[][][] {
  return Array.from(svg.matchAll(new RegExp(`<path data-lead="${lead}"[^>]* transform="scale\\(\\.01\\)" d="([^"]*)"`, 'g')), ([, path]) =>
    Array.from(path!.matchAll(/M(-?\d+) (-?\d+)(?:l([^M]*)|h0)/g), ([, x, y, steps]) => {
      const points: Point[] = [[Number(x) / 100, Number(y) / 100]];
      const numbers = Array.from((steps ?? '').matchAll(/-?\d+/g), Number);
      for (let i = 0; i < numbers.length; i += 2)
        points.push([points.at(-1)![0] + numbers[i]! / 100, points.at(-1)![1] + numbers[i + 1]! / 100]);
      return points;
    }),
  );
}

/** Calibration pulses as drawn: where they begin, and their steps. */
export function pulsesOf(svg: string): { left: number; baseline: number; steps: string }[] {
  return Array.from(svg.matchAll(/<path data-pulse="[^"]*"[^>]* d="M([\d.]+) ([\d.]+)([^"]*)"/g), ([, left, baseline, steps]) => ({
    left: Number(left),
    baseline: Number(baseline),
    steps: steps!,
  }));
}

export function sizeOf(svg: string): { width: number; height: number } {
  const [, width, height, viewBox] = /^<svg [^>]*width="([\d.]+)mm" height="([\d.]+)mm" viewBox="([^"]*)"/.exec(svg)!;
  if (viewBox !== `0 0 ${width} ${height}`) throw new Error(`viewBox ${viewBox} of ${width} x ${height} mm`);
  return { width: Number(width), height: Number(height) };
}

/** The words of the sheet, in the order in which they are drawn. */
export const wordsOf = (svg: string): string[] => textsOf(svg).map(({ words }) => words);
