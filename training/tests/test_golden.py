"""Seeded weights, the test input and the committed golden files."""

import json
import math

import numpy as np
import pytest
import torch
from safetensors import safe_open

from training import golden, test_weights
from training.config import PRESETS
from training.lead_attention import LeadAttentionNetwork

torch.set_num_threads(1)


def test_random_numbers():
    """One value at a time, as another language would write it."""

    def z(seed, i):
        x = (seed + (i + 1) * 0x9E3779B9) % 2**32
        x = (x ^ x >> 16) * 0x85EBCA6B % 2**32
        x = (x ^ x >> 13) * 0xC2B2AE35 % 2**32
        return x ^ x >> 16

    assert test_weights.fnv1a32("") == 2166136261 and test_weights.fnv1a32("a") == 0xE40C292C
    for seed in (0, 1, 0xFFFFFFFF):
        assert test_weights.splitmix32(seed, 9).tolist() == [z(seed, i) for i in range(9)]


@pytest.mark.parametrize("preset", PRESETS)
def test_input_one_sample_at_a_time(preset):
    config = PRESETS[preset]
    fs, window = config["fs"], config["windowSamples"]
    x = test_weights.test_input(config, ["I", "V1"])
    pad = max(0, window - 10 * fs)
    for row, lead in ((0, "I"), (6, "V1")):
        z = test_weights.splitmix32(test_weights.fnv1a32("input:" + lead), window - pad)
        for n in range(window):
            value, t = 0, n - pad
            if t >= 0:
                beat, phase = t // (4 * fs // 5), t % (4 * fs // 5)
                value = 8 * ((int(z[t]) >> 24) - 128)
                for pulse, (centre, half_width) in enumerate(test_weights.PULSES):
                    width = half_width * fs // 100 * (2 if pulse == 1 and beat % 4 == 3 else 1)
                    height = 256 * max(0, width - abs(phase - centre * fs // 100)) // width
                    value += test_weights.AMPLITUDES[row][pulse] * height
            assert x[row, n] == value / 4096
    assert not x[[1, 2, 3, 4, 5, 7, 8, 9, 10, 11]].any()


def test_every_weight_has_a_scale():
    scales = json.loads(test_weights.SCALES.read_text())
    assert list(scales) == list(PRESETS)
    for preset, config in PRESETS.items():
        state = LeadAttentionNetwork(config).state_dict()
        assert list(scales[preset]) == sorted(n for n, t in state.items() if n.endswith(".weight") and t.ndim > 1)


def test_scales_make_a_well_conditioned_network():
    """Float32 rounding stays small, and the logits depend on the record: neither chaos nor a constant."""
    config = PRESETS["edge"]
    x = [torch.from_numpy(test_weights.test_input(config, leads))[None] for leads in (config["leads"], ["I", "II"])]
    with torch.no_grad():
        double = [test_weights.test_network(config)(v.double())[0] for v in x]
        single = test_weights.test_network(config, torch.float32)(x[0])[0]
    assert (single - double[0]).abs().max() < 1e-4
    assert 1 < double[0].square().mean().sqrt() < 3
    assert (double[1] - double[0]).abs().max() > 1


def test_golden_edge_reproduces():
    tensors, cases = golden.golden_tensors("edge")
    with safe_open(golden.GOLDEN / "edge.safetensors", "np") as file:
        metadata = file.metadata()
        assert metadata["format"] == "leadwise-golden/1"
        assert set(file.keys()) == set(tensors)
        for name, values in tensors.items():
            np.testing.assert_allclose(file.get_tensor(name), values, rtol=1e-6, atol=1e-6)
    for stored, case in zip(json.loads(metadata["cases"]), cases, strict=True):
        for old, new in zip(stored.pop("blocks"), case.pop("blocks"), strict=True):
            assert (old["name"], old["shape"]) == (new["name"], new["shape"])
            assert old["norm"] == pytest.approx(new["norm"], rel=1e-9)
            assert old["mean"] == pytest.approx(new["mean"], rel=1e-9, abs=1e-9)
        assert stored == case


@pytest.mark.parametrize("preset", PRESETS)
def test_golden_files_list_every_block(preset):
    with safe_open(golden.GOLDEN / f"{preset}.safetensors", "np") as file:
        cases = json.loads(file.metadata()["cases"])
        assert [case["name"] for case in cases] == list(golden.CASES)
        for case in cases:
            for block in case["blocks"]:
                sample = file.get_tensor(f'{case["name"]}/{block["name"]}')
                n = math.prod(block["shape"])
                assert sample.shape == (min(golden.SAMPLES, n),) and np.isfinite(sample).all()
                if n <= golden.SAMPLES:
                    assert golden.norm(sample) == pytest.approx(block["norm"], rel=1e-6)
            assert sample.dtype == np.float64  # linear2, the last


def test_sample_indices_are_as_documented():
    n = 12 * 4088 * 24
    z = test_weights.splitmix32(test_weights.fnv1a32("sample:blocks.0"), 256).tolist()
    assert golden.sample_indices("blocks.0", n).tolist() == [(v >> 8) * n // 2**24 for v in z]
    assert golden.sample_indices("linear2", 26).tolist() == list(range(26))
