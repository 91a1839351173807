"""The published preprocessing, exactly, with SciPy in float64: the oracle of the runtime's own.

Steps: leads by name -> the preset's rate -> zero-phase band-pass -> z-score -> left padding.
"""

import numpy as np
from scipy import signal as scipy_signal

BAND_HZ = (1, 47)


def band_pass(fs: float) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients b[7], a[7] of the third-order Butterworth band-pass at `fs` Hz."""
    return scipy_signal.butter(3, BAND_HZ, "bandpass", fs=fs)


def resample_to(x: np.ndarray, fs: float, rate: float) -> np.ndarray:
    """One lead [n] at `fs` Hz -> [int(n * rate / fs)] at `rate` Hz; 1000 -> 500 Hz is polyphase, all else FFT."""
    if fs == rate:
        return x
    if fs == 1000 and rate == 500:
        return scipy_signal.resample_poly(x, 1, 2)
    return scipy_signal.resample(x, int(len(x) * rate / fs))


def zscore(x: np.ndarray) -> np.ndarray:
    """Population z-score (ddof 0); an undefined value (a flat lead, a NaN in it) becomes 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (x - x.mean()) / x.std()
    return np.where(np.isnan(z), 0.0, z)


def preprocess_lead(x: np.ndarray, fs: float, rate: float) -> np.ndarray:
    """One lead [n], any unit, -> float64 [n'] at `rate` Hz, filtered and z-scored, not yet padded."""
    x = resample_to(np.asarray(x, dtype=np.float64), fs, rate)
    with np.errstate(invalid="ignore"):
        return zscore(scipy_signal.filtfilt(*band_pass(rate), x))  # padlen 21: a shorter x is a ValueError


def preprocess(signal: np.ndarray, fs: float, sig_names: list[str], config: dict) -> np.ndarray:
    """[leads given][n] at `fs` Hz, ADC units or millivolts alike -> float32 [leads][windowSamples].

    Leads go by name without regard to case; unknown ones are ignored, missing ones are rows of zeros.
    Shorter records are padded with zeros on the left; of longer ones the first window is kept
    (the z-score is taken over the whole record all the same).
    """
    row = {name.lower(): n for n, name in enumerate(sig_names)}
    if len(row) != len(sig_names):
        raise ValueError(f'"sig_names" expected each lead once, got {", ".join(sig_names)}')
    window = config["windowSamples"]
    out = np.zeros((len(config["leads"]), window), dtype=np.float32)
    for n, lead in enumerate(config["leads"]):
        if lead.lower() in row:
            z = preprocess_lead(signal[row[lead.lower()]], fs, config["fs"])[:window]
            out[n, window - len(z):] = z
    return out
