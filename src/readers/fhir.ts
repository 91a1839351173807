import { type EcgRecord, STANDARD_LEADS, standardLead, type Unit } from '../ecg.js';
import { FormatError } from '../errors.js';
import { isObject, parseJson } from './json.js';
import { checkLeadCount } from './limits.js';
import { parseSamples, rateOf, type StoredLead, scaledRecord, voltageOf } from './samples.js';
import { decodeText } from './text.js';

// FHIR R4 (4.0.1): an Observation whose components are leads, each with valueSampledData. https://hl7.org/fhir/R4/datatypes.html#SampledData
// R5 names the period interval and intervalUnit.

export interface FhirOptions {
  /** Unit of leads for which the resource names none: `origin` may lack it, and does in the standard's own example. */
  units?: Unit;
}

type JsonObject = { [key: string]: unknown };

const FORMAT = 'fhir';
const SNIFFED_BYTES = 65536;

/** How many of each unit of an interval make a second. */
const TIME_UNITS = new Map<unknown, number>([
  ['s', 1],
  ['ms', 1000],
  ['us', 1_000_000],
]);

/** Codes of ISO/IEEE 11073-10101 for potentials and of 11073-10102 for leads, with their partition and without: beyond these the number. */
const MDC_BASES = [131_328, 131_072, 256, 0];
const MDC_SYSTEM = /(?:2\.16\.840\.1\.113883\.6\.24|11073[:_-]?1010[12])$/;
const MDC_NUMBERS = new Map(
  STANDARD_LEADS.map((lead, index) => [index < 2 ? index + 1 : index < 6 ? index + 59 : index - 3, lead] as const),
);

/** True for bytes that begin as an Observation or a Bundle in JSON do. */
export function isFhir(bytes: Uint8Array): boolean {
  const head = decodeText(bytes.subarray(0, SNIFFED_BYTES)).trimStart();
  return head.startsWith('{') && /"resourceType"\s*:\s*"(?:Observation|Bundle)"/.test(head);
}

/**
 * Reads the Observation, alone or the only one with samples in a Bundle, whose components hold `valueSampledData`: one lead each, or
 * several interleaved (`dimensions`). A lead's name is that of its MDC code, else of its display or text. Samples `E` (error), `U` and `L`
 * (beyond the limits of detection) are NaN. Subject, performer and narrative are not looked at.
 *
 * @throws FormatError `BAD_FHIR`, `UNSUPPORTED_FHIR`, `BAD_JSON`, `UNITS_REQUIRED`, `NO_SIGNALS`, `TOO_MANY_LEADS`, `UNEQUAL_LENGTHS`, `BAD_SCALE`.
 */
export function readFhir(bytes: Uint8Array, options: FhirOptions = {}): EcgRecord {
  const root = parseJson(bytes, FORMAT);
  const found = observationsOf(root).filter((observation) => sampledParts(observation).length > 0);
  const [observation] = found;
  if (observation === undefined) throw new FormatError('NO_SIGNALS', 'no Observation holds valueSampledData', { format: FORMAT });
  if (found.length > 1) throw unsupported(`a Bundle of ${found.length} recordings`);
  if (observation['status'] === 'entered-in-error' || observation['status'] === 'cancelled') throw bad('the Observation is withdrawn');
  const parts = sampledParts(observation).map((part, index) => readPart(part, index, options));
  const { fs } = parts[0]!;
  if (parts.some((part) => part.fs !== fs)) throw unsupported('components that differ in their period');
  return scaledRecord(
    fs,
    parts.flatMap(({ leads }) => leads),
    FORMAT,
  );
}

function observationsOf(root: JsonObject): JsonObject[] {
  if (root['resourceType'] === 'Observation') return [root];
  if (root['resourceType'] !== 'Bundle') throw bad('expected resourceType Observation or Bundle');
  const resources = objects(root['entry']).map(({ resource }) => resource);
  return resources.filter(isObject).filter(({ resourceType }) => resourceType === 'Observation');
}

/** The components with samples; or the Observation itself, of one lead. */
function sampledParts(observation: JsonObject): JsonObject[] {
  return [observation, ...objects(observation['component'])].filter((part) => isObject(part['valueSampledData']));
}

