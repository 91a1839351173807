// The quality report: each fault by name, on simulated records of several rates and on real ones; and what does not change it.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dropLead, LEAD_FAULTS, plain, RECORD_FAULTS, random, spoilLead } from '../../bench/faults.mjs';
import { assessQuality, type EcgRecord, type Quality } from '../../src/index.js';
import { readRecord } from '../../src/node.js';
import { simulate } from '../../src/simulate.js';
import { describeWithData } from '../data-folder.js';
import { loadTiny, tinyRecord } from '../tiny-network.js';

const RATES = [100, 128, 250, 500, 1000];

const ofLead = ({ leads }: Quality, name: string) => leads.find(({ lead }) => lead.toLowerCase() === name.toLowerCase())!;

/** The codes of the lead that was spoilt, or undefined where the fault cannot be. */
function codesOfFault(record: EcgRecord, fault: (typeof LEAD_FAULTS)[number], index: number, next: () => number) {
  const spoilt = spoilLead(record, index, fault, next);
  return spoilt ? ofLead(assessQuality(spoilt), record.sigName[index]!) : undefined;
}

describe.each(RATES)('a simulated record at %d Hz', (fs) => {
  const record = plain(simulate({ fs, seconds: 10, seed: 3 }));

  it('is ok as it is', () => {
    expect(assessQuality(record)).toEqual({
      verdict: 'ok',
      codes: [],
      leads: record.sigName.map((lead) => ({ lead, verdict: 'ok', codes: [] })),
      reasons: [],
    });
  });

  it.each(LEAD_FAULTS.map((fault) => [fault.name, fault] as const))('%s', (_, fault) => {
    const next = random(fs);
    for (const index of [1, 7, 10]) {
      const codes = codesOfFault(record, fault, index, next)?.codes;
      if (codes === undefined) expect(fs).toBeLessThan(fault.needs ?? 0);
      else
        expect(
          codes.some((code) => fault.codes.includes(code)),
          `${record.sigName[index]}: ${codes}`,
        ).toBe(true);
    }
  });

  it.each(RECORD_FAULTS.filter(({ name }) => !name.startsWith('left arm')).map((fault) => [fault.name, fault] as const))(
    '%s',
    (_, fault) => {
      const { codes, verdict, reasons } = assessQuality(fault.change(plain(record)));
      expect(
        codes.some((code) => fault.codes.includes(code)),
        String(codes),
      ).toBe(true);
      expect(verdict).toBe('degraded');
      expect(reasons).toHaveLength(codes.length);
    },
  );
});

describe('the verdict', () => {
  const record = plain(simulate({ fs: 250, seconds: 8, seed: 5 }));
  const without = (...leads: string[]) => leads.reduce((rest, lead) => dropLead(rest, rest.sigName.indexOf(lead)), record);

  it('of a lead set that the network was trained with is ok, of another degraded', () => {
    const six = assessQuality(without('V1', 'V2', 'V3', 'V4', 'V5', 'V6'));
    expect(six).toMatchObject({ verdict: 'ok', codes: ['missing'], reasons: ['V1, V2, V3, V4, V5, V6: not in the record'] });
    expect(ofLead(six, 'V1')).toEqual({ lead: 'V1', verdict: 'reject', codes: ['missing'] });
    expect(assessQuality(without('V4'))).toMatchObject({ verdict: 'degraded', codes: ['incomplete-leads', 'missing'] });
  });

  it('of a lead of next to no height beside others does not depend on one that is all one value, or of an unknown unit', () => {
    const change = (lead: string, units: EcgRecord['units'][number] | undefined, act: (value: number) => number, base = record) => {
      const at = base.sigName.indexOf(lead);
      const signal = base.signal.map((values, index) => (index === at ? values.map(act) : values));
      return { ...base, signal, units: base.units.map((unit, index) => (index === at && units ? units : unit)) };
    };
    const low = change('V2', undefined, (value) => value * 0.01);
    for (const spoilt of [low, change('V1', undefined, () => 0, low), change('V1', 'unknown', (value) => value, low)])
      expect(ofLead(assessQuality(spoilt), 'V2')).toEqual({ lead: 'V2', verdict: 'reject', codes: ['flat'] });
  });

  it('finds one signal twice, in another unit too', () => {
    const [at, from] = [record.sigName.indexOf('V2'), record.sigName.indexOf('V5')];
    for (const [unit, scale] of [
      ['mV', 1],
      ['uV', 1000],
    ] as const) {
      const signal = record.signal.map((values, index) => (index === at ? record.signal[from]!.map((value) => value * scale) : values));
      const units = record.units.map((own, index) => (index === at ? unit : own));
      expect(assessQuality({ ...record, signal, units }).codes).toContain('duplicate-leads');
    }
  });

  it('is reject where no lead is left', () => {
    const flat = { ...record, signal: record.signal.map((lead) => lead.map(() => 3)) };
    expect(assessQuality(flat)).toMatchObject({ verdict: 'reject', codes: ['flat'] });
  });

  it('does not depend on the order of the leads, nor on the unit', () => {
    const turned = { ...record, sigName: [...record.sigName].reverse(), signal: [...record.signal].reverse() };
    expect(assessQuality(turned)).toEqual(assessQuality(record));
    const micro = {
      ...record,
      units: record.units.map(() => 'uV' as const),
      signal: record.signal.map((lead) => lead.map((value) => value * 1000)),
    };
    expect(assessQuality(micro)).toEqual(assessQuality(record));
  });

  it('takes the integers by their gain', () => {
    const { fs, sigName, units, signal, digital, adcGain, baseline } = simulate({ fs: 250, seconds: 8, seed: 5 });
    const whole = { fs, sigName, units, signal, digital: digital!, adcGain: adcGain!, baseline: baseline! };
    expect(assessQuality(whole).codes).toEqual([]);
    // Integers of a gain thirty times too low say thirty times the millivolts.
    expect(assessQuality({ ...whole, adcGain: adcGain!.map((gain) => gain / 30) }).codes).toEqual(['amplitude-high']);
    expect(
      assessQuality({ ...whole, units: units.map(() => 'unknown' as const), adcGain: adcGain!.map((gain) => gain / 30) }).codes,
    ).toEqual([]);
  });

  it('of samples without a unit says nothing of amplitudes and sums', () => {
    const scaled = {
      ...record,
      units: record.units.map(() => 'unknown' as const),
      signal: record.signal.map((lead, row) => lead.map((value) => value * (row + 1) * 90)),
    };
    expect(assessQuality(scaled).codes).toEqual([]);
  });

  it('of very short, huge and empty leads does not fail', () => {
    for (const samples of [0, 1, 2, 3, 22]) {
      const { verdict } = assessQuality({ ...record, signal: record.signal.map((lead) => lead.slice(0, samples)) });
      expect(verdict).toMatch(/degraded|reject/);
    }
    for (const factor of [1e300, 1e-300, 0])
      assessQuality({ ...record, signal: record.signal.map((lead) => lead.map((value) => value * factor)) });
  });

  it('refuses what is no record', () => {
    expect(() => assessQuality(null as unknown as EcgRecord)).toThrow(TypeError);
    expect(() => assessQuality({ ...record, sigName: record.sigName.map((_, row) => `X${row}`) })).toThrow(
      expect.objectContaining({ code: 'NO_KNOWN_LEAD' }),
    );
  });
});

