"""Small WFDB records in every storage format, as fixtures of the WFDB reader: python3 -m training.wfdb_fixtures

Writes test/readers/fixtures/wfdb/: records of made-up signals, and for each <name>.json with what Python's wfdb reads from them. wfdb
writes formats 16, 24, 32, 80, 212 and FLAC; what it only reads (8, 61, 160, 310, 311, skew, several segments with gaps) is packed here as
signal(5) and header(5) of the WFDB Applications Guide describe it. Made with wfdb 4.3.1, soundfile 0.14.0.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import wfdb

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / 'test' / 'readers' / 'fixtures' / 'wfdb'
BITS = {'8': 12, '16': 16, '24': 24, '32': 32, '61': 16, '80': 8, '160': 16, '212': 12, '310': 10, '311': 10, '508': 8, '516': 16, '524': 24}


def samples(fmt: str, length: int, seed: int, invalid: bool = True) -> np.ndarray:
    """A wave over the whole range of the format, with its extremes and, where it has one, the value for invalid samples."""
    top = 2 ** (BITS[fmt] - 1) - 1
    t = np.arange(length) + 2
    values = np.round(top * 0.9 * np.sin(t * (0.11 + 0.07 * seed)) * np.cos(t * 0.013 * (seed + 1))).astype('i8')
    if fmt == '8':
        return 900 - 700 * seed + np.cumsum(np.clip(np.diff(values, prepend=values[0]), -128, 127))
    values[3], values[5] = top, -top
    if invalid:
        values[7 + seed] = -top - 1
    return values


def triples(values: np.ndarray) -> np.ndarray:
    return np.concatenate([values, np.zeros(-len(values) % 3, 'i8')]).reshape(-1, 3) & 0x3FF


def pack(fmt: str, flat: np.ndarray, start: np.ndarray) -> bytes:
    """The bytes of values in file order; `start` are the initial values of the columns of one frame, for format 8."""
    if fmt == '8':
        frames = flat.reshape(-1, len(start))
        return np.diff(frames, axis=0, prepend=start.reshape(1, -1)).astype('i1').tobytes()
    if fmt == '61':
        return flat.astype('>i2').tobytes()
    if fmt == '160':
        return (flat + 32768).astype('<u2').tobytes()
    if fmt == '16':
        return flat.astype('<i2').tobytes()
    if fmt == '310':
        a, b, c = triples(flat).T
        second = (a >> 7) | ((c & 0x1F) << 3)
        fourth = (b >> 7) | ((c >> 5) << 3)
        packed = np.stack([(a & 0x7F) << 1, second, (b & 0x7F) << 1, fourth], axis=1).astype('u1').tobytes()
        return packed[: len(packed) - {0: 0, 1: 2, 2: 0}[len(flat) % 3]]
    if fmt == '311':
        a, b, c = triples(flat).T
        packed = (a | b << 10 | c << 20).astype('<u4').tobytes()
        return packed[: len(packed) - {0: 0, 1: 2, 2: 1}[len(flat) % 3]]
    raise ValueError(fmt)


def checksum(values: np.ndarray) -> int:
    sum16 = int(values.sum()) % 65536
    return sum16 - 65536 if sum16 > 32767 else sum16


def signal_line(file: str, storage: str, values: np.ndarray, name: str, gain: str = '200(3)/mV') -> str:
    return f'{file} {storage} {gain} 12 0 {values[0]} {checksum(values)} 0 {name}'


def write_header(name: str, lines: list[str]) -> None:
    (TARGET / f'{name}.hea').write_text('\n'.join(lines) + '\n', encoding='utf-8')


def write_packed(name: str, fmt: str, signals: list[np.ndarray]) -> None:
    """A record of one file in a format that wfdb does not write."""
    flat = np.stack(signals, axis=1).reshape(-1)
    first = np.array([values[0] for values in signals])
    (TARGET / f'{name}.dat').write_bytes(pack(fmt, flat, first))
    lines = [signal_line(f'{name}.dat', fmt, values, lead) for values, lead in zip(signals, ('I', 'II', 'V1'))]
    write_header(name, [f'{name} {len(signals)} 250 {len(signals[0])}', *lines])


def write_plain(name: str, fmt: list[str], signals: list[np.ndarray], **fields) -> None:
    """A record by wfdb, one file for each format."""
    count = len(signals)
    frames = {'samps_per_frame': [1] * count, 'sig_name': ['I', 'II', 'V1', 'Resp'][:count], 'adc_gain': [200.0] * count, 'baseline': [3] * count}
    wfdb.wrsamp(
        name, fs=fields.pop('fs', 250), units=['mV'] * count, e_d_signal=signals, fmt=fmt, write_dir=str(TARGET), **{**frames, **fields}
    )


def write_formats() -> None:
    for fmt in ('16', '24', '32', '80', '508', '516', '524'):
        write_plain(f'fmt{fmt}', [fmt] * 3, [samples(fmt, 67, seed) for seed in range(3)])
    for fmt in ('8', '61', '160'):
        write_packed(f'fmt{fmt}', fmt, [samples(fmt, 67, seed) for seed in range(3)])
    write_plain('fmt212', ['212'] * 3, [samples('212', 67, seed) for seed in range(3)])  # 201 values: an odd count
    write_plain('fmt212_even', ['212'], [samples('212', 66, 1)])
    for fmt in ('310', '311'):
        for length in (66, 67, 68):
            write_packed(f'fmt{fmt}_{length}', fmt, [samples(fmt, length, 1)])


def write_frames() -> None:
    """Several samples in a frame, of plain files, of format 8 and of FLAC."""
    spf = [4, 1, 2]
    signals = [samples('16', 40 * n, seed, invalid=False) for seed, n in enumerate(spf)]
    write_plain('frames', ['16'] * 3, signals, fs=62.5, samps_per_frame=spf, sig_name=['I', 'Resp', 'ABP'])
    write_plain('frames_ecg2', ['212'] * 3, [samples('212', 41 * n, s, False) for s, n in enumerate([2, 2, 3])], fs=125,
                samps_per_frame=[2, 2, 3], sig_name=['MLII', 'V', 'PLETH'])  # fmt: skip
    write_plain('frames_mixed', ['16'] * 3, [samples('16', 40 * n, s, False) for s, n in enumerate([2, 1, 2])], fs=125,
                samps_per_frame=[2, 1, 2], sig_name=['I', 'II', 'V1'])  # fmt: skip
    write_plain('frames_flac', ['516'] * 2, [samples('516', 33 * 4, s, False) for s in range(2)], samps_per_frame=[4, 4])
    columns = [samples('8', 80, 0).reshape(40, 2), samples('8', 40, 1).reshape(40, 1)]
    differences = [np.diff(c.reshape(-1), prepend=c[0, 0]).reshape(c.shape) for c in columns]
    (TARGET / 'frames8.dat').write_bytes(np.concatenate(differences, axis=1).astype('i1').tobytes())
    lines = [signal_line('frames8.dat', f'8x{c.shape[1]}', c.reshape(-1), name) for c, name in zip(columns, ('I', 'Resp'))]
    write_header('frames8', ['frames8 2 125 40', *lines])


def write_skew() -> None:
    signals = [samples('16', 60, seed) for seed in range(3)]
    (TARGET / 'skew.dat').write_bytes(b'head' + pack('16', np.stack(signals, axis=1).reshape(-1), np.zeros(3)))
    storages = ('16+4', '16:5+4', '16:5+4')  # wfdb 4.3.1 fails where a skew is neither 0 nor the largest
    lines = [signal_line('skew.dat', storage, values, lead) for storage, values, lead in zip(storages, signals, ('I', 'II', 'V1'))]
    write_header('skew', ['skew 3 250 60', *lines])


def write_files() -> None:
    """Signals of several files and formats, with offsets."""
    i, ii, v1, v2 = samples('16', 51, 0), samples('212', 51, 1), samples('16', 51, 2), samples('61', 51, 3)
    (TARGET / 'files_a.dat').write_bytes(bytes(10) + pack('16', np.stack([i, v1], axis=1).reshape(-1), np.zeros(2)))
    (TARGET / 'files_b.dat').write_bytes(bytes(1) + pack('61', v2, np.zeros(1)))
    write_plain('files_c', ['212'], [ii])
    (TARGET / 'files_c.hea').unlink()
    write_header('files', [
        '# several files', 'files 4 250 51 10:00:00 01/02/2003',
        signal_line('files_a.dat', '16+10', i, 'I'), signal_line('files_a.dat', '16+10', v1, 'V1', '50(-9)/mmHg'),
        signal_line('files_c.dat', '212', ii, 'II', '100/mV'), signal_line('files_b.dat', '61+1', v2, 'V2', '1000(-5)/uV'), '#end',
    ])  # fmt: skip


def write_segment(name: str, fmt: str, leads: dict[str, int], length: int, gain: float = 200.0, baseline: int = 3) -> None:
    signals = [samples(fmt, length, seed) for seed in leads.values()]
    write_plain(name, [fmt] * len(leads), signals, sig_name=list(leads), adc_gain=[gain] * len(leads), baseline=[baseline] * len(leads))


def write_segments() -> None:
    both = {'I': 0, 'II': 1}
    write_segment('seg_a', '16', both, 40)
    write_segment('seg_b', '16', both, 31)
    write_segment('seg_c', '212', both, 33, 100.0, -20)  # other gain, baseline and format
    write_segment('seg_d', '16', {'V1': 2, 'I': 3}, 65)
    write_segment('seg_e', '16', {'II': 4}, 20, 250.0)
    layout = [f'~ 0 200(3)/mV 16 0 0 0 0 {lead}' for lead in ('I', 'II', 'V1', 'V2')]
    write_header('seg_layout', ['seg_layout 4 250 0', *layout])
    write_header('seg_layout3', ['seg_layout3 3 250 0', *layout[:3]])
    write_header('fixed', ['fixed/3 2 250 111', 'seg_a 40', 'seg_b 31', 'seg_a 40', '# fixed layout, one scale'])
    write_header('fixed_gains', ['fixed_gains/3 2 250 104', 'seg_a 40', 'seg_c 33', 'seg_b 31'])
    write_header('variable_gains', ['variable_gains/5 4 250 123', 'seg_layout 0', '~ 5', 'seg_e 20', 'seg_c 33', 'seg_d 65'])
    write_header('variable', ['variable/6 3 250 188', 'seg_layout3 0', 'seg_a 40', '~ 17', 'seg_d 65', '~ 35', 'seg_b 31'])


def listed(signals, exact: bool = True) -> list:
    convert = int if exact else (lambda value: None if np.isnan(value) else float(value))
    return [[convert(value) for value in signal] for signal in signals]


def expectation(name: str) -> dict:
    """What wfdb reads: every stored sample (`expanded`), and by frames averaged (`digital`, `physical`)."""
    path = str(TARGET / name)
    physical = wfdb.rdrecord(path, smooth_frames=True)
    result = {'fs': physical.fs, 'sigName': physical.sig_name, 'sigLen': physical.sig_len, 'units': getattr(physical, 'units', None)}
    try:
        digital = wfdb.rdrecord(path, physical=False)
    except Exception:  # segments of different gains: "cannot be converted to single segment, in digital format"
        return {**result, 'physical': listed(physical.p_signal.T, exact=False)}
    if name.startswith('fixed_gains'):  # wfdb joins the integers of segments whose gains differ; they mean nothing together
        return {**result, 'physical': listed(physical.p_signal.T, exact=False)}
    result |= {'samplesPerFrame': digital.samps_per_frame, 'adcGain': digital.adc_gain, 'baseline': digital.baseline}
    if len(set(digital.samps_per_frame)) > 1 or digital.samps_per_frame[0] > 1:
        expanded = wfdb.rdrecord(path, physical=False, smooth_frames=False)
        result['expanded'] = listed(expanded.e_d_signal)
    invalid = [np.flatnonzero(np.isnan(lead)).tolist() for lead in physical.p_signal.T]
    return {**result, 'digital': listed(digital.d_signal.T), 'invalid': invalid}


def main() -> None:
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    for write in (write_formats, write_frames, write_skew, write_files, write_segments):
        write()
    names = sorted(path.stem for path in TARGET.glob('*.hea') if not path.stem.startswith('seg_layout'))
    for name in names:
        (TARGET / f'{name}.json').write_text(json.dumps(expectation(name), separators=(',', ':')) + '\n', encoding='utf-8')
    size = sum(path.stat().st_size for path in TARGET.iterdir())
    print(f'{len(names)} records of wfdb {wfdb.__version__} in {TARGET.relative_to(ROOT)}, {size} bytes')


if __name__ == '__main__':
    main()
