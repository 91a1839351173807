"""Fixtures of the EDF and ISHNE readers, with what independent libraries read in them: python3 -m training.edf_fixtures

Writes test/readers/fixtures/edf/*.edf, *.bdf by pyedflib (EDFlib), each with a .json of the digital and physical values that pyedflib
reads; test/readers/fixtures/ishne/*.ecg by ishneholterlib, with what that reads. Only noise from a fixed seed goes in: no recordings.

EDFlib writes no EDF+D and refuses to read it, so `gaps` is written as EDF+C, read by pyedflib, and then turned into EDF+D: the mark in
the header, and the onset of every data record. `micro` has `uV` replaced by `\\xb5V` in Latin-1. `written` is the other way round: made by
formatEdf (test/writers/edf.test.ts holds the record and that the bytes are these), and read here.
Made with pyedflib 0.1.42, ishneholterlib 2020.5.29, crccheck 1.3.1, numpy 2.4.6.
"""

import datetime
import json
import struct
from pathlib import Path

import ishneholterlib
import numpy as np
import pyedflib
from crccheck.crc import Crc16CcittFalse

FIXTURES = Path(__file__).resolve().parent.parent / 'test' / 'readers' / 'fixtures'
EDF = FIXTURES / 'edf'
ISHNE = FIXTURES / 'ishne'
STANDARD = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6']
DATE = datetime.datetime(2001, 2, 3, 4, 5, 6)


def channel(label, fs=100, dimension='mV', physical=(-5, 5), digital=(-32768, 32767)):
    return {
        'label': label,
        'dimension': dimension,
        'sample_frequency': fs,
        'physical_min': physical[0],
        'physical_max': physical[1],
        'digital_min': digital[0],
        'digital_max': digital[1],
        'transducer': '',
        'prefilter': '',
    }


def noise(random, header, seconds):
    """Integers over the whole range of the header, both ends among them."""
    low, high = header['digital_min'], header['digital_max']
    values = random.integers(low, high, round(header['sample_frequency'] * seconds), endpoint=True).astype(np.int32)
    values[:2] = low, high
    return values


def write_edf(name, file_type, channels, seconds, record_seconds=1, annotations=()):
    path = EDF / name
    random = np.random.default_rng(len(name))
    signals = [noise(random, header, seconds) for header in channels]
    writer = pyedflib.EdfWriter(str(path), len(channels), file_type=file_type)
    writer.setStartdatetime(DATE)
    writer.setPatientName('Nobody_To_Be_Read')
    writer.setSignalHeaders(channels)
    writer.setDatarecordDuration(record_seconds)
    writer.writeSamples(signals, digital=True)
    for onset, text in annotations:
        writer.writeAnnotation(onset, -1, text)
    writer.close()
    return path


def expect_edf(path, **more):
    """What pyedflib reads: all integers, and the physical values of the first 20 and the last sample."""
    with pyedflib.EdfReader(str(path)) as reader:
        signals = []
        for index in range(reader.signals_in_file):
            physical = reader.readSignal(index)
            signals.append(
                {
                    'label': reader.getLabel(index).strip(),
                    'fs': reader.getSampleFrequency(index),
                    'dimension': reader.getPhysicalDimension(index).strip(),
                    'digital': reader.readSignal(index, digital=True).tolist(),
                    'physical': [*physical[:20].tolist(), physical[-1].item()],
                }
            )
    path.with_suffix('.json' if path.suffix == '.edf' else path.suffix + '.json').write_text(
        json.dumps({'signals': signals, **more}, separators=(',', ':')) + '\n'
    )


def make_discontinuous(path, onsets):
    """The mark of EDF+D, and the onset of each data record in its first annotation list."""
    data = bytearray(path.read_bytes())
    data[192:197] = b'EDF+D'
    count = int(data[252:256])
    labels = [bytes(data[256 + 16 * n : 272 + 16 * n]).strip() for n in range(count)]
    samples_at = 256 + count * (16 + 80 + 8 * 5 + 80)
    samples = [int(data[samples_at + 8 * n : samples_at + 8 * n + 8]) for n in range(count)]
    record_bytes = 2 * sum(samples)
    offset = 256 * (count + 1) + 2 * sum(samples[: labels.index(b'EDF Annotations')])
    for index, onset in enumerate(onsets):
        at = offset + index * record_bytes
        size = 2 * samples[labels.index(b'EDF Annotations')]
        data[at : at + size] = f'+{onset}\x14\x14\0'.encode().ljust(size, b'\0')
    path.write_bytes(data)


