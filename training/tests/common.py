"""What the tests share: the optional data, seeded noise, seeded modules."""

import math

import numpy as np
import pytest
import torch

from training import test_weights
from training.config import ROOT

torch.set_num_threads(1)

DATA = ROOT / "../shared/data"
PROTOTYPE = DATA.parent / "model" / "edge-prototype.safetensors"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="no data folder ../shared/data")
needs_prototype = pytest.mark.skipif(not PROTOTYPE.exists(), reason="no edge-prototype.safetensors (optional)")


def seeded(module: torch.nn.Module) -> torch.nn.Module:
    """The module in float64 with seeded test weights (scale 1)."""
    state = module.state_dict()
    for name, tensor in state.items():
        if not name.endswith("num_batches_tracked"):
            values = test_weights.test_tensor(name, tuple(tensor.shape), tensor.ndim == 1)
            state[name] = torch.from_numpy(values)
    module.load_state_dict(state)
    return module.double().eval()


def noise(name: str, *shape: int) -> np.ndarray:
    u = test_weights.splitmix32(test_weights.fnv1a32(name), math.prod(shape)) * 2.0**-31 - 1
    return u.reshape(shape)
