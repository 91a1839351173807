"""SciPy vectors for the runtime's signal processing: `python -m training.golden --signal`.

`test/golden/signal.json`: `input` int[] (seeded, no recording) and lists of cases; each reads its x from
`input[start : start + length]`. Every `y` is float64, with the digits it takes to read back the same bits.

    filtfilt      {rate, start, length, y}                the rate's band-pass, SciPy's default odd padding
    resample      {fs, rate, start, length, y}            scipy.signal.resample to int(length * rate / fs)
    resamplePoly  {up, down, start, length, y}            scipy.signal.resample_poly
    zscore        {start, length, y}
    preprocess    {fs, rate, start, length, y}            one lead through all of it, before padding
"""

import json
from pathlib import Path

import numpy as np
from scipy import signal as scipy_signal

from training.preprocess import band_pass, preprocess_lead, zscore
from training.test_weights import fnv1a32, splitmix32

INPUT_LENGTH = 720

# (rate, length): 22 is the shortest SciPy accepts
FILTFILT = [(500, 300), (500, 22), (100, 211), (100, 22)]
# (fs, rate, length): even and odd lengths, a prime, even and odd outputs, equal rates
RESAMPLE = [
    (1000, 500, 401), (257, 500, 257), (360, 500, 251), (250, 500, 150), (128, 500, 99), (500, 500, 64),
    (333, 500, 300), (1000, 100, 700), (257, 100, 500), (360, 100, 401), (250, 100, 251), (128, 100, 300),
    (500, 100, 333), (333, 100, 720),
]  # fmt: skip
# (up, down, length)
RESAMPLE_POLY = [(1, 2, 300), (1, 2, 257), (1, 2, 22), (3, 2, 101), (2, 3, 100)]
# (fs, length): whole preprocessing to both rates
PREPROCESS = [(1000, 600), (257, 240), (360, 251), (250, 200), (128, 101), (2000, 720), (50, 45), (500, 260), (100, 53)]


def signal_input() -> np.ndarray:
    """int64[720]: a triangle wave of period 97 on a drifting offset, with a spike every 89 samples, and noise."""
    n = np.arange(INPUT_LENGTH)
    noise = (splitmix32(fnv1a32("signal"), INPUT_LENGTH) >> np.uint32(24)).astype(np.int64) - 128
    return 8 * np.abs(n % 97 - 48) - n // 2 + np.where(n % 89 == 40, 900, 0) + noise


def signal_vectors() -> dict:
    x = signal_input()
    kinds = ("filtfilt", "resample", "resamplePoly", "zscore", "preprocess")
    vectors: dict = {"input": x.tolist()} | {kind: [] for kind in kinds}

    def add(kind: str, length: int, apply, **parameters) -> None:
        start = len(vectors[kind]) * 7 % (INPUT_LENGTH - length + 1)  # not always the same samples
        y = apply(x[start : start + length].astype(np.float64))
        vectors[kind].append({**parameters, "start": start, "length": length, "y": y.tolist()})

    for rate, length in FILTFILT:
        add("filtfilt", length, lambda x: scipy_signal.filtfilt(*band_pass(rate), x), rate=rate)
    for fs, rate, length in RESAMPLE:
        add("resample", length, lambda x: scipy_signal.resample(x, int(len(x) * rate / fs)), fs=fs, rate=rate)
    for up, down, length in RESAMPLE_POLY:
        add("resamplePoly", length, lambda x: scipy_signal.resample_poly(x, up, down), up=up, down=down)
    add("zscore", 200, zscore)
    for fs, length in PREPROCESS:
        for rate in (100, 500):
            if length * rate / fs >= 22:
                add("preprocess", length, lambda x: preprocess_lead(x, fs, rate), fs=fs, rate=rate)
    return vectors


def write_signal(path: Path) -> None:
    """One line for each case."""
    parts = []
    for kind, value in signal_vectors().items():
        if kind == "input":
            parts.append(f'"input": {json.dumps(value, separators=(",", ":"))}')
        else:
            cases = ",\n".join(json.dumps(case, separators=(",", ":")) for case in value)
            parts.append(f'"{kind}": [\n{cases}\n]')
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n")
