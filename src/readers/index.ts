// leadwise/readers: recordings of many formats, as bytes, in any engine.

export { cutRecord, type EcgRecord, type SignalArray, type Unit } from '../ecg.js';
export { FormatError, LeadwiseError, UnsupportedError } from '../errors.js';
export { type AecgOptions, readAecg } from './aecg.js';
export { type CsvOptions, readCsv } from './csv.js';
export { type DicomOptions, readDicom } from './dicom.js';
export { type EdfOptions, readEdf } from './edf.js';
export { type FhirOptions, readFhir } from './fhir.js';
export { readRecordFrom } from './from.js';
export { type IshneOptions, readIshne } from './ishne.js';
export { type JsonOptions, readJson } from './json.js';
export { type MatArray, type Matrix, readMat } from './mat.js';
export { type MuseOptions, readMuse } from './muse.js';
export type { PartOptions } from './part.js';
export { type Libraries, type ReadOptions, readBytes, type SourceFormat, sniff } from './read.js';
export { readSierra, type SierraOptions } from './sierra.js';
export { type ByteSource, type FlacLibrary, type OpenFile, type OpenSource, readWfdb, type WfdbOptions } from './wfdb.js';
export { parseWfdbHeader, type WfdbHeader, type WfdbSignal } from './wfdb-header.js';
export type { XmlLibrary, XmlOptions } from './xml.js';
