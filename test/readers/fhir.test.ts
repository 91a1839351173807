import { describe, expect, it } from 'vitest';
import { STANDARD_LEADS, selectLeads } from '../../src/ecg.js';
import { type FhirOptions, isFhir, readFhir } from '../../src/readers/fhir.js';
import { expectFixture, expectNoHarm, failing, fixture } from './fixtures.js';
import { bytesOf } from './writers.js';

type Sampled = { [key: string]: unknown };

const MDC = 'urn:oid:2.16.840.1.113883.6.24';
const millivolts = { value: 0, unit: 'mV' };
const coded = (code: string, system: string | undefined = MDC, display?: string) => ({ coding: [{ system, code, display }] });
const component = (code: object, sampled: Sampled = {}) => ({
  code,
  valueSampledData: { origin: millivolts, period: 2, dimensions: 1, data: '1 2 3', ...sampled },
});
const observation = (...components: object[]) => ({
  resourceType: 'Observation',
  status: 'final',
  code: coded('131328'),
  component: components,
});
const bundle = (...resources: object[]) => ({
  resourceType: 'Bundle',
  type: 'collection',
  entry: resources.map((resource) => ({ resource })),
});
const read = (resource: object, options?: FhirOptions) => readFhir(bytesOf(JSON.stringify(resource)), options);
const one = (sampled: Sampled, options?: FhirOptions) => read(observation(component(coded('131329'), sampled)), options);

