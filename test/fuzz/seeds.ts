// What the fuzzer begins with: small valid files of every kind, made by the project's own scripts and tests.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Larger fixtures are more of the same, and slow: a thousand runs of a small file find more than fifty of theirs. */
const LARGEST = 4400;
/** Checkpoints have a hundred tensors, whatever their size. */
const LARGEST_CHECKPOINT = 40_000;
/** Files that a header may name, in the order of their opening. */
const SEPARATOR = '\0%%\0';

const CHECKPOINTS = ['onnx', 'safetensors', 'pickle', 'torchZip', 'torchLegacy', 'zip', 'checkpoint'];

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Inputs by target. @param tests the folder test/ */
export function seeds(tests: string): Map<string, Uint8Array[]> {
  const fixtures = join(tests, 'readers/fixtures');
  const inputs = new Map<string, Uint8Array[]>();
  const add = (target: string, ...files: Uint8Array[]) => {
    const most = CHECKPOINTS.includes(target) ? LARGEST_CHECKPOINT : LARGEST;
    inputs.set(target, [...(inputs.get(target) ?? []), ...files.filter(({ length }) => length <= most)]);
  };
  const all = (folder: string, pattern: RegExp) =>
    readdirSync(join(fixtures, folder))
      .filter((name) => pattern.test(name))
      .map((name) => new Uint8Array(readFileSync(join(fixtures, folder, name))));
  const records = wfdbRecords(join(fixtures, 'wfdb'));
  const readerFiles = [
    ['edf', all('edf', /\.[eb]df$/)],
    ['ishne', all('ishne', /\.ecg$/)],
    ['dicom', all('dicom', /\.dcm$/)],
    ['muse', [bytesOf(MUSE), ...all('muse', /\.xml$/)]],
    ['aecg', [bytesOf(AECG), ...all('aecg', /\.xml$/)]],
    ['sierra', [bytesOf(SIERRA), ...all('sierra', /\.xml$/)]],
    ['fhir', all('fhir', /^(?:bundle|twelve)\.json$/)],
    ['json', [...all('json', /^(?:leads|record)\.json$/), ...JSON_TEXTS.map(bytesOf)]],
    ['csv', CSV_TEXTS.map(bytesOf)],
    ['appleHealth', all('json', /\.csv$/).map((file) => file.slice(0, 800))],
    ['mat', [matrix(30, 2, 6), matrix(0, 1, 3)]],
    ['wfdb', records],
  ] as const;
  for (const [target, files] of readerFiles) {
    add(target, ...files);
    add('dispatch', ...files.slice(0, 3).map((file) => concatenate(Uint8Array.of(5), file)));
  }
  add(
    'recordFile',
    ...readerFiles.flatMap(([, files], index) =>
      files.slice(0, 2).map((file) => concatenate(Uint8Array.of(index * 8 + (index % 7)), file)),
    ),
  );
  add('wfdbHeader', ...records.map((record) => record.slice(0, record.indexOf(0) < 0 ? undefined : record.indexOf(0))));
  add(
    'flacStream',
    ...all('wfdb', /^fmt5\d\d\.dat$/).flatMap((file) => [0, 1, 2].map((choice) => concatenate(Uint8Array.of(choice), file))),
  );
  add('xmlDocument', ...XML_TEXTS.map(bytesOf), ...all('muse', /^two.*\.xml$/).map((file) => file.slice(0, 4000)));
  add('edfAnnotations', ...ANNOTATION_TEXTS.map(bytesOf));
  add('xli', ...all('sierra', /^xli.*\.xml$/).map(xliPayload));
  add('settings', bytesOf(SETTINGS));
  add('labels', ...LABEL_TEXTS.map(bytesOf));
  add('argumentParser', bytesOf('--number=1e3\n--leads\nI,V1\n--on\nfile'), bytesOf('--list\na\n--list\nb\n--\n--on'));
  add('commandLine', ...COMMAND_LINES.map(([command, line]) => concatenate(Uint8Array.of(command), bytesOf(line.replaceAll(' ', '\n')))));
  addCheckpoints(join(tests, 'convert/fixtures'), add);
  return inputs;
}

