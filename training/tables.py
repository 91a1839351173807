"""Filter coefficients for the runtime: `python -m training.tables` writes `src/filters.json`.

    {"<rate in Hz>": {"b": [7], "a": [7], "zi": [6]}}

b, a: `scipy.signal.butter(3, [1, 47], "bandpass", fs=rate)`; zi: `scipy.signal.lfilter_zi(b, a)`.
A table, because engines disagree on the tangent a design at run time would need.
"""

import json
from pathlib import Path

from scipy import signal as scipy_signal

from training.config import PRESETS, ROOT
from training.preprocess import band_pass

OUTPUT = ROOT / "src" / "filters.json"


def filter_tables() -> dict[str, dict[str, list[float]]]:
    """One entry for each rate a preset runs at, in rising order."""
    tables = {}
    for rate in sorted({config["fs"] for config in PRESETS.values()}):
        b, a = band_pass(rate)
        tables[str(rate)] = {"b": b.tolist(), "a": a.tolist(), "zi": scipy_signal.lfilter_zi(b, a).tolist()}
    return tables


def write_tables(path: Path = OUTPUT) -> None:
    """One line for each list, so that a change of a digit is a readable diff."""
    rates = []
    for rate, table in filter_tables().items():
        lists = ",\n".join(f'    "{name}": {json.dumps(values)}' for name, values in table.items())
        rates.append(f'  "{rate}": {{\n{lists}\n  }}')
    path.write_text("{\n" + ",\n".join(rates) + "\n}\n")


if __name__ == "__main__":
    write_tables()