describe('readFhir', () => {
  it.each(['twelve.json', 'bundle.json'])('gives what Python reads in %s', (name) => {
    expectFixture(readFhir(fixture(`fhir/${name}`)), `fhir/${name}`);
  });

  it('knows leads by number, name, display or text', () => {
    const potentials = [131329, 131330, 131389, 131390, 131391, 131392, 131331, 131332, 131333, 131334, 131335, 131336];
    for (const base of [0, 256, 131_072, 131_328]) {
      const codes = potentials.map((code) => component(coded(String(code - 131_328 + base))));
      expect(read(observation(...codes)).sigName).toEqual(STANDARD_LEADS);
    }
    const names = [
      component(coded('2:62', 'urn:iso:std:iso:11073:10102')),
      component(coded('MDC_ECG_LEAD_V3', MDC)),
      component(coded('X', 'http://loinc.org', 'Lead II')),
      component({ coding: [{ system: 'http://loinc.org', code: '1-8' }], text: 'aVF' }),
      component({ text: 'RESP' }),
      component({}),
      component(coded('4', 'http://example.com')), // a number of another system
    ];
    const record = read(observation(...names));
    expect(record.sigName).toEqual(['aVR', 'V3', 'Lead II', 'aVF', 'RESP', 'component 6', 'component 7']);
    expect(selectLeads(record, STANDARD_LEADS).ignored).toEqual(['RESP', 'component 6', 'component 7']);
  });

  it('applies the factor before the origin', () => {
    const { signal, digital, adcGain, baseline } = one({ origin: { value: -2, unit: 'mV' }, factor: 0.5, data: '1 2 -3' });
    expect([...signal[0]!]).toEqual([-1.5, -1, -3.5]);
    expect({ digital, adcGain, baseline }).toEqual({ digital: [Int32Array.of(1, 2, -3)], adcGain: [2], baseline: [4] });
    expect(one({ factor: -1 })).not.toHaveProperty('digital');
  });

  it('takes E, U and L for invalid samples', () => {
    const record = one({ data: '1 E  U\nL -2.5e0' });
    expect([...record.signal[0]!]).toEqual([1, Number.NaN, Number.NaN, Number.NaN, -2.5]);
    expect(record).not.toHaveProperty('digital');
    for (const data of ['1 X', 'NaN', '1,2', 'EE', '0x1']) expect(() => one({ data })).toThrow(failing('BAD_FHIR'));
  });

  it('reads units by UCUM, else as printed, and never guesses them', () => {
    const unit = (origin: object, options?: FhirOptions) => one({ origin: { value: 0, ...origin } }, options).units[0];
    const system = 'http://unitsofmeasure.org';
    expect(unit({ unit: 'microvolt', system, code: 'uV' })).toBe('uV');
    expect(unit({ unit: '\u00b5V' })).toBe('uV');
    expect(unit({ code: 'mV' })).toBe('mV');
    expect(unit({ system, code: 'V' })).toBe('mV');
    expect(unit({ unit: 'mm[Hg]' })).toBe('unknown');
    expect(() => unit({})).toThrow(failing('UNITS_REQUIRED', { place: { format: 'fhir', lead: 'I' } }));
    expect(unit({}, { units: 'uV' })).toBe('uV');
    expect([...one({ origin: { value: 0.001, unit: 'V' }, factor: 0.001 }).signal[0]!]).toEqual([2, 3, 4]);
  });

  it('reads periods, also as R5 has them', () => {
    const rate = (sampled: Sampled) => one({ period: undefined, ...sampled }).fs;
    expect([rate({ period: 2 }), rate({ period: 1.953125 }), rate({ period: 2.778 }), rate({ period: 3.906 })]).toEqual([
      500, 512, 360, 256,
    ]);
    expect([rate({ interval: 4, intervalUnit: 'ms' }), rate({ interval: 0.004, intervalUnit: 's' })]).toEqual([250, 250]);
    for (const wrong of [{}, { period: 0 }, { period: -2 }, { period: '2' }, { interval: 2 }, { interval: 2, intervalUnit: 'h' }]) {
      expect(() => rate(wrong)).toThrow(failing('BAD_FHIR'));
    }
  });

  it('parts dimensions, which stand interleaved', () => {
    const record = read(observation(component({ text: 'ECG' }, { dimensions: 3, data: '1 2 3 4 5 6' })));
    expect(record.sigName).toEqual(['ECG (1)', 'ECG (2)', 'ECG (3)']);
    expect(record.digital).toEqual([Int32Array.of(1, 4), Int32Array.of(2, 5), Int32Array.of(3, 6)]);
    for (const dimensions of [0, -1, 1.5, 4, 1e9, '3']) expect(() => one({ dimensions, data: '1 2 3 4 5 6' })).toThrow(failing('BAD_FHIR'));
    expect(() => one({ dimensions: 1e9, data: '' })).toThrow(failing('NO_SIGNALS'));
  });

  it('reads an Observation of one lead, and the only recording of a Bundle', () => {
    const { code, valueSampledData } = component(coded('131330')) as { code: object; valueSampledData: object };
    expect(read({ resourceType: 'Observation', status: 'final', code, valueSampledData }).sigName).toEqual(['II']);
    const recording = observation(component(coded('131329')));
    const rate = { resourceType: 'Observation', status: 'final', code: coded('8867-4'), valueQuantity: { value: 60 } };
    expect(read(bundle({ resourceType: 'Patient' }, rate, recording)).sigName).toEqual(['I']);
    expect(() => read(bundle(recording, recording))).toThrow(failing('UNSUPPORTED_FHIR'));
  });

  it.each([
    ['a withdrawn Observation', { ...observation(component(coded('131329'))), status: 'entered-in-error' }, 'BAD_FHIR'],
    ['another resource', { resourceType: 'Patient' }, 'BAD_FHIR'],
    ['a Bundle without entries', { resourceType: 'Bundle' }, 'NO_SIGNALS'],
    ['an Observation without samples', observation({ code: coded('131329'), valueQuantity: {} }), 'NO_SIGNALS'],
    ['a component without data', observation(component(coded('131329'), { data: undefined })), 'BAD_FHIR'],
    ['a component without an origin', observation(component(coded('131329'), { origin: undefined })), 'BAD_FHIR'],
    ['an origin without a value', observation(component(coded('131329'), { origin: { unit: 'mV' } })), 'BAD_FHIR'],
    ['a factor of 0', observation(component(coded('131329'), { factor: 0 })), 'BAD_FHIR'],
    ['a code map', observation(component(coded('131329'), { codeMap: 'http://x' })), 'UNSUPPORTED_FHIR'],
    ['rates that differ', observation(component(coded('131329')), component(coded('131330'), { period: 4 })), 'UNSUPPORTED_FHIR'],
    ['unequal lengths', observation(component(coded('131329')), component(coded('131330'), { data: '1' })), 'UNEQUAL_LENGTHS'],
  ])('refuses %s', (_, resource, code) => {
    expect(() => read(resource)).toThrow(failing(code));
  });

  it('says nothing of the subject, nor of broken JSON', () => {
    const bytes = fixture('fhir/twelve.json');
    expect(JSON.stringify(readFhir(bytes))).not.toMatch(/M.nster/);
    const read = () => readFhir(bytesOf('{"resourceType": "Observation", "subject": Jane}'));
    expect(read).toThrow(failing('BAD_JSON'));
    expect(read).not.toThrow('Jane');
  });

  it('gives a record or a named error for anything damaged', async () => {
    await expectNoHarm(fixture('fhir/bundle.json'), (bytes) => readFhir(bytes), 2000);
    const deep = `{"resourceType":"Bundle","entry":${'['.repeat(200_000)}`;
    for (const source of [deep, `${deep}${']'.repeat(200_000)}}`]) {
      expect(() => readFhir(bytesOf(source))).toThrow(expect.objectContaining({ name: 'FormatError' }));
    }
  });
});

describe('isFhir', () => {
  it('knows an Observation and a Bundle', () => {
    expect(isFhir(fixture('fhir/twelve.json'))).toBe(true);
    expect(isFhir(bytesOf('\ufeff {"id": "x", "resourceType" : "Bundle"'))).toBe(true);
    expect(isFhir(bytesOf('{"resourceType": "Patient"}'))).toBe(false);
    expect(isFhir(bytesOf('[{"resourceType": "Observation"}]'))).toBe(false);
    expect(isFhir(fixture('json/record.json'))).toBe(false);
  });
});
