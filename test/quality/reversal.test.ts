// Scores of exchanged electrodes: the reference's on made-up records, what must not change them, and how often they are right on real ones.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STANDARD_LEADS } from '../../src/ecg.js';
import { limbLeadReversal } from '../../src/quality/reversal.js';
import { simulate } from '../../src/simulate.js';
import { uniform } from '../../src/splitmix32.js';
import { describeWithData } from '../data-folder.js';
import { int16Values, readNpz } from '../npz.js';

type Leads = Map<string, Float64Array>;

const ARMS: Record<string, [lead: string, sign: number]> = {
  I: ['I', -1],
  II: ['III', 1],
  III: ['II', 1],
  aVR: ['aVL', 1],
  aVL: ['aVR', 1],
};
const REVERSALS: Record<string, typeof ARMS> = {
  arms: ARMS,
  rightArmLeftLeg: { I: ['III', -1], II: ['II', -1], III: ['I', -1], aVR: ['aVF', 1], aVF: ['aVR', 1] },
  leftArmLeftLeg: { I: ['II', 1], II: ['I', 1], III: ['III', -1], aVL: ['aVF', 1], aVF: ['aVL', 1] },
};

function reverse(leads: Leads, reversal: string | null): Leads {
  if (reversal === null) return leads;
  return new Map(
    Array.from(leads, ([name, x]) => {
      const [shown, sign] = REVERSALS[reversal]![name] ?? [name, 1];
      return [name, shown === name && sign === 1 ? x : leads.get(shown)!.map((value) => sign * value)];
    }),
  );
}

const choose = (leads: Leads, names: readonly string[]): Leads => new Map(names.map((name) => [name, leads.get(name)!]));

// As in training/reversal.py: centre in s after the beat's begin, half width in s, and the height in I, III and V1 to V6, in uV.
const WAVES: [centre: number, width: number, heights: number[]][] = [
  [0.15, 0.05, [60, 50, 30, 50, 60, 70, 60, 60]],
  [0.29, 0.03, [-30, 20, 150, 200, 100, -40, -60, -60]],
  [0.32, 0.04, [700, 100, -500, -300, 300, 1000, 1200, 900]],
  [0.37, 0.03, [-100, 60, -200, -700, -600, -300, -100, -40]],
  [0.6, 0.12, [200, 40, -60, 300, 350, 320, 250, 180]],
];
const BEAT_SECONDS = 0.85;
const NOISE_UV = 15;

function madeUp(fs: number, seconds: number, seed: number): Leads {
  const sample = (row: number, n: number) => {
    const phase = n / fs - Math.floor(n / fs / BEAT_SECONDS) * BEAT_SECONDS;
    let x = NOISE_UV * uniform(seed + row, n);
    for (const [centre, width, heights] of WAVES) x += heights[row]! * Math.max(0, 1 - Math.abs(phase - centre) / width);
    return x;
  };
  const length = Math.round(fs * seconds);
  const [one, three, ...chest] = Array.from({ length: 8 }, (_, row) => new Float64Array(length).map((_, n) => sample(row, n)));
  const two = one!.map((x, n) => x + three![n]!);
  const combine = (lead: (i: number, ii: number) => number) => one!.map((x, n) => lead(x, two[n]!));
  const limb = [one!, two, three!, combine((i, ii) => -(i + ii) / 2), combine((i, ii) => i - ii / 2), combine((i, ii) => ii - i / 2)];
  return new Map([...limb, ...chest].map((x, row) => [STANDARD_LEADS[row]!, x]));
}

interface Case {
  fs: number;
  seconds: number;
  seed: number;
  leads: string[];
  reversal: string | null;
  scores: [arms: number, rightArmLeftLeg: number | null];
}

describe('the scores of training/reversal.py', () => {
  const cases = JSON.parse(readFileSync(new URL('../golden/reversal.json', import.meta.url), 'utf8')) as Case[];

  it.each(cases)('$fs Hz, $seconds s, $leads, $reversal', ({ fs, seconds, seed, leads, reversal, scores }) => {
    const found = limbLeadReversal(choose(reverse(madeUp(fs, seconds, seed), reversal), leads), fs)!;
    expect(Math.abs(found.arms - scores[0])).toBeLessThan(1e-9);
    if (scores[1] === null) expect(found.rightArmLeftLeg).toBeUndefined();
    else expect(Math.abs(found.rightArmLeftLeg! - scores[1])).toBeLessThan(1e-9);
  });

  it('tell what was exchanged, and nothing of a record as it should be', () => {
    for (const { leads, reversal, scores } of cases) {
      if (leads.length < 6 || !leads.includes('II')) continue;
      expect(scores[0] >= 0, `${leads} ${reversal}`).toBe(reversal === 'arms');
      if (reversal !== 'leftArmLeftLeg' && scores[1] !== null) expect(scores[1] >= 0).toBe(reversal === 'rightArmLeftLeg');
    }
  });
});

