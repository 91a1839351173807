import { XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { CHALLENGE_CLASSES } from '../../src/classes.js';
import { type EcgRecord, STANDARD_LEADS } from '../../src/ecg.js';
import { LAYOUTS, RecordError, renderSheet, type SheetOptions } from '../../src/render/index.js';
import { simulate } from '../../src/simulate.js';
import { uniform } from '../../src/splitmix32.js';
import { NOTICE } from '../../src/version.js';
import {
  explanationOf,
  overlaps,
  pulsesOf,
  qualityOf,
  recordOf,
  resultOf,
  sizeOf,
  spikes,
  textsOf,
  tracesOf,
  unusable,
  wordsOf,
} from './sheets.js';

const LEFT = 16;
/** Where the traces begin at 25 mm/s: behind the pulse. */
const TRACES = LEFT + 15;
const plain = recordOf(spikes);
const EVERY_LEAD_FLAT = [`${STANDARD_LEADS.join(', ')}: flat, or partly flat`];
const NO_USABLE_LEAD = {
  code: 'NO_USABLE_LEAD',
  message: `No lead carries a signal: ${STANDARD_LEADS.map((lead) => `${lead} flat`).join(', ')}`,
};

/** Where a trace is highest, piece by piece joined. */
const peaks = (svg: string, lead: string, which = 0) => {
  const points = tracesOf(svg, lead)[which]!.flat();
  const baseline = points[0]![1];
  return points.filter(([, y], i) => y < baseline - 1 && y < (points[i - 1]?.[1] ?? y + 1)).map(([x, y]) => [x, baseline - y] as const);
};

/** Where on paper, in seconds. */
const secondsOf = (found: readonly (readonly [number, number])[], traceLeft = TRACES, speed = 25) =>
  found.map(([x]) => Math.round(((x - traceLeft) / speed) * 1000) / 1000);

/** Names of leads with the place of each, row by row. */
const namesOf = (svg: string) =>
  textsOf(svg)
    .filter(({ words }) => (STANDARD_LEADS as readonly string[]).includes(words))
    .sort((a, b) => a.top - b.top || a.left - b.left)
    .map(({ words, left }) => [words, Math.round((left - TRACES - 1) * 100) / 100] as const);

describe('scale', () => {
  it('is as wide as A4 paper, in millimetres', () => {
    const { width, height } = sizeOf(renderSheet(plain, { result: resultOf(['NSR']) }));
    expect(width).toBe(297);
    expect(height).toBeLessThanOrEqual(210);
  });

  it.each([25, 50] as const)('a second is %d mm, and a millivolt what the gain says', (speed) => {
    for (const gain of [5, 10, 20] as const) {
      const svg = renderSheet(plain, { speed, gain });
      const traceLeft = LEFT + 10 + 0.2 * speed;
      expect(secondsOf(peaks(svg, 'II', 1), traceLeft, speed)).toEqual([0.25, 1.25, 2.25, 3.25, 4.25, 5.25, 6.25, 7.25, 8.25, 9.25]);
      for (const [, height] of peaks(svg, 'II', 1)) expect(height).toBeCloseTo(gain, 9);
      for (const { left, steps } of pulsesOf(svg)) {
        expect(left).toBe(LEFT);
        expect(steps).toBe(`h2.5v-${gain}h${0.2 * speed}v${gain}h2.5`);
      }
      expect(pulsesOf(svg)).toHaveLength(4);
      expect(wordsOf(svg)).toContain(`${speed} mm/s  ·  ${gain} mm/mV  ·  no filter  ·  500 Hz  ·  0.0–10.0 s`);
    }
  });

  it('the pulse of 1 mV is 10 mm high and 5 mm wide, and stands on the baseline, on a line of the grid', () => {
    const svg = renderSheet(plain);
    const [, gridLeft, gridTop] = /<path data-grid="5"[^>]* d="M(\d+) (\d+)v/.exec(svg)!;
    expect(Number(gridLeft)).toBe(LEFT);
    pulsesOf(svg).forEach(({ baseline, steps }, row) => {
      expect(steps).toBe('h2.5v-10h5v10h2.5');
      expect((baseline - Number(gridTop)) % 5).toBe(0);
      expect(tracesOf(svg, ['I', 'II', 'III', 'II'][row]!)[row === 3 ? 1 : 0]![0]![0]![1]).toBeCloseTo(baseline, 9);
    });
  });

  it('the grid has a line each millimetre and a thicker one each five', () => {
    const svg = renderSheet(plain);
    const lines = (mm: number) => / d="([^"]*)"/.exec(new RegExp(`<path data-grid="${mm}"[^>]*>`).exec(svg)![0])![1]!;
    const places = (path: string) => Array.from(path.matchAll(/M(\d+) \d+v/g), ([, x]) => Number(x) - LEFT);
    expect(places(lines(5))).toEqual(Array.from({ length: 54 }, (_, i) => 5 * i));
    expect([...places(lines(1)), ...places(lines(5))].sort((a, b) => a - b)).toEqual(Array.from({ length: 266 }, (_, i) => i));
  });

  it('units: microvolts, converter integers with a gain, and all others fitted and said', () => {
    const scaled = (unit: EcgRecord['units'][number], factor: number, more: Partial<EcgRecord> = {}) =>
      renderSheet({
        ...plain,
        units: plain.units.map(() => unit),
        signal: plain.signal.map((values) => Int32Array.from(values, (value) => value * factor)),
        ...more,
      });
    const expected = peaks(renderSheet(plain), 'II', 1);
    expect(peaks(scaled('uV', 1000), 'II', 1)).toEqual(expected);
    expect(peaks(scaled('adc', 200, { adcGain: plain.units.map(() => 200), baseline: plain.units.map(() => 7) }), 'II', 1)).toEqual(
      expected,
    );
    const gains = plain.units.map(() => 200);
    const digital = plain.signal.map((values) => Int32Array.from(values));
    // Readers give both for a source that does not say what its unit is.
    for (const unknown of [
      scaled('unknown', 300),
      scaled('adc', 300),
      scaled('adc', 1, { adcGain: gains, digital }),
      scaled('adc', 300, { adcGain: gains.map(() => 0) }),
    ]) {
      expect(pulsesOf(unknown)).toEqual([]);
      expect(wordsOf(unknown)).toContain('25 mm/s  ·  amplitude not to scale (units unknown)  ·  no filter  ·  500 Hz  ·  0.0–10.0 s');
      expect(wordsOf(unknown).filter((words) => words === 'not to scale')).toHaveLength(13);
      for (const [, height] of peaks(unknown, 'II', 1)) expect(height).toBeCloseTo(16, 9);
    }
  });

  it('one lead of unknown unit leaves the others their pulse', () => {
    const svg = renderSheet({ ...plain, units: plain.units.map((unit, k) => (k === 2 ? 'unknown' : unit)) });
    expect(pulsesOf(svg)).toHaveLength(4);
    expect(wordsOf(svg)).toContain('not to scale');
    expect(wordsOf(svg).join(' ')).toContain('Not to scale, because their units are unknown: III.');
  });
});

