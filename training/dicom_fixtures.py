"""Fixtures of the DICOM reader, written and read back by pydicom: python3 -m training.dicom_fixtures

Writes test/readers/fixtures/dicom/NAME.dcm and NAME.json: what pydicom reads of the group that holds the rhythm (`digital`: raw samples,
`signal`: in units, null where a sample is the padding value) and the names that the leads must get. The signals are made here.

    python3 -m training.dicom_fixtures --check    after npm run build: compares the reader, run by Node, with pydicom on the ECG
                                                  that pydicom ships (waveform_ecg.dcm), both of its groups

Made with pydicom 3.0.2 and numpy 2.4.6.
"""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_sequence
from pydicom.sequence import Sequence
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / 'test' / 'readers' / 'fixtures' / 'dicom'

TWELVE_LEAD, GENERAL, AMBULATORY, GENERAL_32 = (f'1.2.840.10008.5.1.4.1.1.9.1.{n}' for n in (1, 2, 3, 4))
LEADS = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6']
NUMBERS = dict(zip(LEADS, [1, 2, 61, 62, 63, 64, 3, 4, 5, 6, 7, 8]))


def meaning(lead: str, scheme: str) -> str:
    """Code meanings: pydicom's own table for MDC (PS3.16 CID 3001), what devices write for SCP-ECG."""
    if scheme == 'MDC':
        names = {code: value for name in cid_concepts[3001]['MDC'] for code, value in concepts['MDC'][name].items()}
        return names[f'2:{NUMBERS[lead]}'][0]
    return 'Lead I (Einthoven)' if lead == 'I' else f'Lead {lead}'


def coded(value: str, scheme: str, words: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, words
    return item


def channel(lead: str, scheme: str | None, bits: int, scale: dict) -> Dataset:
    definition = Dataset()
    if scheme is None:
        definition.ChannelLabel = lead
    else:
        code = f'2:{NUMBERS[lead]}' if scheme == 'MDC' else f'5.6.3-9-{NUMBERS[lead]}'
        definition.ChannelSourceSequence = Sequence([coded(code, scheme, meaning(lead, scheme))])
    if scale:
        definition.ChannelSensitivity = scale['sensitivity']
        definition.ChannelSensitivityUnitsSequence = Sequence([coded(scale['unit'], 'UCUM', 'voltage')])
        definition.ChannelSensitivityCorrectionFactor = scale.get('correction', 1)
        definition.ChannelBaseline = scale.get('baseline', 0)
    definition.ChannelSampleSkew = 0
    definition.WaveformBitsStored = bits
    return definition


def group(samples: np.ndarray, leads, scheme='SCPECG', scale=None, kind='SS', stored=None, fs=500, **attributes) -> Dataset:
    """A multiplex group of `samples` [time][lead]."""
    bits = {'SB': 8, 'UB': 8, 'SS': 16, 'US': 16, 'SL': 32}[kind]
    item = Dataset()
    item.MultiplexGroupTimeOffset = 0
    item.WaveformOriginality = 'ORIGINAL'
    item.NumberOfWaveformChannels = len(leads)
    item.NumberOfWaveformSamples = len(samples)
    item.SamplingFrequency = fs
    item.ChannelDefinitionSequence = Sequence([channel(lead, scheme, stored or bits, scale) for lead in leads])
    item.WaveformBitsAllocated = bits
    item.WaveformSampleInterpretation = kind
    dtype = f"<{'u' if kind[0] == 'U' else 'i'}{bits // 8}"
    data = samples.astype(dtype).tobytes()
    item.add_new('WaveformData', 'OB' if bits == 8 else 'OW', data + b'\0' * (len(data) % 2))
    for keyword, value in attributes.items():
        if keyword == 'WaveformPaddingValue':
            item.add_new(keyword, 'OB' if bits == 8 else 'OW', np.array([value]).astype(dtype).tobytes().ljust(2, b'\0'))
        else:
            setattr(item, keyword, value)
    return item


def write(name: str, sop_class: str, syntax: str, groups, undefined=False) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = f'2.25.{sum(name.encode())}'
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = '2.25.1'
    meta.FileMetaInformationVersion = b'\0\1'
    data = FileDataset(None, {}, file_meta=meta, preamble=b'\0' * 128)
    data.SOPClassUID, data.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    data.Modality = 'ECG'
    data.PatientName, data.PatientID = 'Never^Read', 'NEVER READ'
    # Private elements, and a private sequence: neither is to be looked into.
    data.add_new(0x00190010, 'LO', 'LEADWISE')
    data.add_new(0x00191001, 'OB', b'\xfe\xff\xdd\xe0\0\0\0\0')
    inner = Dataset()
    inner.add_new(0x00190010, 'LO', 'LEADWISE')
    inner.add_new(0x00191003, 'SQ', Sequence([Dataset(), coded('1', 'L', 'nested')]))
    data.add_new(0x00191002, 'SQ', Sequence([inner]))
    data.WaveformSequence = Sequence(groups)
    if undefined:
        for element in data.iterall():
            if element.VR == 'SQ':
                element.is_undefined_length = True
                for item in element.value:
                    item.is_undefined_length_sequence_item = True
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, data, enforce_file_format=True)
    (TARGET / f'{name}.dcm').write_bytes(buffer.getvalue())
    return pydicom.dcmread(TARGET / f'{name}.dcm')


