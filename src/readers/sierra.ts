import { type EcgRecord, STANDARD_LEADS } from '../ecg.js';
import { FormatError } from '../errors.js';
import { decodeBase64 } from './base64.js';
import { checkLeadCount } from './limits.js';
import { numberOf, scaledRecord } from './samples.js';
import { decodeXli } from './xli.js';
import { attribute, child, parseXml, text, type XmlElement, type XmlOptions, xmlRoot } from './xml.js';

// Philips Sierra XML, root restingecgdata: versions 1.03 (SierraECG) and 1.04, 1.04.01 (PhilipsECG), after the comments of its schema
// (SierraECGSchema_1_04_01.xsd): amplitudes are in microvolts and durations in milliseconds, all of lead 1 comes first, then lead 2.

export interface SierraOptions extends XmlOptions {
  /**
   * Cardiographs end a recording with a pulse of 1 mV and 200 ms in all leads, on the base line. `keep` (the default) leaves it where it
   * is, `cut` ends the record before it.
   */
  calibration?: 'keep' | 'cut';
}

const FORMAT = 'sierra';

const VERSIONS = ['1.03', '1.04', '1.04.01'];

/** Names of twelve channels that 1.03 does not label. */
const LEAD_SETS = ['STD-12', '10-WIRE'];

/** Of all leads together: five minutes of twelve at 1000 Hz. A resting ECG lasts for seconds, and a small file can expand a thousandfold. */
const MAX_SAMPLES = 2 ** 22;

/** True for bytes whose root element is that of a Sierra file. */
export function isSierra(bytes: Uint8Array): boolean {
  return xmlRoot(bytes) === 'restingecgdata';
}

/**
 * Reads the rhythm of a Philips Sierra XML file, XLI-compressed or plain 16-bit. The representative beats are not taken for it, patient
 * data and measurements are not looked at. Microvolts; `digital` holds the samples as the cardiograph had them.
 *
 * @throws UnsupportedError `LIBRARY_REQUIRED`
 * @throws FormatError `BAD_SIERRA`, `UNSUPPORTED_SIERRA`, `BAD_XLI`, `TRUNCATED`, `TOO_MANY_LEADS`, and those of `parseXml`
 */
export function readSierra(bytes: Uint8Array, options: SierraOptions = {}): EcgRecord {
  const root = parseXml(bytes, options.libraries, FORMAT);
  if (root.name !== 'restingecgdata') throw bad('the root element is not restingecgdata');
  const version = text(root, 'documentinfo', 'documentversion') ?? '';
  if (!VERSIONS.includes(version)) {
    throw unsupported(`version ${/^[\d.]{1,12}$/.test(version) ? version : 'that is none'}: ${VERSIONS.join(', ')} are read`);
  }
  const description = describe(root);
  const { fs, resolution, signalOffset, leads } = description;
  let digital = readSamples(description);
  if (options.calibration === 'cut') digital = cutCalibration(digital, description);
  const stored = leads.map((name, index) => ({
    name,
    values: Float64Array.from(digital[index]!),
    scale: resolution,
    origin: 0 - signalOffset * resolution,
    voltage: { unit: 'uV' as const, factor: 1 },
  }));
  return scaledRecord(fs, stored, FORMAT);
}

interface Description {
  waveforms: XmlElement;
  fs: number;
  sigLen: number;
  /** Microvolts a step. */
  resolution: number;
  signalOffset: number;
  isSigned: boolean;
  leads: string[];
  isXli: boolean;
}

/** Version 1.04 says it of the waveforms; 1.03 of the acquisition, under names of its own. */
function describe(root: XmlElement): Description {
  const waveforms = child(root, 'waveforms', 'parsedwaveforms');
  if (!waveforms) {
    const others = child(root, 'waveforms')?.children.map(({ name }) => name) ?? [];
    if (others.includes('unparsedwaveforms')) throw unsupported('waveforms that lie in another file');
    if (others.includes('leadwaveforms')) throw unsupported('waveforms that are stored lead by lead');
    throw bad('the file holds no waveforms');
  }
  const acquisition = child(root, 'dataacquisition', 'signalcharacteristics');
  const value = (ofWaveforms: string, ...ofAcquisition: string[]) =>
    [attribute(waveforms, ofWaveforms), ...ofAcquisition.map((name) => text(acquisition, name))].find((found) => found);
  const number = (ofWaveforms: string, ...ofAcquisition: string[]) => numberOf(value(ofWaveforms, ...ofAcquisition));
  const fs = number('samplespersecond', 'samplingrate');
  const resolution = number('resolution', 'resolution', 'signalresolution');
  const milliseconds = numberOf(attribute(waveforms, 'durationperchannel'));
  if (!(fs && fs > 0)) throw bad('the file gives no sampling rate');
  if (!(resolution && resolution >= 1e-6 && resolution <= 1e6)) throw bad('the file gives no resolution');
  const sigLen = ((milliseconds ?? 0) * fs) / 1000;
  if (!(Number.isInteger(sigLen) && sigLen > 0)) throw bad('the duration and rate give no number of samples');
  const leads = leadsOf(waveforms, text(acquisition, 'leadset') ?? text(acquisition, 'acquisitiontype'));
  if (sigLen * leads.length > MAX_SAMPLES) throw unsupported(`${leads.length} leads of ${sigLen} samples, ${MAX_SAMPLES} in all at most`);
  const bits = value('bitspersample', 'bitspersample') ?? attribute(waveforms, 'nbitspersample');
  if (bits !== '16') throw unsupported('samples of another size than 16 bits');
  const signalOffset = number('signaloffset', 'signaloffset') ?? 0;
  const signed = value('signalsigned', 'signalsigned')?.toLowerCase();
  if (signed !== 'true' && signed !== 'false') throw bad('the file does not say whether its samples are signed');
  const isSigned = signed === 'true';
  const isXli = isCompressed(waveforms);
  if (isXli && !isSigned) throw unsupported('XLI compression of unsigned samples');
  if (isXli && signalOffset !== 0) throw unsupported('XLI compression of samples with an offset');
  if (!Number.isSafeInteger(signalOffset)) throw bad('the offset is no integer');
  return {
    waveforms,
    fs,
    sigLen,
    resolution,
    signalOffset,
    isSigned,
    isXli,
    leads,
  };
}

