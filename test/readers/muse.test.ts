import * as fastXmlParser from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { selectLeads } from '../../src/ecg.js';
import { isMuse, type MuseOptions, readMuse } from '../../src/readers/muse.js';
import { expectFixture, expectNoHarm, failing, fixture } from './fixtures.js';
import { bytesOf } from './writers.js';

const libraries = { 'fast-xml-parser': fastXmlParser };

const read = (bytes: Uint8Array, options: MuseOptions = {}) => readMuse(bytes, { libraries, ...options });

const eight = fixture('muse/eight.xml');
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

/** The fixture with something replaced in its rhythm, which stands last. */
function changed(from: string | RegExp, to: string): Uint8Array {
  const source = latin1(eight);
  const rhythm = source.indexOf('<WaveformType>Rhythm');
  expect(source.slice(rhythm)).toMatch(from);
  return new Uint8Array(Buffer.from(source.slice(0, rhythm) + source.slice(rhythm).replace(from, to), 'latin1'));
}

/** A file of one lead. */
function oneLead(fields: Record<string, string>, samples = [1, -2, 3]): Uint8Array {
  const data = Buffer.from(Int16Array.from(samples).buffer).toString('base64');
  const lead = { LeadID: 'I', LeadAmplitudeUnitsPerBit: '5', LeadAmplitudeUnits: 'MICROVOLTS', WaveFormData: data, ...fields };
  const inner = Object.entries(lead).map(([name, value]) => `<${name}>${value}</${name}>`);
  const head = '<WaveformType>Rhythm</WaveformType><SampleBase>500</SampleBase>';
  return bytesOf(`<RestingECG><Waveform>${head}<LeadData>${inner.join('')}</LeadData></Waveform></RestingECG>`);
}

