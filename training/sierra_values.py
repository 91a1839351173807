"""Values of Philips Sierra XML files, taken from them by a program of its own: python3 -m training.sierra_values

The oracle of the Sierra reader: standard library and numpy, nothing shared with the reader. Writes test/golden/sierra-digests.json: for
each file of the data folder (LEADWISE_DATA, or ../shared/data) in philips/ the header values, sums, and the SHA-256 of its samples, int32
little-endian [lead][sample]. A digest is no recording, so it may be committed. Writes NAME.json beside each file of
test/readers/fixtures/sierra, which are made by the writer of the tests, with all samples.

It also checks how halves are rounded in the leads that follow from I and II: cut off towards zero they are within half a step of the
exact value in the recordings of the 1.04 cardiographs, rounded down some would be 1.5 steps off.
"""

import base64
import hashlib
import json
import os
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get('LEADWISE_DATA', ROOT.parent / 'shared' / 'data')) / 'philips'
TARGET = ROOT / 'test' / 'golden' / 'sierra-digests.json'
FIXTURES = ROOT / 'test' / 'readers' / 'fixtures' / 'sierra'
TWELVE = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6']


def lzw(chunk: bytes) -> bytes:
    """Ten-bit codes, highest bit first; 1023 ends them; the table grows to 1023 strings and then stays."""
    bits = int.from_bytes(chunk, 'big')
    left = 8 * len(chunk)
    table = [bytes([value]) for value in range(256)]
    out, previous = bytearray(), b''
    while left >= 10:
        left -= 10
        code = (bits >> left) & 1023
        if code == 1023:
            return bytes(out)
        string = table[code] if code < len(table) else previous + previous[:1]
        if previous and len(table) < 1023:
            table.append(previous + string[:1])
        out += string
        previous = string
    raise ValueError('no end')


def xli(payload: bytes) -> list[np.ndarray]:
    leads, at = [], 0
    while at < len(payload):
        size = int.from_bytes(payload[at:at + 4], 'little')
        correction = int.from_bytes(payload[at + 6:at + 8], 'little', signed=True)
        high, low = np.frombuffer(lzw(payload[at + 8:at + 8 + size]), np.uint8).reshape(2, -1)
        words = ((high.astype(np.uint16) << 8) | low).view(np.int16).astype(int)
        # Sample t is 2 x[t-1] - x[t-2] - correction[t], where the corrections stand one word late.
        corrections = np.concatenate([[correction], words[2:-1] - 64]) if len(words) > 2 else np.zeros(0, int)
        slopes = np.concatenate([words[1:2] - words[:1], -corrections]).cumsum()
        leads.append(np.concatenate([words[:1], words[0] + slopes.cumsum()]))
        at += 8 + size
    return leads


def towards_zero(sums: np.ndarray) -> np.ndarray:
    return np.trunc(sums / 2).astype(int)


def down(sums: np.ndarray) -> np.ndarray:
    return sums // 2


def rebuild(stored: list[np.ndarray], half) -> np.ndarray:
    i, ii, r3, r_avr, r_avl, r_avf = stored[:6]
    iii = ii - i - r3
    return np.array([i, ii, iii, -r_avr - half(i + ii), half(i - iii) - r_avl, half(ii + iii) - r_avf, *stored[6:12]])


def worst_half(leads: np.ndarray) -> float:
    """How far aVR, aVL and aVF are from half of their sum, in steps, before the calibration pulse at the end."""
    i, ii, iii, avr, avl, avf = leads[:6, :-250]
    return float(max(np.abs(avr + (i + ii) / 2).max(), np.abs(avl - (i - iii) / 2).max(), np.abs(avf - (ii + iii) / 2).max()))


def read(path: Path) -> dict:
    root = ElementTree.parse(path).getroot()
    space = {'p': 'http://www3.medical.philips.com'}
    waveforms = root.find('.//p:parsedwaveforms', space)
    acquisition = root.find('.//p:signalcharacteristics', space)
    version = root.findtext('.//p:documentversion', None, space)
    resolution = acquisition.find('p:resolution', space)
    resolution = acquisition.find('p:signalresolution', space) if resolution is None else resolution
    payload = base64.b64decode(waveforms.text)
    compressed = waveforms.get('compression') or (waveforms.get('compressflag') == 'True' and waveforms.get('compressmethod'))
    if compressed == 'XLI':
        stored = xli(payload)
        leads = rebuild(stored, towards_zero)
        if version.startswith('1.04') and path.parent == DATA:
            assert worst_half(leads) == 0.5, path.name
            worst = worst_half(rebuild(stored, down))
            print(f'{path.name}: halves cut off towards zero 0.5 steps at most, rounded down {worst}')
    else:
        leads = np.frombuffer(payload, '<i2').reshape(12, -1).astype(int)
    return {
        'fs': float(acquisition.findtext('p:samplingrate', None, space)),
        'resolution': float(resolution.text),
        'sigName': (waveforms.get('leadlabels') or ' '.join(TWELVE)).split(),
        'samples': leads,
    }


def main() -> None:
    digests = {}
    for path in sorted(DATA.iterdir()):
        if path.suffix.lower() != '.xml':
            continue
        values = read(path)
        leads = values.pop('samples')
        values['sigLen'] = leads.shape[1]
        values['sums'] = leads.sum(axis=1).tolist()
        values['sha256'] = hashlib.sha256(leads.astype('<i4').tobytes()).hexdigest()
        digests[path.name] = values
    TARGET.write_text(json.dumps(digests, indent=1) + '\n', encoding='utf-8')
    for path in sorted(FIXTURES.glob('*.xml')):
        values = read(path)
        values['samples'] = values['samples'].tolist()
        path.with_suffix('.json').write_text(json.dumps(values) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
