"""Deterministic safetensors writer: equal content gives equal bytes.

The `safetensors` package writes its metadata in a hash map's order, which changes from run to run.
Reading needs no such care; use the package (`safetensors.numpy.load_file`, `safetensors.safe_open`).
"""

import json
import struct
from pathlib import Path

import numpy as np

DTYPES = {"float64": "F64", "float32": "F32", "int32": "I32", "int16": "I16", "int8": "I8"}


def write_safetensors(path: str | Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """Tensors in order of falling item size, then name, so that each is aligned; metadata in order of keys."""
    header: dict = {"__metadata__": dict(sorted(metadata.items()))}
    order = sorted(tensors, key=lambda name: (-tensors[name].itemsize, name))
    offset = 0
    for name in order:
        array = tensors[name]
        end = offset + array.nbytes
        header[name] = {"dtype": DTYPES[array.dtype.name], "shape": list(array.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in order:
            array = np.ascontiguousarray(tensors[name])
            file.write(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
