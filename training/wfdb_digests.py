"""Digests of what Python's wfdb reads, as the oracle of the WFDB reader: python3 -m training.wfdb_digests

Writes test/golden/wfdb-digests.json: for each record of the data folder (LEADWISE_DATA, or ../shared/data) its header values and the
SHA-256 of its digital values, int32 little-endian [lead][sample], averaged over frames; where signals have several samples in a frame
`expanded` has in its place one digest for each signal as stored. A digest is no recording, so it may be committed.
Made with wfdb 4.3.1.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

import numpy as np
import wfdb

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get('LEADWISE_DATA', ROOT.parent / 'shared' / 'data'))
TARGET = ROOT / 'test' / 'golden' / 'wfdb-digests.json'


def read(header: Path) -> wfdb.Record:
    """Reads a record by wfdb, which refuses the record names `E05526.mat` of the Georgia headers: there the ending is removed."""
    text = header.read_text(encoding='utf-8')
    record_name = text.split(maxsplit=1)[0]
    if not record_name.endswith('.mat'):
        return wfdb.rdrecord(str(header.with_suffix('')), physical=False)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / header.name
        copy.write_text(re.sub(r'^(\S+)\.mat', r'\1', text), encoding='utf-8')
        shutil.copy(header.with_suffix('.mat'), folder)
        return wfdb.rdrecord(str(copy.with_suffix('')), physical=False)


def smooth(record: wfdb.Record, expanded: list[np.ndarray]) -> np.ndarray:
    """wfdb's average over frames, but invalid where one of the frame's samples is, as getvec has it: wfdb averages the mark too."""
    digital = record.d_signal.T.astype('<i4')
    for lead, samples, per_frame, fmt in zip(digital, expanded, record.samps_per_frame, record.fmt):
        if per_frame > 1:
            invalid = wfdb.io._signal.INVALID_SAMPLE_VALUE[fmt]
            lead[(samples.reshape(-1, per_frame) == invalid).any(axis=1)] = invalid
    return digital


def sha256(values: np.ndarray) -> str:
    return hashlib.sha256(values.astype('<i4').tobytes()).hexdigest()


def digest(record: wfdb.Record, header: Path) -> dict:
    extra = {}
    digital = record.d_signal.T
    if max(record.samps_per_frame) > 1:
        expanded = wfdb.rdrecord(str(header.with_suffix('')), physical=False, smooth_frames=False).e_d_signal
        extra = {'samplesPerFrame': record.samps_per_frame, 'expanded': [sha256(samples) for samples in expanded]}
        digital = smooth(record, expanded)
    return {
        'sigName': record.sig_name,
        'fs': record.fs,
        'sigLen': record.sig_len,
        'units': record.units,
        'adcGain': record.adc_gain,
        'baseline': record.baseline,
        'sha256': sha256(digital),
        **extra,
    }


def main() -> None:
    headers = sorted((DATA / 'records').glob('*.hea')) + sorted((DATA / 'wfdb-formats').glob('*.hea'))
    records = {f'{header.parent.name}/{header.stem}': digest(read(header), header) for header in headers}
    lines = ',\n'.join(f'{json.dumps(name)}: {json.dumps(values)}' for name, values in records.items())
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(f'{{\n{lines}\n}}\n', encoding='utf-8')
    print(f'{len(records)} records of wfdb {wfdb.__version__} in {TARGET.relative_to(ROOT)}')


if __name__ == '__main__':
    main()