function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function readPart(part: JsonObject, index: number, { units }: FhirOptions): { fs: number; leads: StoredLead[] } {
  const name = leadName(part['code']) ?? `component ${index + 1}`;
  const place = { format: FORMAT, lead: standardLead(name) ?? 'other' };
  const fail = (message: string) => new FormatError('BAD_FHIR', message, place);
  const sampled = part['valueSampledData'] as JsonObject;
  const { origin, factor = 1, dimensions = 1, data } = sampled;
  if (!isObject(origin) || !isNumber(origin['value'])) throw fail('origin.value is missing, or no number');
  if (!isNumber(factor) || factor === 0) throw fail('factor is no number other than 0');
  if (typeof data !== 'string') throw fail('data is missing, or no string');
  if (sampled['codeMap'] !== undefined || sampled['offsets'] !== undefined) throw unsupported('SampledData with a code map or offsets');
  const values = parseSamples(data, (at) => fail(`sample ${at + 1} of data is neither a number nor E, U or L`), 'EUL');
  if (!Number.isInteger(dimensions) || !isNumber(dimensions) || dimensions < 1 || values.length % dimensions !== 0) {
    throw fail(`data holds ${values.length} samples, which are no multiple of dimensions`);
  }
  checkLeadCount(values.length === 0 ? 0 : dimensions, FORMAT);
  const voltage = voltageOf(unitOfQuantity(origin), units, place);
  const lead = { scale: factor, origin: origin['value'], voltage };
  const leads =
    dimensions === 1
      ? [{ ...lead, name, values }]
      : Array.from({ length: values.length === 0 ? 0 : dimensions }, (_, dimension) => ({
          ...lead,
          name: `${name} (${dimension + 1})`, // which lead each of them is, FHIR does not say
          values: Float64Array.from({ length: values.length / dimensions }, (_, t) => values[t * dimensions + dimension]!),
        }));
  return { fs: rateOfPart(sampled, fail), leads };
}

function rateOfPart({ period, interval, intervalUnit }: JsonObject, fail: (message: string) => FormatError): number {
  const perSecond = period === undefined ? TIME_UNITS.get(intervalUnit) : 1000;
  if (perSecond === undefined) throw fail('period is missing; of the units of an interval, s, ms and us are read');
  const length = period ?? interval;
  const fs = isNumber(length) && length > 0 ? rateOf(length, perSecond) : Number.NaN;
  if (!(fs > 0 && fs < Number.POSITIVE_INFINITY)) throw fail('the period between samples is no positive number');
  return fs;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** The UCUM code of a quantity, or what it prints. */
function unitOfQuantity({ system, code, unit }: JsonObject): string | undefined {
  const ucum = system === 'http://unitsofmeasure.org' ? code : undefined;
  return [ucum, unit, code].find((spelling): spelling is string => typeof spelling === 'string' && spelling !== '');
}

/** Name of the lead that a CodeableConcept means: of its codes the first that is one, else what it prints. */
function leadName(concept: unknown): string | undefined {
  if (!isObject(concept)) return undefined;
  const codings = objects(concept['coding']);
  for (const { system, code } of codings) {
    const lead = typeof code === 'string' ? leadOfCode(code, typeof system === 'string' ? system : '') : undefined;
    if (lead !== undefined) return lead;
  }
  const printed = [...codings.map(({ display }) => display), concept['text']].filter((text) => typeof text === 'string');
  return printed.find((text) => leadOfText(text) !== undefined) ?? printed[0];
}

function leadOfCode(code: string, system: string): string | undefined {
  const numbered = /^(?:2:)?(\d{1,6})$/.exec(code)?.[1];
  if (numbered === undefined || !MDC_SYSTEM.test(system)) return leadOfText(code);
  return MDC_BASES.map((base) => MDC_NUMBERS.get(Number(numbered) - base)).find((lead) => lead !== undefined);
}

function leadOfText(text: string): string | undefined {
  return standardLead(text.replace(/^MDC_ECG_ELEC_POTL_/, ''));
}

function bad(message: string): FormatError {
  return new FormatError('BAD_FHIR', message, { format: FORMAT });
}

function unsupported(what: string): FormatError {
  return new FormatError('UNSUPPORTED_FHIR', `${what}: not read`, { format: FORMAT });
}
