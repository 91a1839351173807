// A result as FHIR R4 (4.0.1): a DiagnosticReport that contains one Observation for each class. https://hl7.org/fhir/R4/diagnosticreport.html

/** What is written of a result. */
export interface FhirResult {
  leads: readonly string[];
  flags: readonly string[];
  findings: readonly {
    code: string;
    name: string;
    logit: number;
    probability: number;
    calibrated: boolean;
    threshold: number;
    present: boolean;
  }[];
  model: { name: string; sha256: string; version: string };
  notice: string;
}

export interface FhirReportOptions {
  /** Reference to the patient, such as `Patient/123`. Nothing that names anyone is written without it. */
  subject?: string;
}

const SNOMED = 'http://snomed.info/sct';
const INTERPRETATION = 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation';

/**
 * The result as the JSON text of a DiagnosticReport: anonymous unless a subject is given, without a time, and `preliminary`, for nobody has
 * seen it. Each class is a contained Observation with its SNOMED CT code, whether it is present, its probability, its logit and the
 * threshold on the logit's scale.
 *
 * @throws TypeError for a subject that is no string
 */
export function formatFhir(result: FhirResult, options: FhirReportOptions = {}): string {
  const { subject } = options;
  if (subject !== undefined && (typeof subject !== 'string' || subject === '')) {
    throw new TypeError('"subject" expected a reference such as "Patient/123"');
  }
  const common = {
    status: 'preliminary',
    ...(subject !== undefined && { subject: { reference: subject } }),
  };
  const present = result.findings.filter((finding) => finding.present);
  const names = present.map(({ name }) => name).join(', ') || 'none of the classes';
  const report = {
    resourceType: 'DiagnosticReport',
    contained: result.findings.map((finding, index) => observation(result, finding, { id: idOf(index), ...common })),
    ...common,
    category: [concept('http://terminology.hl7.org/CodeSystem/v2-0074', 'EC', 'Electrocardiac (e.g., EKG, EEC, Holter)')],
    code: concept('http://loinc.org', '11524-6', 'EKG study'),
    result: result.findings.map((_, index) => ({ reference: `#${idOf(index)}` })),
    conclusion: `${result.notice} Above their thresholds: ${names}. Leads: ${result.leads.join(', ')}.${flagged(result)}`,
    ...(present.length > 0 && { conclusionCode: present.map(snomed) }),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

function idOf(index: number): string {
  return `finding-${index + 1}`;
}

function flagged({ flags }: FhirResult): string {
  return flags.length > 0 ? ` Flags: ${flags.join(', ')}.` : '';
}

function observation({ model, notice }: FhirResult, finding: FhirResult['findings'][number], common: { id: string }): object {
  const { present, probability, calibrated, logit, threshold } = finding;
  return {
    resourceType: 'Observation',
    ...common,
    category: [concept('http://terminology.hl7.org/CodeSystem/observation-category', 'procedure', 'Procedure')],
    code: snomed(finding),
    valueBoolean: present,
    interpretation: [present ? concept(INTERPRETATION, 'POS', 'Positive') : concept(INTERPRETATION, 'NEG', 'Negative')],
    note: [{ text: notice }],
    method: { text: `leadwise ${model.version}, network ${model.name}, SHA-256 of its weights ${model.sha256}` },
    component: [
      quantity(calibrated ? 'probability, calibrated' : 'probability, not calibrated', probability),
      quantity('logit', logit),
      quantity('decision threshold of the logit', threshold),
    ],
  };
}

function concept(system: string, code: string, display: string): object {
  return { coding: [{ system, code, display }], text: display };
}

/** Without `display`, which has to be one of the terminology's own names; ours stands in `text`. */
function snomed({ code, name }: { code: string; name: string }): object {
  return { coding: [{ system: SNOMED, code }], text: name };
}

/** A component with a pure number, which UCUM writes as the unit 1. */
function quantity(text: string, value: number): object {
  return { code: { text }, valueQuantity: { value, unit: '1', system: 'http://unitsofmeasure.org', code: '1' } };
}
