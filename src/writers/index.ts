// leadwise/writers: records and results as files of other formats.

export type { EcgRecord } from '../ecg.js';
export { formatCsv } from './csv.js';
export { toSixteenBits } from './digital.js';
export { formatEdf } from './edf.js';
export { type FhirReportOptions, type FhirResult, formatFhir } from './fhir.js';
export { formatWfdb, type WfdbFiles } from './wfdb.js';