describe('in a result', async () => {
  const model = await loadTiny();
  const record = plain(tinyRecord());
  const flat = { ...record, signal: record.signal.map((lead, row) => (row === 8 ? lead.map(() => 2) : lead)) };
  const noisy = spoilLead(record, 3, LEAD_FAULTS.find(({ name }) => name === 'white noise alone')!, random(1))!;

  it('is what assessQuality says, and drops what is rejected', () => {
    for (const spoilt of [flat, noisy]) {
      const { quality, leadsDropped } = model.classify(spoilt);
      expect(quality).toEqual(assessQuality(spoilt));
      const rejected = quality!.leads.filter(({ verdict }) => verdict === 'reject');
      expect(leadsDropped).toEqual(rejected.map(({ lead, codes }) => ({ lead, reason: codes[0] })));
      expect(rejected).toHaveLength(1);
    }
  });

  it('"report" says the same and reads the lead; "off" says nothing', () => {
    const report = model.classify(noisy, { quality: 'report' });
    expect(report.quality).toEqual(assessQuality(noisy));
    expect(report.leadsDropped).toEqual([]);
    expect(model.classify(noisy, { quality: 'off' })).toMatchObject({ quality: null, leadsDropped: [] });
  });

  it('stands in the error where no lead is left', () => {
    const nothing = { ...record, signal: record.signal.map((lead) => lead.map(() => 2)) };
    expect(() => model.classify(nothing)).toThrow(expect.objectContaining({ code: 'NO_USABLE_LEAD', quality: assessQuality(nothing) }));
  });

  it('stands in each window', () => {
    const long = {
      ...record,
      signal: record.signal.map((lead, row) => (row === 0 ? lead.map((value, i) => (i < 300 ? value : 0)) : lead)),
    };
    const { windows } = model.classify(long, { windows: 'all' });
    expect(windows!.map((window) => 'quality' in window && ofLead(window.quality!, 'I').codes)).toEqual([[], ['flat'], ['flat']]);
  });
});

