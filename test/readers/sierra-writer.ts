// An encoder of Philips Sierra XML with XLI compression, for the tests.

const TWELVE = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'];

/** Bytes to ten-bit codes: strings of the table grow by a byte each, up to 1023 of them; code 1023 ends them. */
export function lzwCodes(bytes: number[]): number[] {
  const table = new Map<string, number>(Array.from({ length: 256 }, (_, value) => [String.fromCharCode(value), value]));
  const codes: number[] = [];
  let held = '';
  for (const byte of bytes) {
    const longer = held + String.fromCharCode(byte);
    if (table.has(longer)) {
      held = longer;
      continue;
    }
    codes.push(table.get(held)!);
    if (table.size < 1023) table.set(longer, table.size);
    held = String.fromCharCode(byte);
  }
  if (held !== '') codes.push(table.get(held)!);
  return [...codes, 1023];
}

/** Ten-bit codes to bytes, highest bit first, filled up with zeros to an even number. */
export function packCodes(codes: number[]): number[] {
  const bits = codes.map((code) => code.toString(2).padStart(10, '0')).join('');
  const padded = bits.padEnd(Math.ceil(bits.length / 16) * 16, '0');
  return Array.from({ length: padded.length / 8 }, (_, index) => Number.parseInt(padded.slice(8 * index, 8 * index + 8), 2));
}

export function chunk(content: number[], first = 0): number[] {
  const size = [0, 8, 16, 24].map((shift) => (content.length >> shift) & 255);
  return [...size, 1, 0, first & 255, (first >> 8) & 255, ...content];
}

/** One lead: second differences around straight lines, high bytes before low bytes, LZW. */
export function xliChunk(samples: number[]): number[] {
  const corrections = samples.slice(2).map((sample, t) => 2 * samples[t + 1]! - samples[t]! - sample);
  const words = [...samples.slice(0, 2), ...corrections.slice(1).map((correction) => correction + 64), ...(samples.length > 2 ? [64] : [])];
  const bytes = [...words.map((word) => (word >> 8) & 255), ...words.map((word) => word & 255)];
  return chunk(packCodes(lzwCodes(bytes)), corrections[0] ?? 0);
}

const half = (sum: number) => (sum < 0 ? Math.ceil(sum / 2) : Math.floor(sum / 2));

/** What XLI stores of twelve leads: the six limb leads are I, II and what is left of the others. */
function residuals(leads: number[][]): number[][] {
  const [I, II, III, aVR, aVL, aVF] = leads as [number[], number[], number[], number[], number[], number[]];
  return [
    I,
    II,
    III.map((value, t) => II[t]! - I[t]! - value),
    aVR.map((value, t) => -half(I[t]! + II[t]!) - value),
    aVL.map((value, t) => half(I[t]! - III[t]!) - value),
    aVF.map((value, t) => half(II[t]! + III[t]!) - value),
    ...leads.slice(6),
  ];
}

export const xliPayload = (leads: number[][]): number[] => residuals(leads).flatMap(xliChunk);

export const plainPayload = (leads: number[][]): number[] => leads.flat().flatMap((sample) => [sample & 255, (sample >> 8) & 255]);

export interface Sierra {
  payload: number[];
  sigLen: number;
  version?: '1.03' | '1.04' | string;
  fs?: number;
  /** Attributes of parsedwaveforms; undefined removes one. */
  attributes?: { [name: string]: string | undefined };
  /** Replaces the text that comes out. */
  edit?: (text: string) => string;
}

export function writeSierra({ payload, sigLen, version = '1.04', fs = 500, attributes = {}, edit = (text) => text }: Sierra): string {
  const is103 = version === '1.03';
  const all: { [name: string]: string | undefined } = {
    dataencoding: 'Base64',
    durationperchannel: String((sigLen * 1000) / fs),
    ...(is103
      ? { compressflag: 'True', compressmethod: 'XLI', nbitspersample: '16' }
      : {
          compression: 'XLI',
          numberofleads: '12',
          leadlabels: TWELVE.join(' '),
          samplespersecond: String(fs),
          resolution: '5',
          signaloffset: '0',
          signalsigned: 'True',
          bitspersample: '16',
        }),
    ...attributes,
  };
  const written = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [` ${name}="${value}"`]));
  const base64 = btoa(String.fromCharCode(...payload)).replace(/.{76}/g, '$&\n');
  return edit(`<?xml version="1.0" encoding="UTF-8"?>
<restingecgdata xmlns="http://www3.medical.philips.com" status="New" lang="en">
 <documentinfo><documenttype>${is103 ? 'SierraECG' : 'PhilipsECG'}</documenttype><documentversion>${version}</documentversion></documentinfo>
 <dataacquisition>
  <signalcharacteristics>
   <samplingrate>${fs}</samplingrate>
   <${is103 ? 'signalresolution' : 'resolution'}>5</${is103 ? 'signalresolution' : 'resolution'}>
   <acquisitiontype>${is103 ? 'STD-12' : '10-WIRE'}</acquisitiontype>
   <bitspersample>16</bitspersample>
   <signaloffset>0</signaloffset>
   <signalsigned>True</signalsigned>
  </signalcharacteristics>
 </dataacquisition>
 <patient><generalpatientdata><name><lastname>Never Read</lastname></name></generalpatientdata></patient>
 <waveforms>
  <parsedwaveforms${written.join('')}>${base64}</parsedwaveforms>
  <repbeats dataencoding="Base64" samplespersec="1000" resolution="1.0"><repbeat leadname="I"><waveform duration="2">AQACAA==</waveform></repbeat></repbeats>
 </waveforms>
</restingecgdata>
`);
}

/** Leads of 60 samples with odd and even sums of both signs, and residuals that are not zero: what the committed fixtures hold. */
export function fixtureLeads(): number[][] {
  const wave = (lead: number, t: number) =>
    Math.round(180 * Math.sin((t + 3 * lead) / (4 + lead)) - 20 * lead + ((t * t * (lead + 5)) % 7));
  const [I, II] = [0, 1].map((lead) => Array.from({ length: 60 }, (_, t) => wave(lead, t))) as [number[], number[]];
  const III = I.map((value, t) => II[t]! - value + ((t % 5) - 2));
  const off = (t: number) => (t % 4 === 0 ? 1 : 0);
  return [
    I,
    II,
    III,
    I.map((value, t) => Math.round(-(value + II[t]!) / 2) + off(t)),
    I.map((value, t) => Math.round((value - III[t]!) / 2) - off(t + 1)),
    II.map((value, t) => Math.round((value + III[t]!) / 2) + off(t + 2)),
    ...Array.from({ length: 6 }, (_, lead) => I.map((_, t) => wave(lead + 6, t))),
  ];
}