def write_unknown(name: str, groups, undefined: bool) -> FileDataset:
    """An explicit file in which the waveforms are marked UN, as by a writer that does not know them: their content is implicit."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = True, True
    write_sequence(buffer, DataElement(0x54000100, 'SQ', Sequence(groups)), ['iso8859'])
    content = buffer.getvalue()
    write(name, GENERAL, ExplicitVRLittleEndian, [])
    file = (TARGET / f'{name}.dcm').read_bytes()
    empty = bytes.fromhex('00540001') + b'SQ' + bytes(6)
    assert file.endswith(empty)
    length = 0xFFFFFFFF if undefined else len(content)
    end = bytes.fromhex('feffdde000000000') if undefined else b''
    header = bytes.fromhex('00540001') + b'UN\0\0' + length.to_bytes(4, 'little')
    (TARGET / f'{name}.dcm').write_bytes(file.removesuffix(empty) + header + content + end)
    return pydicom.dcmread(TARGET / f'{name}.dcm')


def expect(name: str, data: FileDataset, leads, indices=(0,), stored=None) -> None:
    digital, signal, units = [], [], []
    for index in indices:
        item = data.WaveformSequence[index]
        raw = pydicom.waveforms.multiplex_array(data, index, as_raw=True)
        if stored:  # pydicom takes the unused bits for samples
            shift = 32 - stored
            raw = (raw.astype('<i4') << shift) >> shift if raw.dtype.kind == 'i' else raw & ((1 << stored) - 1)
        physical = raw.astype(float)
        for c, definition in enumerate(item.ChannelDefinitionSequence):
            scale = [float(definition.get(key, default)) for key, default in
                     (('ChannelSensitivity', 1), ('ChannelSensitivityCorrectionFactor', 1), ('ChannelBaseline', 0))]
            physical[:, c] = physical[:, c] * scale[0] * scale[1] + scale[2]
            units.append(definition.ChannelSensitivityUnitsSequence[0].CodeValue if 'ChannelSensitivity' in definition else 'adc')
        if not stored:
            assert np.array_equal(physical, data.waveform_array(index)), name
        if 'WaveformPaddingValue' in item:
            padding = np.frombuffer(item.WaveformPaddingValue, raw.dtype)[0]
            physical[raw == padding] = np.nan
        digital += raw.T.tolist()
        signal += [[None if np.isnan(value) else value for value in row] for row in physical.T.tolist()]
    fs = float(data.WaveformSequence[indices[0]].SamplingFrequency)
    values = {'fs': fs, 'sigName': leads, 'units': units, 'digital': digital, 'signal': signal}
    (TARGET / f'{name}.json').write_text(json.dumps(values) + '\n', encoding='utf-8')


def signals(samples: int, leads: int, amplitude: int) -> np.ndarray:
    rng = np.random.default_rng(samples * 1000 + leads)
    return np.rint(rng.uniform(-amplitude, amplitude, (samples, leads))).astype(int)


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    microvolts = {'unit': 'uV', 'sensitivity': '1.25', 'baseline': '-2.5'}
    millivolts = {'unit': 'mV', 'sensitivity': '0.005', 'correction': '0.98'}

    # The median beat stands before the rhythm, is as long, and has as many leads.
    rhythm = signals(60, 12, 32767)
    rhythm[0, 0], rhythm[1, 0] = -32768, 32767
    median = group(signals(60, 12, 900), LEADS, scale=microvolts, WaveformOriginality='DERIVED', MultiplexGroupLabel='MEDIAN BEAT')
    data = write('explicit', TWELVE_LEAD, ExplicitVRLittleEndian,
                 [median, group(rhythm, LEADS, scale=microvolts, MultiplexGroupLabel='RHYTHM')])
    expect('explicit', data, LEADS, [1])

    data = write('implicit', GENERAL, ImplicitVRLittleEndian,
                 [group(signals(40, 12, 9000), LEADS[6:] + LEADS[:6], 'MDC', millivolts, fs='250.5')], undefined=True)
    expect('implicit', data, LEADS[6:] + LEADS[:6])

    data = write('undefined', GENERAL, ExplicitVRLittleEndian, [group(signals(20, 2, 500), ['II', 'V5'], 'MDC', millivolts)], undefined=True)
    expect('undefined', data, ['II', 'V5'])

    for name, undefined in [('unknown', False), ('unknown-undefined', True)]:
        data = write_unknown(name, [group(signals(12, 2, 500), ['I', 'V3'], 'MDC', millivolts)], undefined)
        expect(name, data, ['I', 'V3'])

    data = write('deflated', TWELVE_LEAD, DeflatedExplicitVRLittleEndian, [group(signals(50, 12, 300), LEADS, scale=microvolts, fs=1000)])
    expect('deflated', data, LEADS)

    # An odd number of 8-bit samples, and holes.
    samples = signals(41, 3, 127)
    samples[5:9, 1] = samples[40, 2] = -128
    data = write('ambulatory', AMBULATORY, ExplicitVRLittleEndian,
                 [group(samples, ['I', 'II', 'V2'], 'MDC', {'unit': 'mV', 'sensitivity': '0.02'}, 'SB', fs=128, WaveformPaddingValue=-128)])
    expect('ambulatory', data, ['I', 'II', 'V2'])

    # Twelve bits in sixteen: the sign above them, or zeros.
    samples = signals(30, 2, 2047)
    samples[0] = [-2048, 2047]
    for name, written, kind in [('bits-sign', samples, 'SS'), ('bits-zero', samples & 0xFFF, 'SS'), ('bits-unsigned', samples + 2048, 'US')]:
        scale = dict(microvolts, baseline='-2560') if kind == 'US' else microvolts
        data = write(name, GENERAL, ExplicitVRLittleEndian, [group(written, ['I', 'aVF'], scale=scale, kind=kind, stored=12)])
        expect(name, data, ['I', 'aVF'], stored=12)

    # No codes and no units: labels as devices write them, one ending in NUL.
    labels = ['Lead I\0', 'II', 'aVR', 'V1', 'RESP']
    data = write('labels', GENERAL, ExplicitVRLittleEndian, [group(signals(25, 5, 70000) + 70000 // 2, labels, None, None, 'SL')])
    expect('labels', data, ['I', 'II', 'aVR', 'V1', 'RESP'])

    data = write('wide', GENERAL_32, ExplicitVRLittleEndian, [group(signals(25, 2, 2**31 - 1), ['I', 'II'], 'MDC', millivolts, 'SL')])
    expect('wide', data, ['I', 'II'])

    # Limb leads in one group, chest leads in another, sampled together.
    halves = [group(signals(30, 6, 800), LEADS[:6], 'MDC', microvolts), group(signals(30, 6, 700), LEADS[6:], 'MDC', millivolts)]
    data = write('halves', TWELVE_LEAD, ImplicitVRLittleEndian, halves)
    expect('halves', data, LEADS, [0, 1])

    write('big-endian', TWELVE_LEAD, ExplicitVRBigEndian, [group(signals(10, 2, 300), ['I', 'II'], scale=microvolts)])


SCRIPT = """
import { readFileSync } from 'node:fs';
import { readDicom } from './build/readers/dicom.js';
const file = new Uint8Array(readFileSync(process.argv[1]));
const records = [await readDicom(file), await readDicom(file, { group: 2 })];
console.log(JSON.stringify(records.map(({ fs, sigName, units, digital, signal }) => (
  { fs, sigName, units, digital: digital.map((lead) => [...lead]), signal: signal.map((lead) => [...lead]) }))));
"""


def check() -> None:
    path = pydicom.data.get_testdata_file('waveform_ecg.dcm')
    data = pydicom.dcmread(path)
    result = subprocess.run(['node', '--input-type=module', '-e', SCRIPT, path], cwd=ROOT, check=True, capture_output=True, text=True)
    records = json.loads(result.stdout)
    for index, record in enumerate(records):
        raw = pydicom.waveforms.multiplex_array(data, index, as_raw=True)
        assert record['sigName'] == LEADS and set(record['units']) == {'uV'}, index
        assert record['fs'] == float(data.WaveformSequence[index].SamplingFrequency), index
        assert np.array_equal(np.array(record['digital']).T, raw), index
        assert np.array_equal(np.array(record['signal']).T, data.waveform_array(index)), index
        print(f'waveform_ecg.dcm, group {index + 1}: {raw.shape[1]} leads of {raw.shape[0]} samples equal pydicom')


if __name__ == '__main__':
    check() if sys.argv[1:] == ['--check'] else main()
