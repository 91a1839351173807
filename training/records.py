"""WFDB records as digital values, for the scripts that compare with real recordings."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.io
import wfdb

from training.preprocess import preprocess


@dataclass
class DigitalRecord:
    """signal int[leads][samples] in ADC units, at fs Hz."""

    fs: float
    sig_names: list[str]
    signal: np.ndarray


def read_record(path: str | Path) -> DigitalRecord:
    """`path` is the record without extension.

    Some challenge headers carry a date wfdb refuses (05-May-2020); those records are read as the MATLAB 4
    file they are, `val` int16[leads][samples], with fs and lead names from the header's plain fields.
    """
    path = Path(path)
    try:
        record = wfdb.rdrecord(str(path), physical=False)
        return DigitalRecord(record.fs, record.sig_name, record.d_signal.T)
    except wfdb.io.header.HeaderSyntaxError:
        header = path.with_suffix(".hea").read_text().splitlines()
        record_line, *signal_lines = [line.split() for line in header if line and not line.startswith("#")]
        signal = scipy.io.loadmat(path.with_suffix(".mat"))["val"]
        return DigitalRecord(float(record_line[2]), [fields[-1] for fields in signal_lines], signal)


def preprocess_record(record: DigitalRecord, config: dict) -> np.ndarray:
    """float32[leads][windowSamples]: the published preprocessing of the digital values."""
    return preprocess(record.signal, record.fs, record.sig_names, config)