describe('places', () => {
  it('three rows of four leads that follow each other in time, and a rhythm strip', () => {
    const svg = renderSheet(plain);
    expect(namesOf(svg)).toEqual([
      ...[
        ['I', 'aVR', 'V1', 'V4'],
        ['II', 'aVL', 'V2', 'V5'],
        ['III', 'aVF', 'V3', 'V6'],
      ].flatMap((row) => row.map((lead, c) => [lead, 62.5 * c])),
      ['II', 0],
    ]);
    const seconds = (lead: string) => secondsOf(peaks(svg, lead));
    expect(seconds('II')).toEqual([0.25, 1.25, 2.25]);
    expect(seconds('aVL')).toEqual([3.25, 4.25]);
    expect(seconds('V2')).toEqual([5.25, 6.25, 7.25]);
    expect(seconds('V6')).toEqual([8.25, 9.25]);
  });

  it.each([
    ['3x4', 12],
    ['6x2', 12],
    ['6x2+1', 13],
    ['3x2+1', 7],
    ['12x1', 12],
    ['rows', 12],
  ] as const)('layout %s has %d names', (layout, count) => {
    const svg = renderSheet(plain, { layout });
    expect(namesOf(svg)).toHaveLength(count);
    expect(new Set(namesOf(svg).map(([, x]) => x)).size).toBe(layout.startsWith('3x4') ? 4 : layout.includes('x2') ? 2 : 1);
    if (layout === '12x1') expect(namesOf(svg).map(([name]) => name)).toEqual([...STANDARD_LEADS]);
  });

  it('the rhythm strip: as told, else II, else the next', () => {
    const strip = (options: SheetOptions, leads: readonly string[] = STANDARD_LEADS) =>
      namesOf(renderSheet(recordOf(spikes, { leads }), options)).at(-1)![0];
    expect(strip({ rhythm: 'v5' })).toBe('V5');
    expect(
      strip(
        {},
        STANDARD_LEADS.filter((lead) => lead !== 'II'),
      ),
    ).toBe('V1');
    expect(strip({ layout: '3x4+1' }, ['V6', 'V4'])).toBe('V4');
  });

  it('few leads: a row each; limb leads: two columns; with all asked for, the others were not recorded', () => {
    const two = recordOf(spikes, { leads: ['I', 'II'] });
    expect(namesOf(renderSheet(two))).toEqual([
      ['I', 0],
      ['II', 0],
    ]);
    const limb = recordOf(spikes, { leads: STANDARD_LEADS.slice(0, 6) });
    expect(namesOf(renderSheet(limb)).map(([name]) => name)).toEqual(['I', 'aVR', 'II', 'aVL', 'III', 'aVF', 'II']);
    const all = renderSheet(two, { layout: '3x4+1' });
    expect(namesOf(all)).toHaveLength(13);
    expect(wordsOf(all).filter((words) => words === 'not recorded')).toHaveLength(10);
    expect(tracesOf(all, 'V1')).toEqual([]);
    expect(pulsesOf(all)).toHaveLength(3); // no trace in the third row, no pulse
  });

  it('leads go by name: their order in the record does not matter', () => {
    const turned = recordOf(spikes, { leads: [...STANDARD_LEADS].reverse() });
    expect(renderSheet({ ...turned, sigName: turned.sigName.map((name) => `Lead ${name.toUpperCase()}`) }) === renderSheet(plain)).toBe(
      true,
    );
  });

  it('a short record: all columns show its beginning; nearly ten seconds are enough', () => {
    const short = renderSheet(recordOf(spikes, { seconds: 4 }));
    for (const lead of ['II', 'aVL', 'V2', 'V5']) expect(peaks(short, lead)).toHaveLength(3);
    expect(wordsOf(short).join(' ')).toContain('The record is short: all columns begin with the same second.');
    expect(wordsOf(short).join(' ')).toContain('0.0–4.0 s');
    expect(secondsOf(peaks(renderSheet(recordOf(spikes, { seconds: 9.5 })), 'V5'))).toEqual([8.25, 9.25]);
  });

  it('a long record: ten seconds from where it is told to start, and the times are written', () => {
    const long = recordOf((lead, seconds) => (seconds === 31 ? 1 : 0) + (lead === 'V1' ? 0.5 : 0), { seconds: 60 });
    const svg = renderSheet(long, { startSeconds: 30, result: resultOf([]) });
    expect(secondsOf(peaks(svg, 'II', 1))).toEqual([1]);
    expect(wordsOf(svg).join(' ')).toContain('30.0–40.0 s of 60.0 s');
    expect(wordsOf(svg).join(' ')).toContain('The findings are not about these seconds alone.');
    expect(wordsOf(renderSheet(long, { startSeconds: 1.5, offsetSeconds: 100 })).join(' ')).toContain('101.5–111.5 s of 160.0 s');
  });

  it('each lead is centred on its median', () => {
    for (const offset of [-3, 0.2, 100]) {
      expect(renderSheet(recordOf((lead, seconds) => spikes(lead, seconds) + offset)) === renderSheet(plain)).toBe(true);
    }
  });
});

