// What is made of a profile: sums by block, trace events, the roofline.

import { beforeAll, describe, expect, it } from 'vitest';
import type { Profile } from '../../src/index.js';
import { groupLayers, rooflineSvg, traceEvents } from '../../src/profile/index.js';
import { loadTiny, tinyRecord } from '../tiny-network.js';

let profile: Profile;

beforeAll(async () => {
  const model = await loadTiny();
  profile = await model.profile(tinyRecord(), { rounds: 3 });
});

describe('groupLayers', () => {
  it('keeps every layer in its order, and adds up', () => {
    const groups = groupLayers(profile.layers);
    expect(groups.map(({ name }) => name)).toEqual([
      'blocks.0',
      'blocks.1',
      'blocks.2',
      'resize',
      'transformer.embd',
      'transformer.stem.0',
      'transformer.branch.0',
      'transformer.branch.1',
      'head',
    ]);
    expect(groups.flatMap(({ layers }) => layers)).toEqual(profile.layers);
    for (const key of ['macs', 'computedMacs', 'bytes'] as const) {
      expect(groups.reduce((sum, group) => sum + group[key], 0)).toBe(profile.layers.reduce((sum, layer) => sum + layer[key], 0));
    }
    expect(groups[0]!.ms).toBe(groups[0]!.layers.reduce((sum, { ms }) => sum + ms, 0));
  });
});

describe('traceEvents', () => {
  const complete = (trace: ReturnType<typeof traceEvents>) => trace.traceEvents.flatMap((event) => (event.ph === 'X' ? [event] : []));

  it('is JSON with an event for each layer, one after the other, behind preprocessing', () => {
    const trace = traceEvents(profile);
    expect(JSON.parse(JSON.stringify(trace))).toEqual(trace);
    const events = complete(trace);
    expect(events[0]).toMatchObject({ name: 'preprocessing', ts: 0 });
    const layers = events.filter(({ cat }) => cat === 'layer');
    expect(layers.map(({ name }) => name)).toEqual(profile.layers.map(({ name }) => name));
    let now = events[0]!.dur;
    for (const [index, { ts, dur, args }] of layers.entries()) {
      const { name: _, ms, ...rest } = profile.layers[index]!;
      expect([ts, dur]).toEqual([now, Math.round(1000 * ms)]);
      expect(args).toEqual(rest);
      now += dur;
    }
    for (const { ph, pid, tid } of trace.traceEvents) expect([ph, pid, tid]).toEqual([expect.stringMatching(/^[XM]$/), 1, 1]);
  });

  it('layers lie within their block, which stands before them', () => {
    const events = complete(traceEvents(profile));
    const blocks = events.filter(({ cat }) => cat === 'block');
    expect(blocks.map(({ name }) => name)).toEqual([
      'blocks.0',
      'blocks.1',
      'transformer.embd',
      'transformer.stem.0',
      'transformer.branch.0',
      'transformer.branch.1',
      'head',
    ]);
    for (const { name, layers } of groupLayers(profile.layers)) {
      const at = events.findIndex((event) => event.cat === 'block' && event.name === name);
      if (at < 0) continue;
      const inside = events.slice(at + 1, at + 1 + layers.length);
      expect(inside.map((event) => event.name)).toEqual(layers.map((layer) => layer.name));
      expect(inside[0]!.ts).toBe(events[at]!.ts);
      expect(inside.at(-1)!.ts + inside.at(-1)!.dur).toBe(events[at]!.ts + events[at]!.dur);
    }
  });

  it('of a window begins with the network', () => {
    const [first] = complete(traceEvents({ ...profile, preprocessingMs: null }));
    expect(first).toMatchObject({ name: 'blocks.0', ts: 0 });
  });
});