function isCompressed(waveforms: XmlElement): boolean {
  const encoding = attribute(waveforms, 'dataencoding');
  if (encoding !== 'Base64') throw unsupported('waveforms in another encoding than Base64');
  // 1.03 keeps the method where the flag says that it was not used.
  const isOff = attribute(waveforms, 'compressflag')?.toLowerCase() === 'false';
  const method = (!isOff && (attribute(waveforms, 'compression') ?? attribute(waveforms, 'compressmethod'))) || 'Uncompressed';
  if (method !== 'XLI' && method !== 'Uncompressed') throw unsupported('another compression than XLI');
  return method === 'XLI';
}

function leadsOf(waveforms: XmlElement, leadSet: string | undefined): string[] {
  const labels = attribute(waveforms, 'leadlabels');
  if (labels === undefined || labels === '') {
    if (leadSet === undefined || !LEAD_SETS.includes(leadSet)) throw unsupported(`a lead set other than ${LEAD_SETS.join(' and ')}`);
    return [...STANDARD_LEADS];
  }
  const count = numberOf(attribute(waveforms, 'numberofleads'));
  const leads = labels.split(/\s+/);
  checkLeadCount(leads.length, FORMAT);
  if (leads.length !== count) throw bad('the number of leads is not that of their labels');
  return leads;
}

function readSamples({ waveforms, sigLen, isSigned, isXli, leads }: Description): Int32Array[] {
  const payload = decodeBase64(waveforms.text);
  if (!payload) throw bad('the waveforms are no Base64');
  if (isXli) return addPredictions(decodeXli(payload, leads.length, sigLen), leads);
  const needed = 2 * sigLen * leads.length;
  if (payload.length !== needed) {
    throw new FormatError('TRUNCATED', `the waveforms need ${needed} bytes and have ${payload.length}`, { format: FORMAT });
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return leads.map((_, index) =>
    new Int32Array(sigLen).map((_, t) => {
      const at = 2 * (index * sigLen + t);
      return isSigned ? view.getInt16(at, true) : view.getUint16(at, true);
    }),
  );
}

/**
 * Compressed, the leads that follow from I and II are stored as the prediction less the lead, aVR with its sign turned. Halves are cut
 * off towards zero: so the leads that two cardiographs compute are within half a step of the exact value, while floor() would leave some
 * of them 1.5 steps off (checked on real files by training/sierra_values.py).
 */
function addPredictions(samples: Int32Array[], leads: string[]): Int32Array[] {
  const [I, II, III, aVR, aVL, aVF] = samples;
  if (STANDARD_LEADS.slice(0, 6).some((lead, index) => leads[index] !== lead)) {
    throw unsupported('XLI compression of leads that do not begin with I, II, III, aVR, aVL, aVF');
  }
  for (let t = 0; t < I!.length; t++) {
    III![t] = II![t]! - I![t]! - III![t]!;
    aVR![t] = -half(I![t]! + II![t]!) - aVR![t]!;
    aVL![t] = half(I![t]! - III![t]!) - aVL![t]!;
    aVF![t] = half(II![t]! + III![t]!) - aVF![t]!;
  }
  return samples;
}

function half(sum: number): number {
  return Math.trunc(sum / 2);
}

/** Without the end in which all leads have the same samples, if that is zeros, one millivolt for 200 ms, zeros. */
function cutCalibration(digital: Int32Array[], { fs, sigLen, resolution, signalOffset }: Description): Int32Array[] {
  const [first] = digital as [Int32Array];
  let start = sigLen;
  while (start > 0 && digital.every((lead) => lead[start - 1] === first[start - 1])) start--;
  const tail = Array.from(first.subarray(start), (sample) => (sample - signalOffset) * resolution);
  const pulse = tail.lastIndexOf(1000) - tail.indexOf(1000) + 1;
  const isPulse = tail.includes(1000) && Math.abs(pulse - 0.2 * fs) <= 1 && tail.filter((value) => value !== 0).length === pulse;
  return isPulse && tail.filter((value) => value === 1000).length === pulse ? digital.map((lead) => lead.subarray(0, start)) : digital;
}

function bad(message: string): FormatError {
  return new FormatError('BAD_SIERRA', message, { format: FORMAT });
}

function unsupported(what: string): FormatError {
  return new FormatError('UNSUPPORTED_SIERRA', `${what}: not read`, { format: FORMAT });
}