describe('traces', () => {
  const one = (values: Float64Array, fs = 500) => ({ fs, sigName: ['I'], units: ['mV' as const], signal: [values] });

  it('NaN and infinity are gaps; a sample between two is a dot', () => {
    const values = new Float64Array(5000).fill(0.1);
    values.fill(Number.NaN, 1000, 1500);
    values.fill(Number.POSITIVE_INFINITY, 1501, 2000);
    const svg = renderSheet(one(values));
    const [pieces] = tracesOf(svg, 'I');
    expect(pieces!.map((piece) => [piece[0]![0], piece.at(-1)![0]])).toEqual([
      [TRACES, TRACES + 999 / 20],
      [TRACES + 75, TRACES + 75],
      [TRACES + 100, TRACES + 4999 / 20],
    ]);
    expect(svg.match(/NaN|Infinity|undefined|null/)).toBeNull();
  });

  it.each(['mV', 'uV', 'unknown'] as const)('values near the largest number leave their row (%s)', (unit) => {
    for (const most of [1.7e308, 1e307, Number.MIN_VALUE]) {
      const values = new Float64Array(5000);
      values[1000] = most;
      values[1001] = -most;
      values[2000] = most / 2;
      const svg = renderSheet({ ...one(values), units: [unit] });
      expect(svg.match(/NaN|Infinity/)).toBeNull();
      if (most > 1 && unit !== 'unknown') expect(/<path data-clipped[^>]* d="([^"]*)"/.exec(svg)![1]!.match(/z/g)).toHaveLength(3);
    }
  });

  it('a lead without any number is an empty row', () => {
    const svg = renderSheet(one(new Float64Array(5000).fill(Number.NaN)));
    expect(tracesOf(svg, 'I')).toEqual([]);
    expect(svg.match(/NaN|Infinity/)).toBeNull();
  });

  it('rows grow with what is in them; beyond 4 mV at 10 mm/mV the trace is cut at the border, and marked', () => {
    const height = (most: number) => sizeOf(renderSheet(recordOf((_, seconds) => (seconds === 5 ? most : 0), { leads: ['I'] }))).height;
    expect(height(2.4) - height(0.5)).toBe(15);
    expect(height(9)).toBe(height(3.9));
    const values = new Float64Array(5000);
    values[2500] = 9;
    values[3000] = -8;
    const svg = renderSheet(one(values));
    const points = tracesOf(svg, 'I')[0]!.flat();
    const { baseline } = pulsesOf(svg)[0]!;
    const ys = points.map(([, y]) => y);
    expect(Math.min(...ys)).toBeCloseTo(baseline - 40, 9);
    expect(Math.max(...ys)).toBeCloseTo(baseline + 40, 9);
    // The line is left where it crosses the border: 4/9 of the way to the spike.
    expect(points.find(([, y]) => y < baseline - 39.9)![0]).toBeCloseTo(TRACES + (2499 + 4 / 9) / 20, 2);
    expect(/<path data-clipped[^>]* d="([^"]*)"/.exec(svg)![1]!.match(/z/g)).toHaveLength(2);
    expect(wordsOf(svg).join(' ')).toContain('Triangles: I reach beyond their rows');
    expect(renderSheet(plain).includes('data-clipped')).toBe(false);
  });

  it('thinning loses no extreme', () => {
    const values = new Float64Array(80_000); // 8000 Hz
    values[12_345] = 1;
    values[12_347] = -0.5;
    values[70_001] = 0.75;
    const points = tracesOf(renderSheet(one(values, 8000)), 'I')[0]!.flat();
    const ys = points.map(([, y]) => y);
    const baseline = points[0]![1];
    expect(baseline - Math.min(...ys)).toBeCloseTo(10, 9);
    expect(Math.max(...ys) - baseline).toBeCloseTo(5, 9);
    expect(points.some(([x, y]) => Math.abs(x - TRACES - (70_001 / 8000) * 25) < 0.02 && Math.abs(baseline - y - 7.5) < 0.01)).toBe(true);
  });

  it.each(LAYOUTS)('%s of ten noisy seconds at 500 Hz is small', (layout) => {
    const noisy = recordOf((_, seconds) => 0.5 * uniform(7, seconds * 500));
    expect(renderSheet(noisy, { layout }).length).toBeLessThan(layout.startsWith('3x4') ? 200_000 : 600_000);
    expect(renderSheet(simulate({ seconds: 10 }), { layout }).length).toBeLessThan(300_000);
  });
});

