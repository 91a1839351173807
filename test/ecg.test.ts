import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { checkRecord, type EcgRecord, STANDARD_LEADS, selectLeads, standardLead } from '../src/ecg.js';

describe('standardLead', () => {
  it.each(STANDARD_LEADS)('knows %s by every name', (lead) => {
    const upper = lead.toUpperCase();
    for (const name of [
      lead,
      upper,
      lead.toLowerCase(),
      `Lead ${lead}`,
      `LEAD_${upper}`,
      `ECG ${lead}`,
      `ECG lead ${lead}`,
      `MDC_ECG_LEAD_${upper}`,
    ]) {
      expect(standardLead(name)).toBe(lead);
    }
    for (const name of [`${lead}\0`, `Lead ${lead}\0\0 `, `\t${lead} `, `EKG-${lead}`, `lead: ${lead}`, `Lead ${lead} (Einthoven)`])
      expect(standardLead(name)).toBe(lead);
  });

  it.each(['a VR', 'aV R', 'a-vr', 'aVR, augmented voltage, right'])('%s is aVR', (name) => expect(standardLead(name)).toBe('aVR'));

  it.each([
    '',
    'lead',
    'ECG',
    '-aVR',
    '-I',
    'I-II',
    'I I',
    'II-I',
    'V1-V2',
    'MLII',
    'V7',
    'V10',
    'V',
    'V3R',
    'X',
    'IIII',
    'iv',
    'aVX',
    'II 2',
    'constructor',
  ])('%j is none', (name) => expect(standardLead(name)).toBeUndefined());
});

function record(sigName: string[], sigLen = 5): EcgRecord {
  return { fs: 500, sigName, units: sigName.map(() => 'mV'), signal: sigName.map(() => new Float32Array(sigLen)) };
}

describe('selectLeads', () => {
  it('gives the index of each lead wanted, and the names of the others', () => {
    expect(selectLeads(record(['v2', 'RESP', 'Lead II', 'i', 'V6']), ['I', 'II', 'III', 'V2'])).toEqual({
      rows: [3, 2, -1, 0],
      ignored: ['RESP', 'V6'],
    });
  });

  it('names what is wrong', () => {
    const { signal: short } = record(['I'], 4);
    const doubled = { name: 'RecordError', code: 'DUPLICATE_LEAD', place: { lead: 'II' } };
    expect(() => selectLeads(record(['II', 'I', 'lead ii']), STANDARD_LEADS)).toThrow(expect.objectContaining(doubled));
    expect(() => selectLeads(record(['RESP', 'V6']), ['I'])).toThrow(expect.objectContaining({ code: 'NO_KNOWN_LEAD' }));
    const unequal = { name: 'RecordError', code: 'UNEQUAL_LENGTHS', place: { lead: 'II' } };
    const two = record(['I', 'II']);
    expect(() => selectLeads({ ...two, signal: [two.signal[0]!, short[0]!] }, STANDARD_LEADS)).toThrow(expect.objectContaining(unequal));
    const digital = [new Int32Array(5), new Int32Array(4)];
    expect(() => selectLeads({ ...two, digital }, STANDARD_LEADS)).toThrow(expect.objectContaining(unequal));
  });

  it('does not mind what it does not use', () => {
    const mixed = record(['I', 'RESP', 'RESP', 'V6', 'V6']);
    mixed.signal[1] = new Float32Array(1);
    expect(selectLeads(mixed, ['I', 'II'])).toEqual({ rows: [0, -1], ignored: ['RESP', 'RESP', 'V6', 'V6'] });
  });
});

describe('checkRecord', () => {
  const valid = record(['I', 'II']);

  it('accepts records, from other realms too', () => {
    checkRecord(valid);
    checkRecord({ ...valid, digital: [new Int32Array(5), new Int32Array(5)], adcGain: [1, 2], baseline: [0, -1] });
    checkRecord(runInNewContext("({ fs: 500, sigName: ['I'], units: ['adc'], signal: [new Int16Array(9)] })"));
  });

  it.each([
    [undefined, new TypeError('"record" expected an EcgRecord, got undefined')],
    [null, new TypeError('"record" expected an EcgRecord, got null')],
    [{ ...valid, fs: '500' }, new TypeError('"record.fs" expected a number, got string')],
    [{ ...valid, fs: -1 }, new RangeError('"record.fs" expected a positive number, got -1')],
    [{ ...valid, fs: Number.NaN }, new RangeError('"record.fs" expected a finite number, got NaN')],
    [{ ...valid, sigName: 'I' }, new TypeError('"record.sigName" expected an array, got string')],
    [{ ...valid, sigName: ['I', 2] }, new TypeError('"record.sigName[1]" expected a string, got number')],
    [{ ...valid, sigName: [] }, new RangeError('"record.sigName" expected at least one lead, got none')],
    [{ ...valid, units: undefined }, new TypeError('"record.units" expected an array, got undefined')],
    [{ ...valid, units: new Array(2) }, new TypeError('"record.units[0]" expected a string, got undefined')],
    [{ ...valid, units: ['mV', 'V'] }, new RangeError('"record.units[1]" expected one of mV, uV, adc, unknown')],
    [{ ...valid, units: ['mV'] }, new RangeError('"record.units" expected 2 entries, one for each name in "record.sigName", got 1')],
    [
      { ...valid, signal: [[1], [2]] },
      new TypeError('"record.signal[0]" expected Float32Array, Float64Array, Int16Array, Int32Array, got Array'),
    ],
    [
      { ...valid, signal: [valid.signal[0]] },
      new RangeError('"record.signal" expected 2 entries, one for each name in "record.sigName", got 1'),
    ],
    [{ ...valid, digital: null }, new TypeError('"record.digital" expected an array, got null')],
    [{ ...valid, digital: [new Int16Array(5)] }, new TypeError('"record.digital[0]" expected Int32Array, got Int16Array')],
    [{ ...valid, adcGain: [1, Number.POSITIVE_INFINITY] }, new RangeError('"record.adcGain[1]" expected a finite number, got Infinity')],
    [{ ...valid, baseline: [1] }, new RangeError('"record.baseline" expected 2 entries, one for each name in "record.sigName", got 1')],
  ])('refuses %#', (wrong, error) => {
    expect(() => checkRecord(wrong)).toThrow(error);
    expect(() => checkRecord(wrong)).toThrow(error.constructor as ErrorConstructor);
  });
});
