"""The NumPy definition of the int8 network: its formulas by hand, and its layers in the place of the reference's."""

import json

import numpy as np
import pytest
import torch

from training import quantized, test_weights
from training.config import CLASS_CODES, PRESETS
from training.quantized import Product, QuantizedFile, largest_activation, quantise, scale_back
from training.safetensors_file import write_safetensors

# A small member of the family that still has every kind of layer.
SMALL = PRESETS["edge"] | {
    "windowSamples": 300,
    "leads": ["I", "II"],
    "stem": [[1, 4, 2, 1], [4, 8, 2, 0]],
    "resizeTo": 24,
    "dim": 8,
    "heads": 2,
    "fullRateBlocks": 1,
    "stridedBlocks": 1,
    "windows": [5, -1],
    "leadProjection": "perLead",
}
# A step that is a power of two and covers what any layer of it sees.
INPUT_SCALE = 2.0**-10


def quantise_small(path) -> torch.nn.Module:
    """The float64 reference of SMALL; its int8 file, BatchNorm folded in plain NumPy, is written to `path`."""
    network = test_weights.test_network(SMALL)
    modules = dict(network.named_modules())
    tensors: dict[str, np.ndarray] = {}

    def affine(name: str) -> tuple[np.ndarray, np.ndarray]:
        norm = modules[name]
        weight, bias, mean, variance = (
            t.detach().numpy() for t in (norm.weight, norm.bias, norm.running_mean, norm.running_var)
        )
        scale = weight / np.sqrt(variance + norm.eps)
        return scale, bias - mean * scale

    for name, module in modules.items():
        if name.endswith(".ln1"):
            tensors[f"{name}.weight"], tensors[f"{name}.bias"] = (v.astype(np.float32) for v in affine(name))
        if isinstance(module, torch.nn.BatchNorm2d) or getattr(module, "weight", None) is None:
            continue
        weight = module.weight.detach().numpy()
        bias = np.zeros(len(weight)) if module.bias is None else module.bias.detach().numpy()
        parent, _, own = name.rpartition(".")
        before = {"point_wise": f"{parent}.batch_norm", "0": f"{parent.removesuffix('.mlp')}.ln2"}.get(own)
        after = name.replace("embd.", "embd_norm.") if ".embd." in name else name.replace("_conv", "_norm")
        if ".embd." in name or own in ("query_conv", "key_conv", "value_conv"):
            scale, bias = affine(after)
            weight = weight * scale[:, None, None, None]
        elif before in modules and (own == "point_wise" or parent.endswith(".mlp")):
            scale, shift = affine(before)
            bias = bias + weight[:, :, 0, 0] @ shift
            weight = weight * scale[None, :, None, None]
        outputs = bias.ndim
        largest = np.abs(weight).max(axis=tuple(range(outputs, weight.ndim)))
        step = (largest / 127).astype(np.float32)
        tensors[f"{name}.weight"] = np.rint(weight / step.reshape(*step.shape, *[1] * (weight.ndim - outputs))).astype(np.int8)
        tensors[f"{name}.weight_scale"], tensors[f"{name}.bias"] = step, bias.astype(np.float32)
        if not name.endswith("_conv"):
            tensors[f"{name}.input_scale"] = np.float32([INPUT_SCALE])
    metadata = {"config": json.dumps(SMALL), "classes": json.dumps(CLASS_CODES), "quantization": "{}"}
    write_safetensors(path, tensors, metadata)
    return network


@pytest.mark.parametrize("inner", [1, 2, 9, 60, 128, 515, 516, 517, 640, 2048, 100_000])
def test_bound(inner):
    largest = largest_activation(inner)
    assert 1 <= largest <= 32767 and inner * 127 * largest < 2**31
    assert largest == 32767 or inner * 127 * (largest + 1) >= 2**31