/** What is wrong with a text as XML, as far as our pictures need it. */
function faults(svg: string): string[] {
  const found: string[] = [];
  const open: string[] = [];
  const tag = /<(\/?)([a-z]+)((?: [a-zA-Z-]+="[^"<>]*")*)(\/?)>/g;
  for (const [, end, name, , closed] of svg.matchAll(tag)) {
    if (closed === '/') continue;
    if (end === '') open.push(name!);
    else if (open.pop() !== name) found.push(`</${name}>`);
  }
  found.push(...(svg.replace(tag, '').match(/[<>].{0,20}/g) ?? []), ...(svg.match(/&(?!(?:amp|lt|gt|quot|#39);).{0,20}/g) ?? []));
  if (/NaN|undefined|Infinity|\[object/.test(svg)) found.push('a value that is none');
  return [...found, ...open];
}

describe('rooflineSvg', () => {
  const circles = (svg: string) =>
    Array.from(svg.matchAll(/<circle class="point" cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)"><title>([^:]+):/g), ([, x, y, r, name]) => ({
      x: Number(x),
      y: Number(y),
      r: Number(r),
      name,
    }));
  const labelled = (svg: string) =>
    Array.from(svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)" class="name">([^<]+)</g), ([, x, y, name]) => ({
      x: Number(x),
      y: Number(y),
      name,
    }));

  it('is well-formed, and the check sees what is not', () => {
    expect(faults(rooflineSvg(profile))).toEqual([]);
    for (const wrong of ['<g><a></g></a>', '<g>1 < 2</g>', '<g>a & b</g>', '<g>', '<g x="NaN"/>'])
      expect(faults(wrong), wrong).not.toEqual([]);
  });

  it('has a point for each layer that multiplies, within the frame, larger for more time', () => {
    const points = circles(rooflineSvg(profile));
    const multiplying = profile.layers.filter(({ macs }) => macs > 0);
    expect(points.map(({ name }) => name).sort()).toEqual(multiplying.map(({ name }) => name).sort());
    for (const { x, y } of points) {
      expect(x).toBeGreaterThanOrEqual(64);
      expect(x).toBeLessThanOrEqual(664);
      expect(y).toBeGreaterThanOrEqual(78);
      expect(y).toBeLessThanOrEqual(498);
    }
    const bySize = [...points].sort((a, b) => b.r - a.r).map(({ r }) => r);
    expect(points.map(({ r }) => r)).toEqual(bySize);
    expect(points[0]!.name).toBe([...multiplying].sort((a, b) => b.ms - a.ms)[0]!.name);
  });

  it('places by intensity and rate', () => {
    const made = (name: string, intensity: number, gmacPerSecond: number) => ({
      ...profile.layers[0]!,
      name,
      bytes: 1000,
      computedMacs: 1000 * intensity,
      gmacPerSecond,
    });
    const layers = [made('a', 1, 1), made('b', 10, 10), made('c', 100, 1)];
    const svg = rooflineSvg({ ...profile, layers, peak: { ...profile.peak, best: 20 }, bandwidth: { bytes: 1, gigabytesPerSecond: 20 } });
    const [a, b, c] = ['a', 'b', 'c'].map((name) => circles(svg).find((point) => point.name === name)!);
    expect(c!.y).toBe(a!.y);
    expect(b!.y).toBeLessThan(a!.y);
    // A factor of ten is the same distance everywhere.
    expect(b!.x - a!.x).toBeCloseTo(c!.x - b!.x, 0);
    const [, ridgeX, ridgeY] = /class="roof" d="M[\d. ]+L([\d.]+) ([\d.]+)H/.exec(svg)!;
    // 20 GMAC/s at 20 GB/s: the ridge stands above intensity 1, and b, of half of the peak, below the roof.
    expect(Number(ridgeX)).toBe(a!.x);
    expect(Number(ridgeY)).toBeLessThan(b!.y);
  });

  it('labels the ten longest, none over another', () => {
    const layers = Array.from({ length: 30 }, (_, i) => ({ ...profile.layers[0]!, name: `layer.${i}`, ms: 30 - i }));
    for (const some of [profile.layers, layers]) {
      const labels = labelled(rooflineSvg({ ...profile, layers: some }));
      const longest = some.filter(({ macs }) => macs > 0).sort((a, b) => b.ms - a.ms);
      expect(labels.map(({ name }) => name).sort()).toEqual(
        longest
          .slice(0, 10)
          .map(({ name }) => name)
          .sort(),
      );
      const heights = labels.map(({ y }) => y);
      expect(new Set(labels.map(({ x }) => x)).size).toBe(1);
      heights.slice(1).forEach((y, i) => {
        expect(y - heights[i]!).toBeGreaterThanOrEqual(28);
      });
      expect(Math.min(...heights)).toBeGreaterThanOrEqual(78);
      expect(Math.max(...heights)).toBeLessThanOrEqual(498);
    }
  });

  it('has a title and a description, and both colour schemes, and needs nothing from elsewhere', () => {
    const svg = rooflineSvg(profile);
    expect(svg).toMatch(
      /role="img" aria-labelledby="roofline-title roofline-desc">\n<title id="roofline-title">Roofline of test-tiny<\/title>/,
    );
    expect(svg).toMatch(/<desc id="roofline-desc">\d+ layers [^<]+<\/desc>/);
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|url\(|@import|href|<script| on[a-z]+=/i);
  });

  it('escapes what a file and an engine say of themselves', () => {
    const hostile = `</text><script>alert("1")</script>&'`;
    const svg = rooflineSvg({
      ...profile,
      model: { ...profile.model, name: hostile },
      engine: hostile.repeat(9),
      machine: { cpu: hostile, cores: 1 },
    });
    expect(faults(svg)).toEqual([]);
    expect(svg).not.toContain('<script');
  });

  it('of an engine whose clock stands still has no points, and is a picture still', () => {
    const still = (layer: Profile['layers'][number]) => ({ ...layer, ms: 0, bestMs: 0, gmacPerSecond: 0, shareOfPeak: 0 });
    const svg = rooflineSvg({
      ...profile,
      totalMs: { median: 0, best: 0 },
      layers: profile.layers.map(still),
      peak: { ...profile.peak, gmacPerSecond: 0, best: 0 },
      bandwidth: { bytes: 1, gigabytesPerSecond: 0 },
    });
    expect(faults(svg)).toEqual([]);
    expect(circles(svg)).toEqual([]);
  });
});
