import { describe, expect, it } from 'vitest';
import type { Result } from '../../src/result.js';
import { type FhirReportOptions, formatFhir } from '../../src/writers/fhir.js';

const finding = (code: string, name: string, logit: number, threshold: number) => ({
  code,
  abbreviation: 'X',
  name,
  logit,
  probability: 1 / (1 + Math.exp(-logit)),
  calibrated: false,
  threshold,
  present: logit >= threshold,
});

const result: Result = {
  schema: 1,
  fs: 500,
  leads: ['I', 'II'],
  leadsIgnored: ['RESP of Jane'],
  leadsDropped: [],
  flags: ['short'],
  preprocessing: { resampledFrom: null, paddedSamples: 0, cutSamples: 0 },
  findings: [
    finding('426783006', 'sinus rhythm', 2, 0.5),
    finding('164889003', 'atrial fibrillation', 0, 0),
    finding('6374002', 'bundle branch block', -3, 1),
  ],
  logits: Float32Array.of(2, 0, -3),
  thresholdLeads: null,
  quality: null,
  saturated: 0,
  beyondCalibration: 0,
  model: { name: 'edge', sha256: 'ab12', version: '0.1.0' },
  kernels: { variant: 'simd', sha256: 'cd34' },
  notice: 'Research software, not a medical device.',
};

type Json = { [key: string]: unknown };

const write = (options?: FhirReportOptions, given: Result = result) => JSON.parse(formatFhir(given, options)) as Json;

/** Elements of R4 by type: `!` required, `*` a list. What a type does not name may not be there. */
const TYPES: { [type: string]: { [element: string]: string } } = {
  DiagnosticReport: {
    resourceType: '!string',
    contained: '*Observation',
    status: '!status',
    category: '*CodeableConcept',
    code: '!CodeableConcept',
    subject: 'Reference',
    result: '*Reference',
    conclusion: 'string',
    conclusionCode: '*CodeableConcept',
  },
  Observation: {
    resourceType: '!string',
    id: 'id',
    status: '!status',
    category: '*CodeableConcept',
    code: '!CodeableConcept',
    subject: 'Reference',
    valueBoolean: 'boolean',
    interpretation: '*CodeableConcept',
    note: '*Annotation',
    method: 'CodeableConcept',
    component: '*Component',
  },
  Component: { code: '!CodeableConcept', valueQuantity: 'Quantity' },
  CodeableConcept: { coding: '*Coding', text: 'string' },
  Coding: { system: 'uri', code: 'code', display: 'string' },
  Reference: { reference: 'string' },
  Annotation: { text: '!string' },
  Quantity: { value: 'decimal', unit: 'string', system: 'uri', code: 'code' },
};

const PRIMITIVES: { [type: string]: (value: unknown) => boolean } = {
  string: (value) => typeof value === 'string' && value.trim() !== '',
  uri: (value) => typeof value === 'string' && /^\S+$/.test(value),
  code: (value) => typeof value === 'string' && /^[^\s]+(?:\s[^\s]+)*$/.test(value),
  id: (value) => typeof value === 'string' && /^[A-Za-z0-9\-.]{1,64}$/.test(value),
  status: (value) => value === 'preliminary', // a code of both value sets, observation-status and diagnostic-report-status
  boolean: (value) => typeof value === 'boolean',
  decimal: (value) => typeof value === 'number' && Number.isFinite(value),
};

/** Holds a value to its type; FHIR's JSON has no null, no empty list and no empty object. */
function check(value: unknown, type: string, path: string): void {
  const primitive = PRIMITIVES[type];
  if (primitive) {
    expect(primitive(value), `${path} is a ${type}`).toBe(true);
    return;
  }
  const elements = TYPES[type]!;
  expect(Object.keys(value as Json).length, path).toBeGreaterThan(0);
  for (const [name, rule] of Object.entries(elements)) if (rule.startsWith('!')) expect(value, path).toHaveProperty(name);
  for (const [name, inner] of Object.entries(value as Json)) {
    expect(Object.keys(elements), `${path}.${name}`).toContain(name);
    const rule = elements[name]!;
    const innerType = rule.replace(/^[!*]/, '');
    if (!rule.startsWith('*')) check(inner, innerType, `${path}.${name}`);
    else {
      expect((inner as unknown[]).length, `${path}.${name}`).toBeGreaterThan(0);
      (inner as unknown[]).forEach((entry, index) => {
        check(entry, innerType, `${path}.${name}[${index}]`);
      });
    }
  }
}

describe('formatFhir', () => {
  it('has the structure of R4', () => {
    for (const report of [write(), write({ subject: 'Patient/1' })]) {
      check(report, 'DiagnosticReport', 'DiagnosticReport');
      expect(report['resourceType']).toBe('DiagnosticReport');
    }
    expect(() => check({ resourceType: 'DiagnosticReport' }, 'DiagnosticReport', '')).toThrow(); // it can fail
  });

  it('contains an Observation for each class, all referred to', () => {
    const report = write();
    const contained = report['contained'] as Json[];
    expect(contained.map(({ resourceType }) => resourceType)).toEqual(result.findings.map(() => 'Observation'));
    expect(new Set(contained.map(({ id }) => id)).size).toBe(result.findings.length);
    expect(report['result']).toEqual(contained.map(({ id }) => ({ reference: `#${id}` })));
    expect(contained[1]).toMatchObject({
      code: { coding: [{ system: 'http://snomed.info/sct', code: '164889003' }], text: 'atrial fibrillation' },
      valueBoolean: true, // at the threshold
      interpretation: [{ coding: [{ code: 'POS' }] }],
      note: [{ text: result.notice }],
      method: { text: expect.stringMatching(/0\.1\.0.*edge.*ab12/) },
      component: [
        { code: { text: 'probability, not calibrated' }, valueQuantity: { value: 0.5, system: 'http://unitsofmeasure.org', code: '1' } },
        { code: { text: 'logit' }, valueQuantity: { value: 0 } },
        { code: { text: 'decision threshold of the logit' }, valueQuantity: { value: 0 } },
      ],
    });
    expect(contained[2]).toMatchObject({ valueBoolean: false, interpretation: [{ coding: [{ code: 'NEG' }] }] });
  });

  it('says what is above its threshold, by which leads, and what this is not', () => {
    const report = write();
    expect(report['conclusion']).toContain(result.notice);
    expect(report['conclusion']).toContain('sinus rhythm, atrial fibrillation. Leads: I, II. Flags: short.');
    expect((report['conclusionCode'] as Json[]).map(({ text }) => text)).toEqual(['sinus rhythm', 'atrial fibrillation']);
    const none = write({}, { ...result, flags: [], findings: result.findings.slice(2) });
    expect(none['conclusion']).toMatch(/none of the classes.*Leads: I, II\.$/);
    expect(none).not.toHaveProperty('conclusionCode');
    const calibrated = result.findings.map((entry) => ({ ...entry, calibrated: true }));
    expect(JSON.stringify(write({}, { ...result, findings: calibrated }))).toContain('"probability, calibrated"');
  });

  it('names nobody unless asked, and no time', () => {
    const text = formatFhir(result);
    expect(text).not.toMatch(/subject|Jane|effective|issued|identifier|performer/);
    expect(text).toBe(formatFhir(result));
    const report = write({ subject: 'Patient/1' });
    for (const resource of [report, ...(report['contained'] as Json[])]) expect(resource['subject']).toEqual({ reference: 'Patient/1' });
    for (const subject of ['', 5, {}]) expect(() => formatFhir(result, { subject: subject as string })).toThrow(TypeError);
  });
});