def test_quantise_rounds_half_to_even_and_counts_what_it_clamps():
    x = np.float32([0.5, 1.5, 2.5, -0.5, -1.5, -0.0, 32767, 32767.5, -32768, np.inf])
    q, clamped = quantise(x, np.float32(1), 1)
    assert q.dtype == np.int16 and q.tolist() == [0, 2, 2, 0, -2, 0, 32767, 32767, -32767, 32767]
    assert clamped == 3
    # 25 times the float32 beside 0.1 is above 2.5, in float32 it is 2.5.
    assert quantise(np.float32([0.1]), np.float32(0.04), 1)[0].tolist() == [2]
    assert quantise(np.float32([1e9]), np.float32(1), 640)[0].tolist() == [26420]


def test_integer_product_is_exact():
    generator = np.random.default_rng(0)
    for inner in (1, 9, 640):
        q = generator.integers(-largest_activation(inner), largest_activation(inner) + 1, (5, inner)).astype(np.int16)
        weight = generator.integers(-127, 128, (7, inner)).astype(np.int8)
        expected = [[sum(int(a) * int(b) for a, b in zip(row, column)) for column in weight] for row in q]
        assert quantized.integer_product(q, weight).tolist() == expected
    extreme = np.full((1, 640), largest_activation(640), np.int16)
    assert quantized.integer_product(extreme, np.full((1, 640), -127, np.int8)).item() == -640 * 127 * 26420
    with pytest.raises(OverflowError):
        quantized.integer_product(np.full((1, 640), 32767, np.int16), np.full((1, 640), 127, np.int8))


def test_scale_back_rounds_each_operation():
    total = np.int32([[2**24 + 1, 2**24 + 3, -3]])
    y = scale_back(total, np.float32([1, 1, 0.1]), np.float32(1), np.float32([0, 0, 0.1]), np.float32([[0, 0, 1]]))
    third = np.float32(np.float32(np.float32(-3) * np.float32(0.1)) + np.float32(0.1)) + np.float32(1)
    assert y.dtype == np.float32 and y.tolist() == [[2**24, 2**24 + 4, third]]


def test_layers_stand_in_for_the_reference(tmp_path):
    """Every fold and layout: the int8 network is as near to float64 as int8 allows, block by block."""
    reference = quantise_small(tmp_path / "small.safetensors")
    file = QuantizedFile(tmp_path / "small.safetensors")
    network = quantized.quantized_network(file)
    x = torch.from_numpy(test_weights.test_input(SMALL, SMALL["leads"])).double()[None]
    blocks: dict[str, torch.Tensor] = {}

    def near(name, value):
        error = (value - blocks[name]).square().sum() / blocks[name].square().sum()
        assert error < 10**-2, name
        value.copy_(blocks[name])

    with torch.no_grad():
        reference(x, lambda name, value: blocks.update({name: value.clone()}))
        network(x, near)
    assert file.config == SMALL and len(blocks) == 11


def test_embedding_reads_overlapping_rows_tap_by_tap(tmp_path):
    quantise_small(tmp_path / "small.safetensors")
    file = QuantizedFile(tmp_path / "small.safetensors")
    product, weight = Product(file, "transformer.embd.0"), file["transformer.embd.0.weight"]
    assert product.weight.shape == (8, 40)
    assert product.weight[3, 2 * 8 + 5] == weight[3, 5, 0, 2]


def test_the_next_product_follows_in_the_order_of_the_network(tmp_path):
    quantise_small(tmp_path / "small.safetensors")
    network = quantized.quantized_network(QuantizedFile(tmp_path / "small.safetensors"))
    follow = {
        "blocks.0": "blocks.1.p0.point_wise",
        "blocks.1": "blocks.2",
        "blocks.2": "transformer.embd.0",
        "resize": "transformer.embd.0",
        "transformer.embd.1": "transformer.stem.0.attn.query",
        "transformer.branch.0": "linearN.0",
        "linearN": "linear1",
        "linear2": None,
    }
    assert {block: quantized.next_product(network, block) for block in follow} == follow


def test_an_empty_folder_is_no_success(tmp_path):
    with pytest.raises(SystemExit, match="no .*int8"):
        quantized.main([str(tmp_path)])
