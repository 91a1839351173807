"""Digests of what Python's wfdb reads, as the oracle of the WFDB reader: python3 -m training.wfdb_digests

Writes test/golden/wfdb-digests.json: for each record of the data folder (LEADWISE_DATA, or ../shared/data) its header values and the
SHA-256 of its digital values, int32 little-endian [lead][sample]. A digest is no recording, so it may be committed.
Made with wfdb 4.3.1.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

import wfdb

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get('LEADWISE_DATA', ROOT.parent / 'shared' / 'data'))
TARGET = ROOT / 'test' / 'golden' / 'wfdb-digests.json'
FORMATS_READ = ['100_3chan', 'a103l', 'a103l-no-len']  # of wfdb-formats: storage formats 16 and 212


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


def digest(record: wfdb.Record) -> dict:
    digital = record.d_signal.T.astype('<i4')
    return {
        'sigName': record.sig_name,
        'fs': record.fs,
        'sigLen': record.sig_len,
        'units': record.units,
        'adcGain': record.adc_gain,
        'baseline': record.baseline,
        'sha256': hashlib.sha256(digital.tobytes()).hexdigest(),
    }


def main() -> None:
    headers = sorted((DATA / 'records').glob('*.hea')) + [DATA / 'wfdb-formats' / f'{name}.hea' for name in FORMATS_READ]
    records = {f'{header.parent.name}/{header.stem}': digest(read(header)) for header in headers}
    lines = ',\n'.join(f'{json.dumps(name)}: {json.dumps(values)}' for name, values in records.items())
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(f'{{\n{lines}\n}}\n', encoding='utf-8')
    print(f'{len(records)} records of wfdb {wfdb.__version__} in {TARGET.relative_to(ROOT)}')


if __name__ == '__main__':
    main()