describe('words', () => {
  it('disclaimer, title, findings in order, model', () => {
    const words = wordsOf(renderSheet(plain, { title: 'A0010', result: resultOf(['AF', 'NSR', 'LAD']) }));
    expect(words.slice(0, 2)).toEqual([NOTICE, 'A0010']);
    const list = words.slice(words.indexOf('Findings (probabilities are calibrated)') + 1);
    const present = resultOf(['AF', 'NSR', 'LAD']).findings.filter((finding) => finding.present);
    expect(list.slice(0, 9)).toEqual(
      present.flatMap(({ abbreviation, probability, name }) => [abbreviation, `${(100 * probability).toFixed(1)} %`, name]),
    );
    expect(words.at(-1)).toBe('model edge, weights sha256 0123456789ab, drawn by leadwise 0.1.0');
  });

  it('abbreviation and name of every class have room', () => {
    for (const { abbreviation, name } of CHALLENGE_CLASSES) {
      const words = wordsOf(renderSheet(plain, { result: resultOf([abbreviation]) }));
      const list = words.slice(words.indexOf('Findings (probabilities are calibrated)') + 1);
      expect([list[0], list[2]]).toEqual([abbreviation, name]);
    }
  });

  it('nothing present, much present, uncalibrated, no result', () => {
    expect(wordsOf(renderSheet(plain, { result: resultOf([]) }))).toContain('nothing above its threshold');
    const all = resultOf(resultOf([]).findings.map(({ abbreviation }) => abbreviation));
    expect(wordsOf(renderSheet(plain, { result: all }))).toContain('and 18 more');
    const raw = resultOf(['AF']);
    for (const finding of raw.findings) finding.calibrated = false;
    expect(wordsOf(renderSheet(plain, { result: raw }))).toContain('Findings (probabilities are not calibrated)');
    const bare = wordsOf(renderSheet(plain));
    expect(bare.join(' ')).not.toMatch(/Findings|Quality|model/);
    expect(bare).toContain(NOTICE);
  });

  it('quality: verdict, reasons, remarks beside names; what was not used is grey', () => {
    const quality = qualityOf({ V3: ['noise', 'baseline-drift'], aVF: ['flat'] }, ['V3: noisy', 'aVF: no signal']);
    const svg = renderSheet(plain, {
      result: resultOf(['NSR'], { quality, leadsDropped: [{ lead: 'aVF', reason: 'flat' }], flags: ['flat:aVF', 'thresholds:fallback'] }),
    });
    for (const words of [
      'quality: degraded',
      'Quality: degraded',
      '– V3: noisy',
      '– aVF: no signal',
      '– flags: thresholds:fallback',
      'noise, baseline drift',
      'not used: flat',
    ]) {
      expect(wordsOf(svg)).toContain(words);
    }
    expect(/data-lead="aVF"[^>]*stroke="([^"]*)"/.exec(svg)![1]).not.toBe(/data-lead="V3"[^>]*stroke="([^"]*)"/.exec(svg)![1]);
    const unjudged = renderSheet(plain, {
      result: resultOf([], { quality: null, leadsDropped: [{ lead: 'V1', reason: 'not-finite' }], flags: ['short'] }),
    });
    for (const words of ['Quality: not judged', '– left out: V1 (not finite)', '– flags: short', 'not used: not finite'])
      expect(wordsOf(unjudged)).toContain(words);
  });

  it('a rejected lead that was read is not said to be unused', () => {
    const quality = qualityOf({ aVF: ['flat'], V1: ['flat'], V3: ['muscle'] });
    const svg = renderSheet(plain, { result: resultOf(['NSR'], { quality, leadsDropped: [{ lead: 'V1', reason: 'flat' }] }) });
    const words = wordsOf(svg);
    expect([words[words.indexOf('aVF') + 1], words[words.indexOf('V1') + 1]]).toEqual(['flat', 'not used: flat']);
    const stroke = (lead: string) => new RegExp(`data-lead="${lead}"[^>]*stroke="([^"]*)"`).exec(svg)![1];
    expect(stroke('aVF')).toBe(stroke('V3'));
    expect(stroke('V1')).not.toBe(stroke('V3'));
  });

  it('without a result: the reason in the place of the findings, quality, and nothing of use', () => {
    const quality = unusable(['I flat', 'II flat'], { aVF: ['flat'], V1: ['not-finite'] });
    const reason = { code: 'NO_USABLE_LEAD', message: 'No lead carries a signal: I flat' };
    const svg = renderSheet(plain, { quality, reason, title: 'A0010' });
    const words = wordsOf(svg);
    for (const expected of [
      'quality: reject',
      'No findings: NO_USABLE_LEAD',
      'No lead carries a signal: I flat',
      'Quality: reject',
      '– I flat',
      '– II flat',
      'not finite',
    ])
      expect(words).toContain(expected);
    expect(words[words.indexOf('aVF') + 1]).toBe('flat');
    expect(words.join(' ')).not.toMatch(/not used|Findings|model|threshold/);
    expect(svg).toContain('aria-label="A0010. ECG, 12 leads: no findings. No lead carries a signal: I flat. ');
    expect(tracesOf(svg, 'II')).toHaveLength(2);
    const left = (line: string) => textsOf(svg).find((box) => box.words === line)!.left;
    expect(left('No findings: NO_USABLE_LEAD')).toBe(LEFT);
    expect(left('Quality: reject')).toBeGreaterThan(LEFT + 100);
  });

  it('a reason that nobody judged, and quality that nobody was refused for', () => {
    const error = new RecordError('NO_USABLE_LEAD', 'No lead carries a signal');
    const unjudged = wordsOf(renderSheet(plain, { quality: null, reason: error }));
    for (const words of ['No findings: NO_USABLE_LEAD', 'No lead carries a signal', 'Quality: not judged'])
      expect(unjudged).toContain(words);
    const long = recordOf(spikes, { seconds: 30 });
    const judged = wordsOf(renderSheet(long, { quality: qualityOf({ V1: ['muscle'] }, ['V1: noisy']) }));
    for (const words of ['quality: degraded', 'Quality: degraded', '– V1: noisy', 'muscle']) expect(judged).toContain(words);
    expect(judged.join(' ')).not.toMatch(/[Ff]indings|model/);
    expect(judged.join(' ')).toContain('What is said of the record is not about these seconds alone.');
  });

  it('beside a result, its own quality counts, and no reason is given', () => {
    const result = resultOf(['NSR']);
    const more = { quality: unusable(['I flat']), reason: { code: 'NO_USABLE_LEAD', message: 'none' } };
    expect(renderSheet(plain, { result, ...more }) === renderSheet(plain, { result })).toBe(true);
  });

  it('nothing of the patient, nor other signals, whose names are free text too', () => {
    const svg = renderSheet({
      ...plain,
      comments: ['Name: Jane Roe', 'Age: 5432 years'],
      sigName: plain.sigName.map((name) => (name === 'V6' ? 'RESP of Jane' : name)),
    });
    expect(/Jane|Roe|5432|RESP/.test(svg)).toBe(false);
    expect(wordsOf(svg).join(' ')).toContain('Not drawn, as none of the twelve leads: 1 other channel.');
  });

  it('hostile text is text, and the file stays well-formed XML', () => {
    const hostile = `</text><script>alert(1)</script>"'&\u0000\u001f\ud800`;
    const result = resultOf(['AF'], {
      model: { name: hostile, sha256: hostile, version: hostile },
      flags: [hostile],
      quality: qualityOf({ V1: ['noise'] }, [hostile]),
    });
    for (const finding of result.findings) Object.assign(finding, { abbreviation: hostile, name: hostile });
    const sigName = plain.sigName.map((name) => (name === 'V6' ? hostile : name));
    const svg = renderSheet(
      { ...plain, sigName },
      {
        title: hostile,
        result,
        explanation: explanationOf({ abbreviation: hostile, name: hostile, leads: [{ lead: hostile, change: -1 }] }),
      },
    );
    expect(XMLValidator.validate(svg)).toBe(true);
    expect(svg.includes('<script')).toBe(false);
    expect(/^[\n\x20-\ud7ff\ue000-\ufffd]*$/.test(svg)).toBe(true);
    const failed = renderSheet(plain, {
      title: hostile,
      quality: { ...unusable([hostile], { V1: [hostile as 'flat'] }), verdict: hostile as 'reject' },
      reason: { code: hostile, message: hostile },
    });
    expect(XMLValidator.validate(failed)).toBe(true);
    expect(failed.includes('<script')).toBe(false);
    expect(/^[\n\x20-\ud7ff\ue000-\ufffd]*$/.test(failed)).toBe(true);
  });

  it('no ids, classes, styles, links or scripts: sheets can stand on any page, beside each other', () => {
    const svg = renderSheet(plain, { result: resultOf(['AF']), explanation: explanationOf() });
    expect(svg.match(/ (?:id|class|style|href|on\w+)=|<style|<script|url\(|@import/)).toBeNull();
    expect(svg.match(/https?:[^"]*/g)).toEqual(['http://www.w3.org/2000/svg']);
  });
});

describe('no text covers another, or leaves the sheet', () => {
  const long = 'a name that goes on and on, wide as WWWWWWWWWWWW and mmmmmmmmmmm, '.repeat(6);
  const everything = resultOf(
    resultOf([]).findings.map(({ abbreviation }) => abbreviation),
    {
      quality: qualityOf(
        Object.fromEntries(STANDARD_LEADS.map((lead) => [lead, ['noise', 'baseline-drift', 'amplitude-high', 'mains', 'muscle']])),
        Array.from({ length: 14 }, () => long),
      ),
      flags: [long],
    },
  );
  const changes = (sign: number) =>
    explanationOf({
      segments: explanationOf().segments.map((part, k) => ({ ...part, change: sign * (k + 1) })),
      leads: explanationOf().leads.map((part) => ({ ...part, change: sign * 12345.678 })),
    });
  const cases: [string, SheetOptions][] = LAYOUTS.flatMap((layout): [string, SheetOptions][] => [
    [`${layout}, little`, { layout, result: resultOf(['NSR']) }],
    [`${layout}, much`, { layout, title: long, result: everything, explanation: explanationOf({ name: long }) }],
    [`${layout}, wide`, { layout, speed: 50, gain: 20, result: everything, explanation: changes(-1) }],
    [`${layout}, flat`, { layout, explanation: changes(0) }],
    [`${layout}, unusable`, { layout, quality: unusable(EVERY_LEAD_FLAT), reason: NO_USABLE_LEAD }],
    [`${layout}, unusable, much`, { layout, title: long, quality: everything.quality, reason: { code: long, message: long.repeat(9) } }],
    [`${layout}, judged alone`, { layout, title: long, quality: everything.quality }],
    [`${layout}, refused alone`, { layout, speed: 50, reason: { code: 'W'.repeat(400), message: 'W'.repeat(4000) } }],
    [`${layout}, against`, { layout, gain: 5, explanation: changes(1), startSeconds: 3.5, offsetSeconds: 86_400 }],
  ]);

  it.each(cases)('%s', (_, options) => {
    const sources = [
      recordOf((lead, seconds) => 3 * spikes(lead, seconds)),
      recordOf(spikes, { leads: ['I', 'V2', 'other'], seconds: 4.2 }),
    ];
    for (const record of sources) {
      const svg = renderSheet(record, options);
      const { width, height } = sizeOf(svg);
      const boxes = textsOf(svg);
      expect(overlaps(boxes)).toEqual([]);
      expect(boxes.filter(({ left, right, top, bottom }) => left < 0 || top < 0 || right > width || bottom > height)).toEqual([]);
      // Nor does a trace reach a name.
      const points = STANDARD_LEADS.flatMap((lead) => tracesOf(svg, lead).flat(2));
      for (const { words, left, right, top, bottom } of boxes) {
        expect(
          points.filter(([x, y]) => x > left && x < right && y > top && y < bottom),
          words,
        ).toEqual([]);
      }
    }
  });
});

describe('an explanation', () => {
  const bars = (svg: string, kind: string) =>
    Array.from(
      svg.matchAll(
        new RegExp(`<rect data-${kind}="([^"]*)" x="([\\d.]+)" y="([\\d.]+)" width="([\\d.]+)" height="([\\d.]+)" fill="([^"]*)"`, 'g'),
      ),
      ([, part, x, y, width, height, fill]) => ({
        part: part!,
        x: Number(x),
        y: Number(y),
        width: Number(width),
        height: Number(height),
        fill: fill!,
      }),
    );

  it('half seconds stand under the seconds of the rhythm strip; what speaks for the finding goes up', () => {
    const svg = renderSheet(plain, { explanation: explanationOf() });
    const strip = bars(svg, 'second');
    expect(strip.map(({ x, width }) => [x - 0.5, width + 1])).toEqual(Array.from({ length: 20 }, (_, k) => [TRACES + 12.5 * k, 12.5]));
    const [strongest, against] = [strip[19]!, strip[7]!];
    expect(against.y).toBeCloseTo(strongest.y + strongest.height, 2); // from the zero line downwards
    expect(strongest.height / against.height).toBeCloseTo(1.9, 2);
    expect(new Set([strongest.fill, against.fill]).size).toBe(2);
    const names = wordsOf(svg);
    for (const words of [
      'What speaks for AF, atrial fibrillation (logit 4.50)',
      'logit falls when hidden: speaks for the finding',
      'logit rises when hidden: speaks against it',
      '−1.90',
      '+1.00',
      '0 s',
      '10 s',
    ]) {
      expect(names).toContain(words);
    }
  });

  it('leads in order, each with its change', () => {
    const svg = renderSheet(plain, { explanation: explanationOf() });
    expect(bars(svg, 'hidden').map(({ part }) => part)).toEqual([...STANDARD_LEADS]);
    const texts = textsOf(svg);
    for (const { part, x, width } of bars(svg, 'hidden')) {
      const below = texts.filter(
        ({ words, left, right, top }) => words === part && Math.abs((left + right) / 2 - x - width / 2) < 0.02 && top > 150,
      );
      expect(below, part).toHaveLength(1);
    }
    expect(wordsOf(svg)).toContain('+0.50');
  });

  it('goes with the seconds that are drawn', () => {
    const long = recordOf(spikes, { seconds: 30 });
    const strip = bars(renderSheet(long, { startSeconds: 7.25, explanation: explanationOf() }), 'second');
    expect(strip.map(({ part }) => part)).toEqual(['7', '7.5', '8', '8.5', '9', '9.5']);
    expect(strip[0]!.width + 1).toBeCloseTo(6.25, 9);
    const none = renderSheet(long, { startSeconds: 15, explanation: explanationOf() });
    expect(bars(none, 'second')).toEqual([]);
    expect(wordsOf(none)).toContain('no half second that the network saw is drawn here');
  });
});

describe('wrong arguments', () => {
  const anything = (value: unknown) => value as never;

  it.each([
    [{ speed: '25' }, TypeError, '"speed" expected a number, got string'],
    [{ speed: 30 }, RangeError, '"speed" expected one of 25, 50, got 30'],
    [{ gain: null }, TypeError, '"gain" expected a number, got null'],
    [{ gain: 15 }, RangeError, '"gain" expected one of 5, 10, 20, got 15'],
    [{ layout: 3 }, TypeError, '"layout" expected a string, got number'],
    [{ layout: '4x3' }, RangeError, '"layout" expected one of 3x4+1, 3x4, 6x2+1, 6x2, 3x2+1, 12x1, rows, got 4x3'],
    [{ rhythm: 2 }, TypeError, '"rhythm" expected a string, got number'],
    [{ rhythm: 'MLII' }, RangeError, '"rhythm" expected one of I, II, III'],
    [{ startSeconds: '1' }, TypeError, '"startSeconds" expected a number, got string'],
    [{ startSeconds: -1 }, RangeError, '"startSeconds" expected seconds from 0 on, got -1'],
    [{ startSeconds: Number.NaN }, RangeError, '"startSeconds" expected seconds from 0 on, got NaN'],
    [{ startSeconds: 10 }, RangeError, '"startSeconds" expected less than the record\'s 10 s, got 10'],
    [{ offsetSeconds: Number.POSITIVE_INFINITY }, RangeError, '"offsetSeconds" expected seconds from 0 on, got Infinity'],
    [{ title: 5 }, TypeError, '"title" expected a string, got number'],
    [{ result: {} }, TypeError, '"result" expected what the model gives, with findings, leadsDropped, flags'],
    [{ quality: 'ok' }, TypeError, '"quality" expected what the model gives, with verdict, leads, reasons'],
    [
      { quality: { ...unusable([]), leads: [{ lead: 'I', verdict: 'ok', codes: [5] }] } },
      TypeError,
      '"quality" expected what the model gives',
    ],
    [{ quality: { ...unusable([]), reasons: [null] } }, TypeError, '"quality" expected what the model gives'],
    [{ reason: 'flat' }, TypeError, '"reason" expected what the model gives, with code, message'],
    [{ reason: { code: 'X', message: 5 } }, TypeError, '"reason" expected what the model gives, with code, message'],
    [{ explanation: [] }, TypeError, '"explanation" expected what the model gives, with leads, segments'],
    [null, TypeError, '"options" expected an object, got null'],
  ])('%o', (options, type, message) => {
    expect(() => renderSheet(plain, anything(options))).toThrow(type);
    expect(() => renderSheet(plain, anything(options))).toThrow(message);
  });

  it.each([
    [
      { result: { ...resultOf([]), model: undefined } },
      '"result" expected what the model gives, with findings, leadsDropped, flags, model',
    ],
    [{ result: { ...resultOf([]), model: { name: 'edge', version: '1' } } }, '"result" expected what the model gives'],
    [{ explanation: explanationOf({ leads: [anything('V1')] }) }, '"explanation" expected what the model gives, with leads, segments'],
    [{ explanation: explanationOf({ leads: [{ lead: 'V1', change: Number.NaN }] }) }, '"explanation" expected what the model gives'],
    [
      { explanation: explanationOf({ segments: [anything({ startSeconds: '0"><script>', endSeconds: 1, change: 1 })] }) },
      '"explanation" expected what the model gives',
    ],
  ])('parts that the model does not give: %#', (options, message) => {
    expect(() => renderSheet(plain, anything(options))).toThrow(TypeError);
    expect(() => renderSheet(plain, anything(options))).toThrow(message);
  });

  it('how long a record is, its leads say, not its other channels', () => {
    const [lead, respiration] = [recordOf(spikes, { leads: ['I'], seconds: 5 }), recordOf(spikes, { leads: ['RESP'], seconds: 60 })];
    const both = (first: EcgRecord): EcgRecord => ({
      ...first,
      sigName: ['I', 'RESP'],
      units: ['mV', 'mV'],
      signal: [first.signal[0]!, respiration.signal[0]!],
    });
    expect(() => renderSheet(both(lead), { startSeconds: 5 })).toThrow(
      new RangeError('"startSeconds" expected less than the record\'s 5 s, got 5'),
    );
    expect(wordsOf(renderSheet(both(lead), { startSeconds: 4 })).join(' ')).toContain('4.0–5.0 s of 5.0 s');
    expect(() => renderSheet(both(recordOf(spikes, { leads: ['I'], seconds: 0 })))).toThrow(
      expect.objectContaining({ code: 'RECORD_TOO_SHORT' }),
    );
  });

  it('records that are none, or cannot be drawn', () => {
    expect(() => renderSheet(anything(undefined))).toThrow(new TypeError('"record" expected an EcgRecord, got undefined'));
    expect(() => renderSheet(recordOf(spikes, { leads: ['RESP'] }))).toThrow(expect.objectContaining({ code: 'NO_KNOWN_LEAD' }));
    expect(() => renderSheet(recordOf(spikes, { leads: ['I', 'Lead I'] }))).toThrow(expect.objectContaining({ code: 'DUPLICATE_LEAD' }));
    expect(() => renderSheet(recordOf(spikes, { seconds: 0 }))).toThrow(expect.objectContaining({ code: 'RECORD_TOO_SHORT' }));
  });
});