const record = madeUp(250, 10, 7);
const scored = limbLeadReversal(record, 250)!;

describe('what does not matter', () => {
  it('the unit and the offset of each lead', () => {
    const other = new Map(Array.from(record, ([name, x], row) => [name, x.map((value) => 0.001 * (row + 1) * value - 40 * row)]));
    expect(limbLeadReversal(other, 250)!.arms).toBeCloseTo(scored.arms, 6);
  });

  it('an order of the leads, or leads it does not know', () => {
    const other = new Map([...record].reverse()).set('X', new Float64Array(3));
    expect(limbLeadReversal(other, 250)).toEqual(scored);
  });

  it.each([100, 257, 500, 1000, 2000])('a rate of %d Hz', (fs) => {
    const simulated = simulate({ fs, seconds: 10, seed: 3 });
    const leads: Leads = new Map(simulated.sigName.map((name, row) => [name, Float64Array.from(simulated.signal[row]!)]));
    const { arms, rightArmLeftLeg } = limbLeadReversal(leads, fs)!;
    expect(arms).toBeLessThan(0);
    expect(rightArmLeftLeg).toBeLessThan(0);
    expect(limbLeadReversal(reverse(leads, 'arms'), fs)!.arms).toBeGreaterThan(0);
    expect(limbLeadReversal(reverse(leads, 'rightArmLeftLeg'), fs)!.rightArmLeftLeg).toBeGreaterThan(0);
  });

  it('its input stays as it was', () => {
    const before = record.get('I')!.slice();
    limbLeadReversal(record, 250);
    expect(record.get('I')).toEqual(before);
  });
});

describe('where it cannot be told', () => {
  const without = (...names: string[]) =>
    choose(
      record,
      [...record.keys()].filter((name) => !names.includes(name)),
    );
  const made = (x: (n: number, row: number) => number, length = 2500): Leads =>
    new Map(STANDARD_LEADS.map((name, row) => [name, new Float64Array(length).map((_, n) => x(n, row))]));

  it('without leads', () => expect(limbLeadReversal(new Map(), 250)).toBeUndefined());

  it('without lead I', () => expect(limbLeadReversal(without('I'), 250)).toBeUndefined());

  it('without lead II the leg is not', () => expect(limbLeadReversal(without('II'), 250)!.rightArmLeftLeg).toBeUndefined());

  it('flat leads', () =>
    expect(
      limbLeadReversal(
        made(() => 7),
        250,
      ),
    ).toBeUndefined());

  it('a lead I with a value that is no number', () => {
    expect(
      limbLeadReversal(
        without().set(
          'I',
          record.get('I')!.map((x, n) => (n === 99 ? Number.NaN : x)),
        ),
        250,
      ),
    ).toBeUndefined();
  });

  it('a flat lead I among others', () => expect(limbLeadReversal(without().set('I', new Float64Array(2500)), 250)).toBeUndefined());

  it.each([1, 2, 3, 4, 5])('noise alone, seed %d', (seed) => {
    expect(
      limbLeadReversal(
        made((n, row) => uniform(100 * seed + row, n)),
        250,
      ),
    ).toBeUndefined();
  });

  it.each([0, 1, 2, 10, 100, 375])('%d samples', (length) => {
    const short = new Map(Array.from(record, ([name, x]) => [name, x.subarray(0, length)]));
    expect(limbLeadReversal(short, 250)).toBeUndefined();
  });
});

/** Shares of what is told of twelve-lead records, as they are and with exchanged electrodes. */
function shares(records: { leads: Leads; fs: number }[], reversal: string | null): { arms: number; leg: number } {
  const found = records.map(({ leads, fs }) => limbLeadReversal(reverse(leads, reversal), fs));
  return {
    arms: found.filter((scores) => scores !== undefined && scores.arms >= 0).length / records.length,
    leg: found.filter((scores) => (scores?.rightArmLeftLeg ?? -1) >= 0).length / records.length,
  };
}

describeWithData('real recordings', (data) => {
  const arrays = readNpz(readFileSync(join(data, 'train', 'val.npz')));
  const [signal, length] = [int16Values(arrays.get('signal')!), int16Values(arrays.get('length')!)];
  const records = Array.from(length, (samples, index) => {
    const lead = (row: number) => Float64Array.from(signal.subarray((index * 12 + row) * 1000).subarray(0, samples));
    return { leads: new Map(STANDARD_LEADS.map((name, row) => [name, lead(row)])), fs: 100 };
  });

  it('are there', () => expect(readdirSync(join(data, 'train'))).toContain('val.npz'));

  it('false alarms are rare', () => {
    const { arms, leg } = shares(records, null);
    expect(arms).toBeLessThan(0.015);
    expect(leg).toBeLessThan(0.01);
  });

  it('exchanged electrodes are found', () => {
    expect(shares(records, 'arms').arms).toBeGreaterThan(0.95);
    expect(shares(records, 'rightArmLeftLeg').leg).toBeGreaterThan(0.95);
  });
});
