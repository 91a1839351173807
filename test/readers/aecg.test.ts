import * as fastXmlParser from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { STANDARD_LEADS, selectLeads } from '../../src/ecg.js';
import { type AecgOptions, isAecg, readAecg } from '../../src/readers/aecg.js';
import { expectFixture, expectNoHarm, failing, fixture } from './fixtures.js';
import { bytesOf } from './writers.js';

const libraries = { 'fast-xml-parser': fastXmlParser };

const read = (source: Uint8Array | string, options: AecgOptions = {}) =>
  readAecg(typeof source === 'string' ? bytesOf(source) : source, { libraries, ...options });

const sequence = (code: string, value: string) => `<component><sequence><code code="${code}"/>${value}</sequence></component>`;
const time = (increment = '<increment value="0.002" unit="s"/>', type = 'GLIST_TS', head = '20260102') =>
  sequence('TIME_ABSOLUTE', `<value xsi:type="${type}"><head value="${head}"/>${increment}</value>`);
const lead = (name: string, digits = '1 2 3', scale = '<origin value="0" unit="uV"/><scale value="5" unit="uV"/>', type = 'SLIST_PQ') =>
  sequence(`MDC_ECG_LEAD_${name}`, `<value xsi:type="${type}">${scale}<digits>${digits}</digits></value>`);
const set = (...sequences: string[]) => `<component><sequenceSet>${sequences.join('')}</sequenceSet></component>`;
const series = (sets: string, code = 'RHYTHM') => `<component><series><code code="${code}"/>${sets}</series></component>`;
const document = (...all: string[]) =>
  `<AnnotatedECG xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">${all.join('')}</AnnotatedECG>`;