def edf_fixtures():
    EDF.mkdir(parents=True, exist_ok=True)
    plain = [channel('I'), channel('Lead II'), channel('V1', physical=(-3.2768, 3.2767))]
    expect_edf(write_edf('plain.edf', pyedflib.FILETYPE_EDF, plain, 3))

    plus = [channel(f'ECG {lead}', fs=50, dimension='uV', physical=(-4000, 4095.875)) for lead in STANDARD]
    plus[6]['label'] = 'ECG V1-Ref'  # says what it is measured against, so it is no V1
    plus += [channel('Resp nasal', fs=10, dimension=''), channel('EMG chin', fs=50, dimension='uV'), channel('SpO2', fs=1, dimension='%')]
    expect_edf(write_edf('plus.edf', pyedflib.FILETYPE_EDFPLUS, plus, 2, annotations=[(0.5, 'an event'), (1.25, 'another')]))

    # Twelve bits, a fractional baseline, upside down, volts, and a record of half a second.
    scales = [
        channel('I', digital=(0, 4095), physical=(-5, 5)),
        channel('II', digital=(-2048, 2047), physical=(5, -5)),
        channel('V2', dimension='V', physical=(-0.005, 0.0051)),
        channel('V3', dimension='degC', physical=(33.5, 41.25)),
    ]
    expect_edf(write_edf('scales.edf', pyedflib.FILETYPE_EDFPLUS, scales, 1.5, record_seconds=0.5))

    micro = write_edf('micro.edf', pyedflib.FILETYPE_EDF, [channel('EKG I', dimension='uV', physical=(-3276.8, 3276.7))], 2)
    expect_edf(micro)
    micro.write_bytes(micro.read_bytes().replace(b'uV  ', b'\xb5V  '))

    gaps = write_edf('gaps.edf', pyedflib.FILETYPE_EDFPLUS, [channel('I'), channel('II')], 4)
    onsets = [0.25, 1.25, 3.75, 4.75]  # the third data record begins 1.5 s after the second has ended
    expect_edf(gaps, onsets=onsets)
    make_discontinuous(gaps, onsets)

    wide = {'digital': (-8388608, 8388607), 'physical': (-262144, 262143), 'dimension': 'uV'}
    bits24 = [channel('I', **wide), channel('II', **wide), channel('A1', **wide)]
    expect_edf(write_edf('plain.bdf', pyedflib.FILETYPE_BDF, bits24, 2))
    expect_edf(write_edf('plus.bdf', pyedflib.FILETYPE_BDFPLUS, bits24, 2, annotations=[(0.5, 'an event')]))

    if (EDF / 'written.edf').exists():
        expect_edf(EDF / 'written.edf')


def write_ishne(name, leads, fs, samples, block=None, counts_all=False):
    path = ISHNE / name
    random = np.random.default_rng(len(name))
    holter = ishneholterlib.Holter.__new__(ishneholterlib.Holter)
    fields = {'first_name': 'Nobody', 'last_name': 'To_Be_Read', 'id': '1', 'sex': 0, 'race': 0, 'birth_date': None}
    fields |= {'record_date': DATE.date(), 'start_time': DATE.time(), 'pm': 0, 'recorder_type': b'digital', 'sr': fs}
    fields |= {'proprietary': '', 'copyright': '', 'reserved': '', 'file_version': 1, 'var_block': block, 'filename': str(path)}
    vars(holter).update(fields)
    holter.lead = [ishneholterlib.Lead(spec, 1, resolution) for spec, resolution in leads]
    for lead in holter.lead:
        lead.save_data(random.integers(-32767, 32767, samples, endpoint=True).astype(np.int16), convert=False)
    holter.write_file(overwrite=True, convert_data=False)
    data = bytearray(path.read_bytes())
    data[144:150] = struct.pack('<3h', -9, -9, -9)  # else the date of today
    if counts_all:
        data[14:18] = struct.pack('<i', samples * len(leads))
    start = struct.unpack_from('<i', data, 22)[0]
    data[8:10] = struct.pack('<H', Crc16CcittFalse.calc(bytes(data[10:start])))
    path.write_bytes(data)

    read = ishneholterlib.Holter(str(path), check_valid=False)
    assert read.checksum == read.compute_checksum(bytes(data[10:start]))
    expected = {'fs': read.sr, 'leads': []}
    read.load_data(convert=False)
    digital = [lead.data.tolist() for lead in read.lead]
    read.load_data()
    for lead, integers in zip(read.lead, digital, strict=True):
        physical = [*lead.data[:20].tolist(), lead.data[-1].item()]
        expected['leads'].append({'name': lead.spec_str(), 'digital': integers, 'physical': physical})
    path.with_suffix('.json').write_text(json.dumps(expected, separators=(',', ':')) + '\n')


def ishne_fixtures():
    ISHNE.mkdir(parents=True, exist_ok=True)
    get_val = ishneholterlib.get_val  # its types `a8` are `S8` since numpy 2
    ishneholterlib.get_val = lambda file, at, kind: get_val(file, at, kind.replace('a', 'S') if isinstance(kind, str) else kind)
    write_ishne('three.ecg', [(6, 2500), (11, 1000), (2, 4880)], 200, 300, block=b'a block of free length')
    write_ishne('twelve.ecg', [(code, 3750) for code in range(5, 17)], 180, 90, counts_all=True)


if __name__ == '__main__':
    edf_fixtures()
    ishne_fixtures()
