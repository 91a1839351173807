import type { EcgRecord } from '../dist/types/index.js';

interface Fault {
  readonly name: string;
  /** Any of these names it. */
  readonly codes: readonly string[];
  /** It is one only where units are known. */
  readonly physical?: boolean;
}

export interface LeadFault extends Fault {
  /** Lowest rate that can hold it, in Hz. */
  readonly needs?: number;
}

export interface RecordFault extends Fault {
  change(record: EcgRecord): EcgRecord;
}

export const LEAD_FAULTS: readonly LeadFault[];
export const RECORD_FAULTS: readonly RecordFault[];
export function random(seed: number): () => number;
export function plain(record: EcgRecord): EcgRecord;
export function dropLead(record: EcgRecord, index: number): EcgRecord;
export function spoilLead(record: EcgRecord, index: number, fault: LeadFault, next: () => number): EcgRecord | null;