describe('readAecg', () => {
  it.each(['twelve.xml', 'origin.xml'])('gives what Python reads in %s', (name) => {
    expectFixture(read(fixture(`aecg/${name}`)), `aecg/${name}`);
  });

  it('takes the rhythm, whose leads are known by their codes, and not the beat derived from it', () => {
    const record = read(fixture('aecg/twelve.xml'));
    expect(record.signal[0]).toHaveLength(24);
    expect(selectLeads(record, STANDARD_LEADS)).toEqual({ rows: Array.from({ length: 12 }, (_, index) => index), ignored: [] });
    const beat = series(set(time(), lead('I', '9 9 9 9 9 9 9 9')), 'REPRESENTATIVE_BEAT');
    const rhythm = series(set(time(), lead('I')));
    for (const source of [document(beat, rhythm), document(rhythm, beat)]) expect(read(source).digital).toEqual([Int32Array.of(1, 2, 3)]);
    expect(() => read(document(beat))).toThrow(failing('NO_SIGNALS'));
  });

  it('takes the longest of several rhythms, and a series without a code where none has one', () => {
    const source = document(series(set(time(), lead('I'))), series(set(time(), lead('II', '4 5 6 7'))));
    expect(read(source).sigName).toEqual(['MDC_ECG_LEAD_II']);
    expect(read(document(series(set(time(), lead('V1'))).replace('<code code="RHYTHM"/>', ''))).sigName).toEqual(['MDC_ECG_LEAD_V1']);
  });

  it('joins sets that begin together, and refuses others', () => {
    const first = set(time(), lead('I'));
    expect(read(document(series(first + set(time(), lead('II', '4 5 6'))))).digital).toEqual([
      Int32Array.of(1, 2, 3),
      Int32Array.of(4, 5, 6),
    ]);
    const later = time(undefined, undefined, '20260103');
    const faster = time('<increment value="0.001" unit="s"/>');
    for (const other of [later, faster]) {
      expect(() => read(document(series(first + set(other, lead('II')))))).toThrow(failing('UNSUPPORTED_AECG'));
    }
  });

  it.each([
    ['0.002', 's', 500],
    ['2', 'ms', 500],
    ['2000', 'us', 500],
    ['0.00390625', 's', 256],
    ['0.0039', 's', 1 / 0.0039], // two digits: not to be told from 256.4
    ['0.00391', 's', 256],
    ['0.002778', 's', 360],
    ['2.77778', 'ms', 360],
    ['3.333', 'ms', 300],
    ['3', 'ms', 1000 / 3],
    ['16.0070', 'ms', 1000 / 16.007],
    ['1e-3', 's', 1000],
  ])('an increment of %s %s is %f Hz', (value, unit, fs) => {
    expect(read(document(series(set(time(`<increment value="${value}" unit="${unit}"/>`), lead('I'))))).fs).toBe(fs);
    expect(read(document(series(set(time(`<increment value="${value}" unit="${unit}"/>`, 'GLIST_PQ'), lead('I'))))).fs).toBe(fs);
  });

  it('reads origin, scale and their unit', () => {
    const one = (scale: string, digits = '-1 0 1') => read(document(series(set(time(), lead('I', digits, scale)))));
    const record = one('<origin value="-0.25" unit="mV"/><scale value="0.005" unit="mV"/>');
    expect(record).toMatchObject({ units: ['mV'], adcGain: [200], baseline: [50], digital: [Int32Array.of(-1, 0, 1)] });
    expect([...record.signal[0]!]).toEqual([-0.255, -0.25, -0.245]);
    expect(one('<origin value="0" unit="V"/><scale value="0.000001" unit="V"/>')).toMatchObject({ units: ['mV'] });
    expect(one('<origin value="0"/><scale value="2" unit="uV"/>').signal[0]![2]).toBe(2);
    expect(one('<origin value="0" unit="mV"/><scale value="2" unit="kg"/>').units).toEqual(['unknown']);
    expect(one('<origin value="0" unit="uV"/><scale value="2" unit="uV"/>', '1.5 2 3')).not.toHaveProperty('digital');
    expect(() => one('<origin value="1" unit="mV"/><scale value="2" unit="uV"/>')).toThrow(failing('BAD_AECG'));
  });

  it('never guesses a unit', () => {
    const plain = '<origin value="1"/><scale value="2"/>';
    const integers = document(series(set(time(), lead('AVR', '1 2 3', plain, 'SLIST_INT'))));
    expect(() => read(integers)).toThrow(failing('UNITS_REQUIRED', { place: { format: 'aecg', lead: 'aVR' } }));
    expect(read(integers, { units: 'adc' })).toMatchObject({ units: ['adc'], signal: [Float64Array.of(3, 5, 7)] });
    expect(() => read(document(series(set(time(), lead('I', '1', plain)))))).toThrow(failing('UNITS_REQUIRED'));
  });

  it.each([
    ['no time', set(lead('I')), 'BAD_AECG'],
    ['a time of another type', set(time(undefined, 'SLIST_TS'), lead('I')), 'UNSUPPORTED_AECG'],
    ['an increment without a unit', set(time('<increment value="2"/>'), lead('I')), 'BAD_AECG'],
    ['an increment of 0', set(time('<increment value="0" unit="s"/>'), lead('I')), 'BAD_AECG'],
    ['a negative increment', set(time('<increment value="-1" unit="s"/>'), lead('I')), 'BAD_AECG'],
    ['an increment that is no number', set(time('<increment value="x" unit="s"/>'), lead('I')), 'BAD_AECG'],
    ['an increment too small', set(time('<increment value="1e-320" unit="s"/>'), lead('I')), 'BAD_AECG'],
    ['times that differ', set(time(), time('<increment value="1" unit="s"/>'), lead('I')), 'BAD_AECG'],
    ['digits that are no numbers', set(time(), lead('I', '1 x 3')), 'BAD_AECG'],
    ['hexadecimal digits', set(time(), lead('I', '1 0x2 3')), 'BAD_AECG'],
    ['no samples', set(time(), lead('I', ' ')), 'NO_SIGNALS'],
    ['no leads', set(time()), 'NO_SIGNALS'],
    ['unequal lengths', set(time(), lead('I'), lead('II', '1 2')), 'UNEQUAL_LENGTHS'],
    ['another type of list', set(time(), lead('I', '1', '', 'BXIT_CD')), 'UNSUPPORTED_AECG'],
    ['no scale', set(time(), lead('I', '1', '<origin value="0"/>')), 'BAD_AECG'],
    ['a scale of 0', set(time(), lead('I', '1', '<origin value="0"/><scale value="0" unit="uV"/>')), 'BAD_AECG'],
    ['a sequence without a code', set(time(), lead('I').replace(/<code[^>]*>/, '')), 'BAD_AECG'],
  ])('refuses %s', (_, sets, code) => {
    expect(() => read(document(series(sets)))).toThrow(failing(code));
  });

  it('refuses other documents, and says nothing of the subject', () => {
    expect(() => read('<ClinicalDocument/>')).toThrow(failing('BAD_AECG'));
    expect(() => read(fixture('aecg/twelve.xml').subarray(0, 3000))).toThrow(failing('BAD_XML'));
    expect(JSON.stringify(read(fixture('aecg/twelve.xml')))).not.toMatch(/M.nster/);
    expect(() => readAecg(fixture('aecg/twelve.xml'))).toThrow(expect.objectContaining({ code: 'LIBRARY_REQUIRED' }));
  });

  it('takes little time for digits without end', () => {
    const started = performance.now();
    expect(read(document(series(set(time(), lead('I', '1 '.repeat(3_000_000)))))).signal[0]).toHaveLength(3_000_000);
    expect(() => read(document(series(set(time(), lead('I', '1'.repeat(3_000_000))))))).toThrow(failing('BAD_AECG'));
    expect(performance.now() - started).toBeLessThan(8000);
  });

  it('gives a record or a named error for anything damaged', async () => {
    await expectNoHarm(fixture('aecg/origin.xml'), read);
    await expectNoHarm(bytesOf(document(series(set(time(), lead('I'))))), read, 2000);
  });
});

describe('isAecg', () => {
  it('knows the root element', () => {
    expect(isAecg(fixture('aecg/twelve.xml'))).toBe(true);
    expect(isAecg(bytesOf('<hl7:AnnotatedECG xmlns:hl7="urn:hl7-org:v3">'))).toBe(true);
    expect(isAecg(fixture('muse/eight.xml'))).toBe(false);
    expect(isAecg(new Uint8Array())).toBe(false);
  });
});