describeWithData('real recordings with faults', async (data) => {
  const folder = join(data, 'records');
  const names = readdirSync(folder).filter((name) => name.endsWith('.hea'));
  const records = await Promise.all(names.map(async (name) => plain(await readRecord(join(folder, name)))));
  const reports = records.map((record) => assessQuality(record));
  const share = (count: number, of: number) => count / of;

  it('are a hundred at least', () => expect(records.length).toBeGreaterThanOrEqual(100));

  it('as they are: at most 2 % of records and leads are rejected, and at most 2 % of records have limb leads reversed', () => {
    const rejected = reports.flatMap(({ leads }) => leads).filter(({ verdict, codes }) => verdict === 'reject' && codes[0] !== 'missing');
    expect(share(rejected.length, 12 * records.length)).toBeLessThanOrEqual(0.02);
    expect(share(reports.filter(({ verdict }) => verdict === 'reject').length, records.length)).toBeLessThanOrEqual(0.02);
    expect(share(reports.filter(({ codes }) => codes.includes('arm-lead-reversal')).length, records.length)).toBeLessThanOrEqual(0.02);
  });

  it.each(['flat', 'saturated', 'not-finite'])('%s: at least 95 % of all such faults are found', (code) => {
    const next = random(11);
    const found = LEAD_FAULTS.filter(({ codes }) => codes[0] === code && codes.length === 1).flatMap((fault) =>
      records.map((record) => {
        const index = Math.floor(next() * record.signal.length);
        return codesOfFault(record, fault, index, next)!.codes.includes(code as never);
      }),
    );
    expect(found.length).toBeGreaterThan(100);
    expect(share(found.filter(Boolean).length, found.length)).toBeGreaterThanOrEqual(0.95);
  });

  it('missing leads are found', () => {
    for (const [n, record] of records.entries()) {
      const index = n % record.sigName.length;
      const report = assessQuality(dropLead(record, index));
      expect(ofLead(report, record.sigName[index]!).codes).toEqual(['missing']);
    }
  });

  it('exchanged arms are found in 80 % at least', () => {
    const { change } = RECORD_FAULTS.find(({ name }) => name === 'arms exchanged')!;
    const found = records.filter((record) => assessQuality(change(plain(record))).codes.includes('arm-lead-reversal'));
    expect(share(found.length, records.length)).toBeGreaterThanOrEqual(0.8);
  });
});

describe('judges', () => {
  const record = plain(simulate({ fs: 250, seconds: 10, seed: 5 }));
  const changed = (change: (lead: string, samples: Float64Array) => Float64Array): EcgRecord => ({
    ...record,
    signal: record.signal.map((samples, row) => change(record.sigName[row]!, Float64Array.from(samples))),
  });
  const noise = (next: () => number, height: number) => () => height * (next() + next() + next() - 1.5);

  it('leads of different units by millivolts', () => {
    const mixed = changed((lead, samples) => (lead === 'I' ? samples : samples.map((value) => value * 1000)));
    const units = record.sigName.map((lead) => (lead === 'I' ? ('mV' as const) : ('uV' as const)));
    expect(assessQuality({ ...mixed, units })).toEqual(assessQuality(record));
    expect(assessQuality({ ...mixed, units: units.map((unit) => (unit === 'uV' ? 'unknown' : unit)) }).codes).toEqual([]);
  });

  it('a good lead by good leads, however loud the bad ones are', () => {
    const next = random(4);
    const two = { ...changed((lead, samples) => (lead === 'II' ? samples.map(noise(next, 50)) : samples)) };
    const [first, second] = assessQuality({ ...two, sigName: ['I', 'II'], units: ['mV', 'mV'], signal: two.signal.slice(0, 2) }).leads;
    expect([first, second!.codes[0]]).toEqual([{ lead: 'I', verdict: 'ok', codes: [] }, 'noise']);
    const limbs = changed((lead, samples) => (lead.startsWith('V') ? samples : samples.map(noise(next, 50))));
    expect(assessQuality(limbs).leads.filter(({ verdict }) => verdict === 'ok')).toHaveLength(6);
  });

  it('what a network sees, and NaN wherever it is', async () => {
    const model = await loadTiny(); // 2.56 s
    const cutOff = (samples: Float64Array, from: number, to: number) => samples.fill(0.3, from * 250, to * 250);
    const early = model.classify(changed((lead, samples) => (lead === 'V1' ? cutOff(samples, 0, 3) : samples)));
    expect(early.leadsDropped).toEqual([{ lead: 'V1', reason: 'flat' }]);
    const late = model.classify(changed((lead, samples) => (lead === 'V1' ? cutOff(samples, 3, 10) : samples)));
    expect(late.leadsDropped).toEqual([]);
    const nan = model.classify(changed((lead, samples) => (lead === 'V1' ? samples.fill(Number.NaN, 2000, 2001) : samples)));
    expect(nan.leadsDropped).toEqual([{ lead: 'V1', reason: 'not-finite' }]);
  });

  it('numbers that vanish or overflow in the network as no signal', () => {
    const unknown = record.units.map(() => 'unknown' as const);
    for (const [factor, code] of [
      [1e-200, 'flat'],
      [1e200, 'amplitude-high'],
    ] as const) {
      const report = assessQuality({ ...changed((_, samples) => samples.map((value) => value * factor)), units: unknown });
      expect(report).toMatchObject({ verdict: 'reject', codes: expect.arrayContaining([code]) });
    }
  });

  it('no rate at which nothing can be measured', () => {
    for (const fs of [1e-7, 49, 2001, 1e9]) {
      expect(() => assessQuality({ ...record, fs })).toThrow(expect.objectContaining({ name: 'RecordError', code: 'FS_OUT_OF_RANGE' }));
    }
  });
});