function addCheckpoints(folder: string, add: (target: string, ...files: Uint8Array[]) => void): void {
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.gz'))) {
    const file = new Uint8Array(gunzipSync(readFileSync(join(folder, name))));
    const kind = name.replace(/^.*?\.(onnx|pickle|pt|safetensors|json)\.gz$/, '$1');
    if (kind === 'onnx') add('onnx', file);
    if (kind === 'safetensors') add('safetensors', file);
    if (kind === 'pickle') add('pickle', file);
    if (kind === 'pt') add(file[0] === 0x50 ? 'torchZip' : 'torchLegacy', file);
    if (kind === 'pt' && file[0] === 0x50) add('zip', file);
    if (kind !== 'json') add('checkpoint', file);
  }
  for (const text of PICKLES)
    add(
      'pickle',
      Uint8Array.from(text, (letter) => letter.charCodeAt(0)),
    );
  const tiny = safetensors('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 8);
  const ours = safetensors(
    `{"__metadata__":{"format":"leadwise/1","name":"x","config":${JSON.stringify(SETTINGS.split('\n\n')[0])},"classes":"[\\"a\\",\\"b\\"]","thresholds":"[0,0]"}}`,
    0,
  );
  for (const target of ['safetensors', 'weights', 'checkpoint', 'conversion']) add(target, tiny, ours);
  const protobuf = Uint8Array.from([8, 7, 0x3a, 20, 0x2a, 18, 8, 2, 0x10, 1, 0x42, 1, 0x61, 0x4a, 8, 0, 0, 128, 63, 0, 0, 0, 64, 0]);
  for (const target of ['onnx', 'checkpoint', 'conversion']) add(target, protobuf);
}

/** Every record of a folder: its header, and the files that it names. */
function wfdbRecords(folder: string): Uint8Array[] {
  const read = (name: string) => new Uint8Array(readFileSync(join(folder, name)));
  return readdirSync(folder)
    .filter((name) => name.endsWith('.hea'))
    .map((name) => {
      const opened = new Set<string>();
      const open = (header: string): void => {
        const [record = '', ...lines] = new TextDecoder()
          .decode(read(header))
          .split(/\r?\n/)
          .filter((line) => line !== '' && !line.startsWith('#'));
        const isMulti = record.split(' ')[0]!.includes('/');
        for (const line of lines) {
          const [file = '~'] = line.split(' ');
          if (file === '~' || opened.has(isMulti ? `${file}.hea` : file)) continue;
          opened.add(isMulti ? `${file}.hea` : file);
          if (isMulti) open(`${file}.hea`);
        }
      };
      open(name);
      return [name, ...opened]
        .map((file): Uint8Array => read(file))
        .reduce((joined, file) => concatenate(joined, bytesOf(SEPARATOR), file));
    });
}