describe('readMuse', () => {
  it.each(['eight.xml', 'two-rhythms.xml'])('gives what Python reads in %s', (name) => {
    const record = read(fixture(`muse/${name}`));
    expectFixture(record, `muse/${name}`);
  });

  it('takes the rhythm and not the median, and derives leads on request only', () => {
    const record = read(eight);
    expect(record.sigName).toEqual(['I', 'II', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6']);
    const derived = read(eight, { derive: true });
    expect(derived.sigName).toEqual([...record.sigName, 'III', 'aVR', 'aVL', 'aVF']);
    expect(derived).not.toHaveProperty('digital');
    expect(selectLeads(derived, ['III', 'aVF']).rows).toEqual([8, 11]);
    const value = (lead: string, t: number) => derived.signal[derived.sigName.indexOf(lead)]![t]!;
    for (let t = 0; t < 24; t++) {
      const [one, two] = [record.signal[0]![t]!, record.signal[1]![t]!];
      expect(value('III', t)).toBe(two - one);
      expect(value('aVR', t)).toBe(-(one + two) / 2);
      expect(value('aVL', t)).toBe(one - two / 2);
      expect(value('aVF', t)).toBe(two - one / 2);
      // Einthoven and Goldberger
      expect(value('aVR', t) + value('aVL', t) + value('aVF', t)).toBeCloseTo(0, 9);
    }
    expect(read(oneLead({}), { derive: true }).sigName).toEqual(['I']);
  });

  it('makes a lead NaN whose electrode was off', () => {
    const { signal, sigName, digital } = read(eight);
    const off = sigName.indexOf('V3');
    expect(signal[off]!.every(Number.isNaN)).toBe(true);
    expect(digital![off]!.some((sample) => sample !== 0)).toBe(true);
    expect(signal.flatMap((samples, lead) => (samples.some(Number.isNaN) ? [lead] : []))).toEqual([off]);
  });

  it('reads every 16-bit integer, and units as they are named', () => {
    const { signal, units, digital } = read(oneLead({}, [-32768, 32767, 0, -1]));
    expect([...digital![0]!]).toEqual([-32768, 32767, 0, -1]);
    expect([...signal[0]!]).toEqual([-163840, 163835, 0, -5]);
    expect(units).toEqual(['uV']);
    expect(read(oneLead({ LeadAmplitudeUnits: 'MILLIVOLTS' })).units).toEqual(['mV']);
    expect(read(oneLead({ LeadAmplitudeUnits: 'furlongs' })).units).toEqual(['unknown']);
  });

  it('gives no integers of a lead that is upside down', () => {
    const record = read(oneLead({ LeadAmplitudeUnitsPerBit: '-5' }));
    expect([...record.signal[0]!]).toEqual([-5, 10, -15]);
    expect(record).not.toHaveProperty('digital');
  });

  it('never guesses a unit', () => {
    const bytes = oneLead({ LeadAmplitudeUnits: '' });
    expect(() => read(bytes)).toThrow(failing('UNITS_REQUIRED', { place: { format: 'muse', lead: 'I' } }));
    expect(read(bytes, { units: 'mV' }).units).toEqual(['mV']);
    expect(() => read(bytes, { units: 'mv' as never })).toThrow(RangeError);
  });

  it('verifies the CRC-32 of the decoded bytes', () => {
    const bytes = oneLead({ LeadDataCRC32: '123' });
    expect(() => read(bytes)).toThrow(failing('CHECKSUM_MISMATCH', { place: { format: 'muse', lead: 'I' } }));
    expect(read(bytes, { checksum: 'ignore' }).digital).toEqual([Int32Array.of(1, -2, 3)]);
    expect(read(oneLead({ LeadDataCRC32: '0' })).digital).toEqual([Int32Array.of(1, -2, 3)]); // converters that compute none
    // One bit of one sample: what base64, count and XML cannot tell.
    const data = /(V5<[\s\S]*?<WaveFormData>\s*.)(.)/;
    const [, before, letter] = data.exec(latin1(eight).slice(latin1(eight).indexOf('Rhythm')))!;
    expect(() => read(changed(data, `${before}${letter === 'B' ? 'D' : 'B'}`))).toThrow(failing('CHECKSUM_MISMATCH'));
  });

  it('reads rates with an exponent, and without one', () => {
    const rate = (base: string, exponent: string) =>
      read(changed(/<SampleBase>.*<\/SampleExponent>/s, `<SampleBase>${base}</SampleBase><SampleExponent>${exponent}</SampleExponent>`)).fs;
    expect([rate('5', '2'), rate('5000', '-1'), rate('500', '0'), rate('1', '3')]).toEqual([500, 500, 500, 1000]);
    for (const [base, exponent] of [
      ['0', '0'],
      ['-500', '0'],
      ['x', '0'],
      ['', '0'],
      ['500', '0.5'],
      ['500', '999'],
      ['500', 'x'],
    ] as const) {
      expect(() => rate(base, exponent)).toThrow(failing('BAD_MUSE'));
    }
    expect(() => read(changed('<SampleBase>500</SampleBase>', ''))).toThrow(failing('BAD_MUSE'));
    expect(read(oneLead({})).fs).toBe(500);
  });

  it.each([
    ['<LeadSampleCountTotal>24<', '<LeadSampleCountTotal>25<', 'BAD_MUSE'],
    ['<LeadByteCountTotal>48<', '<LeadByteCountTotal>47<', 'BAD_MUSE'],
    ['<LeadSampleCountTotal>24<', '<LeadSampleCountTotal>-1<', 'BAD_MUSE'],
    ['<NumberofLeads>8<', '<NumberofLeads>7<', 'BAD_MUSE'],
    ['<LeadID>V1</LeadID>', '', 'BAD_MUSE'],
    [/<WaveFormData>[^<]*/, '<WaveFormData>', 'BAD_MUSE'],
    [/<WaveFormData>\s*../, '<WaveFormData>*', 'BAD_MUSE'],
    [/4\.88/, '', 'BAD_MUSE'],
    [/4\.88/, '0', 'BAD_MUSE'],
    [/4\.88/, '1.234,5', 'BAD_MUSE'],
    ['<LeadSampleSize>2<', '<LeadSampleSize>4<', 'UNSUPPORTED_MUSE'],
    ['<FirstSampleBaseline>0<', '<FirstSampleBaseline>7<', 'UNSUPPORTED_MUSE'],
    ['<LeadTimeOffset>0<', '<LeadTimeOffset>2500<', 'UNSUPPORTED_MUSE'],
    ['CONTINUOUS_SAMPLES', 'PEAKS', 'UNSUPPORTED_MUSE'],
    ['Rhythm', 'Median', 'NO_SIGNALS'],
    ['</RestingECG>', '', 'BAD_XML'],
  ])('refuses %s for %s: %s', (from, to, code) => {
    expect(() => read(changed(from, to))).toThrow(failing(code));
  });

  it('refuses leads of different lengths, other documents, and says nothing of the patient', () => {
    const source = latin1(oneLead({})).replace(
      /(<LeadData>.*<\/LeadData>)/,
      (lead) => lead + lead.replace(/<Wave.*?>[^<]*/, '<WaveFormData>AQA='),
    );
    expect(() => read(bytesOf(source))).toThrow(failing('UNEQUAL_LENGTHS'));
    expect(() => read(bytesOf('<RestingECGData/>'))).toThrow(failing('BAD_MUSE'));
    expect(() => read(oneLead({ LeadID: 'Jane', WaveFormData: '*' }))).not.toThrow('Jane');
    expect(JSON.stringify(read(eight))).not.toMatch(/M.nster|S.hne|000000/);
    expect(() => readMuse(eight)).toThrow(expect.objectContaining({ name: 'UnsupportedError', code: 'LIBRARY_REQUIRED' }));
  });

  it('gives a record or a named error for anything damaged', async () => {
    await expectNoHarm(fixture('muse/two-rhythms.xml'), read);
    await expectNoHarm(oneLead({ LeadDataCRC32: '0' }), read, 2000);
  });
});

describe('isMuse', () => {
  it('knows the root element', () => {
    expect(isMuse(eight)).toBe(true);
    expect(isMuse(bytesOf('<restingecgdata xmlns="http://www3.medical.philips.com"/>'))).toBe(false);
    expect(isMuse(bytesOf('RestingECG'))).toBe(false);
    expect(isMuse(fixture('aecg/twelve.xml'))).toBe(false);
    expect(isMuse(new Uint8Array())).toBe(false);
  });
});