function concatenate(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** A MATLAB v4 matrix `val`. */
function matrix(code: number, rows: number, columns: number): Uint8Array {
  const file = new Uint8Array(24 + rows * columns * (code === 30 ? 2 : 8));
  new Int32Array(file.buffer, 0, 5).set([code, rows, columns, 0, 4]);
  file.set(bytesOf('val\0'), 20);
  return file;
}

function safetensors(header: string, bodyBytes: number): Uint8Array {
  const file = new Uint8Array(8 + header.length + bodyBytes);
  new DataView(file.buffer).setUint32(0, header.length, true);
  file.set(bytesOf(header), 8);
  return file;
}

/** The first chunk of a file's waveforms, as the target takes it. */
function xliPayload(file: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(file);
  const [, base64 = ''] = /<parsedwaveforms[^>]*>([^<]*)</.exec(text) ?? [];
  const payload = new Uint8Array(Buffer.from(base64, 'base64'));
  const [, rate = '0', duration = '0'] = [/samplespersecond="(\d+)"/, /durationperchannel="(\d+)"/].map(
    (pattern) => pattern.exec(text)?.[1],
  );
  const sigLen = (Number(rate) * Number(duration)) / 1000 || 250;
  return concatenate(Uint8Array.of((sigLen - 1) & 255, (sigLen - 1) >> 8, 11), payload);
}

const CSV_TEXTS = [
  'time,I (mV),II [uV],V1\n0,1,2,3\n0.002,4,5,6\n0.004,7,,NaN\n',
  'I;II\n1,5;2,5\n-1;inf\n',
  '"lead ""I"" (mV)"\tV2\n1\t2\n3\t4e-3\n',
  'Zeit,x\nMessrate,512 Hertz\nAbleitung,Ableitung I\nEinheit,µV\n\n-180,5\n12\n',
];
const JSON_TEXTS = [
  '{"fs":250,"sigName":["I","II"],"units":["mV","uV"],"signal":[[1,null],[3,4]],"digital":[[1,2],[3,4]],"adcGain":[200,200],"baseline":[0,0]}',
  '{"fs":1,"units":{"I":"mV","aVR":"mV"},"I":[1,2],"aVR":[3,4]}',
];
const XML_TEXTS = [
  '<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE a SYSTEM "a.dtd"><a b="1&lt;"><c>x<![CDATA[<>]]>&#65;</c><d/></a>',
  '<a:b xmlns:a="x"><!-- c --><?pi x?><a:c/></a:b>',
];
const MUSE = `<RestingECG><Waveform><WaveformType>Rhythm</WaveformType><NumberofLeads>2</NumberofLeads><SampleType>CONTINUOUS_SAMPLES</SampleType><SampleBase>500</SampleBase><SampleExponent>0</SampleExponent>${[
  'I',
  'II',
]
  .map(
    (lead) =>
      `<LeadData><LeadByteCountTotal>4</LeadByteCountTotal><LeadTimeOffset>0</LeadTimeOffset><LeadSampleCountTotal>2</LeadSampleCountTotal><LeadAmplitudeUnitsPerBit>4.88</LeadAmplitudeUnitsPerBit><LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits><LeadOff>FALSE</LeadOff><LeadSampleSize>2</LeadSampleSize><LeadID>${lead}</LeadID><WaveFormData>AQACAA==</WaveFormData></LeadData>`,
  )
  .join('')}</Waveform></RestingECG>`;
const AECG = `<AnnotatedECG xmlns="urn:hl7-org:v3" xmlns:xsi="x"><component><series><code code="RHYTHM"/><component><sequenceSet><component><sequence><code code="TIME_ABSOLUTE"/><value xsi:type="GLIST_TS"><head value="2020"/><increment value="0.002" unit="s"/></value></sequence></component><component><sequence><code code="MDC_ECG_LEAD_I"/><value xsi:type="SLIST_PQ"><origin value="0" unit="uV"/><scale value="5" unit="uV"/><digits>1 -2 3</digits></value></sequence></component></sequenceSet></component></series></component></AnnotatedECG>`;
const SIERRA = `<restingecgdata><documentinfo><documentversion>1.04</documentversion></documentinfo><waveforms><parsedwaveforms dataencoding="Base64" durationperchannel="4" numberofleads="2" leadlabels="I V1" samplespersecond="500" resolution="5" signaloffset="0" signalsigned="False" bitspersample="16">AQACAAMABAA=</parsedwaveforms></waveforms></restingecgdata>`;
const ANNOTATION_TEXTS = [
  '+0\x14\x14\0\0\0\0+1\x14\x14\0\0\0\0+2\x14\x14Recording ends\x14\0',
  '+0.5\x14\x14\0\0+3.5\x151\x14x\x14\0\0\0+9\x14\x14\0',
];
const SETTINGS = [
  '{"preset":"x","fs":100,"windowSamples":256,"leads":["I","II"],"stem":[[1,4,2,1],[4,8,2,0]],"resizeTo":24,"dim":8,"heads":2,"fullRateBlocks":1,"stridedBlocks":1,"windows":[5,-1],"mlpRatio":2,"headOrder":"leads","leadProjection":"shared"}',
  '["10370003",{"code":"1","abbreviation":"a","name":"b"}]',
  '[{"values":[0,1]},{"leads":["I"],"values":[1,2]}]',
  '[{"temperature":1,"shift":[0,1]},{"leads":["II"],"temperature":2,"shift":1}]',
].join('\n\n');
const LABEL_TEXTS = [
  'record_id,snomed_codes,dataset\nA0001.mat,"164889003;59118001",x\nHR00001,,\n',
  'file,dx\n"a ""b""/c.hea",1|2\n Dx: 1,2\n',
];
const COMMAND_LINES: readonly (readonly [number, string])[] = [
  [0, 'x.csv --json --leads I,II --start 1 --fs 500 --units mV'],
  [1, 'a.csv b.edf --seconds 2 --comments --force'],
  [2, '--json --all'],
  [3, '--output a.csv --seconds 1 --fs 100 --rhythm af --seed 7 --noise none --force'],
  [3, '-o a.hea --seconds 1 --heart-rate 60 --force'],
  [4, 'x.pt --output y.safetensors --quantize none --preset edge --report r.json --force'],
  [5, 'a.csv --json --windows all --quality gate --all'],
  [5, 'a.hea --ndjson --output lines.ndjson'],
  [6, 'a.hea --labels l.csv --resamples 0 --lead-sets 12,2 --json'],
  [7, 'edge.safetensors edge.safetensors a.csv --json'],
  [8, 'edge.safetensors'],
  [0, '--help'],
];
const PICKLES = [
  '\x80\x04}\x8c\x01a]K\x01as.',
  '\x80\x02ccollections\nOrderedDict\nq\0)Rq\x01U\x01aK\x05s.',
  '\x80\x04cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\x01b\x87R(K\x01K\x02\x85cnumpy\ndtype\n\x8c\x02f8\x89\x88\x87R(K\x03\x8c\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89C\x100123456701234567tb.',
  '\x80\x04(K\x01K\x02l(K\x01t\x90.',
];
