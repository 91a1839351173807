"""The reference network against counts, the prototype checkpoint and naive loops."""

import json
import math

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from training.config import PRESETS, load_config
from training.lead_attention import LeadAttentionNetwork, StemBlock, TransformerBlock, count_parameters
from training.preprocess import preprocess
from training.tests import naive
from training.tests.common import DATA, PROTOTYPE, needs_data, needs_prototype, noise, seeded

# A small member of the family: 3 leads, an odd time axis, a class count of its own.
SMALL = load_config("edge") | {
    "preset": "small",
    "windowSamples": 257,
    "leads": ["I", "II", "V2"],
    "stem": [[1, 4, 2, 0], [4, 8, 1, 2]],
    "resizeTo": 29,
    "dim": 12,
    "heads": 3,
    "fullRateBlocks": 1,
    "stridedBlocks": 2,
    "windows": [5, 7, -1],
    "mlpRatio": 3,
}


@pytest.mark.parametrize("preset,parameters", [("published", 2_404_251), ("compact", 1_803_675), ("edge", 320_091)])
def test_parameter_counts(preset, parameters):
    assert count_parameters(LeadAttentionNetwork(PRESETS[preset])) == parameters


@pytest.mark.parametrize("preset,gmac", [("published", 13.8), ("compact", 1.9), ("edge", 0.31)])
def test_multiply_accumulates(preset, gmac):
    """From output shapes; attention counts the window's products, though the reference computes them all."""
    config = PRESETS[preset]
    network = LeadAttentionNetwork(config).eval()
    total = 0

    def convolution(module, inputs, output):
        nonlocal total
        total += output.numel() * math.prod(module.weight.shape[1:])

    def attention(module, inputs, output):
        nonlocal total
        window = output.shape[3] if module.window == -1 else module.window
        total += 2 * output.numel() * window

    for module in network.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            module.register_forward_hook(convolution)
        elif hasattr(module, "head_order"):
            module.register_forward_hook(attention)
    with torch.no_grad():
        network(torch.zeros(1, len(config["leads"]), config["windowSamples"]))
    assert total / 1e9 == pytest.approx(gmac, rel=0.03)


@needs_prototype
def test_state_dict_is_the_prototypes():
    stored = load_file(PROTOTYPE)
    network = LeadAttentionNetwork(PRESETS["edge"])
    own = {n: tuple(t.shape) for n, t in network.state_dict().items() if not n.endswith("num_batches_tracked")}
    assert own == {n: tuple(t.shape) for n, t in stored.items()}
    network.load_state_dict(stored, strict=True)


@needs_prototype
@needs_data
def test_prototype_logits():
    config = PRESETS["edge"]
    network = LeadAttentionNetwork(config).eval()
    network.load_state_dict(load_file(PROTOTYPE))
    expected = json.loads(PROTOTYPE.with_name("edge-prototype.logits.json").read_text())
    val = np.load(DATA / "train" / "val.npz")
    signal, length, row = val["signal"], val["length"], {name: n for n, name in enumerate(val["record"])}
    for name, logits in expected.items():
        record = signal[row[name]][:, : length[row[name]]]
        x = torch.from_numpy(preprocess(record, 100, config["leads"], config))
        with torch.no_grad():
            np.testing.assert_allclose(network(x[None])[0].numpy(), logits, atol=1e-4, rtol=0)


@pytest.mark.parametrize("order", ["published", "leads"])
@pytest.mark.parametrize("projection", ["shared", "perLead"])
@pytest.mark.parametrize(
    "stride,window,time_steps", [(1, 5, 13), (2, 5, 13), (2, 7, 14), (1, -1, 6), (2, -1, 9), (1, 19, 4)]
)
def test_transformer_block_against_loops(order, projection, stride, window, time_steps):
    config = SMALL | {"headOrder": order, "leadProjection": projection}
    block = seeded(TransformerBlock(config, stride, window))
    weights = {name: tensor.numpy() for name, tensor in block.state_dict().items()}
    x = noise("x", 3, time_steps, config["dim"])
    with torch.no_grad():
        got = block(torch.from_numpy(x).permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(got, naive.transformer_block(weights, x, config, stride, window), rtol=0, atol=1e-12)


def test_published_lead_order():
    """out[m*c + (l*c+i) // L][(l*c+i) % L][t] = o[l,t,i], straight from its definition."""
    heads, leads, time_steps, c = 2, 3, 5, 4
    attn = TransformerBlock(SMALL | {"dim": heads * c, "heads": heads}, 1, -1).attn
    o = torch.from_numpy(noise("o", 1, heads, time_steps, leads * c))
    out = attn.from_tokens(o, leads)[0]
    for m, lead, t, i in np.ndindex(heads, leads, time_steps, c):
        flat = lead * c + i
        assert out[m * c + flat // leads, flat % leads, t] == o[0, m, t, flat]


def test_stem_block_against_scipy():
    """Both unpadded DWS, the stride, the chain and its residual, with `np.correlate`."""
    block = seeded(StemBlock(2, 4, 2, 2))
    w = {name: tensor.numpy() for name, tensor in block.state_dict().items()}
    x = noise("x", 2, 61)  # one lead, [C][T]

    def dws(name, x, stride, pad):
        weight, bias = w[name + ".depth_wise_conv.weight"][:, 0, 0], w[name + ".depth_wise_conv.bias"]
        ratio = len(weight) // len(x)
        y = [np.correlate(np.pad(x[o // ratio], pad), weight[o])[::stride] + bias[o] for o in range(len(weight))]
        y = np.where(np.array(y) > 0, y, 0.01 * np.array(y))
        y = naive.batch_norm(w, name + ".batch_norm", y.T)
        return (y @ w[name + ".point_wise.weight"][:, :, 0, 0].T + w[name + ".point_wise.bias"]).T

    r = dws("p01", dws("p0", x, 1, 0), 2, 0)
    expected = r + dws("p1.1", dws("p1.0", r, 1, 4), 1, 4)
    with torch.no_grad():
        got = block(torch.from_numpy(x)[None, :, None])[0, :, 0].numpy()
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)
        bare = seeded(StemBlock(2, 4, 2, 0))  # depth 0: no branch, not an identity added
        np.testing.assert_allclose(bare(torch.from_numpy(x)[None, :, None])[0, :, 0].numpy(), r, rtol=0, atol=1e-12)


def test_resize_embedding_and_head_against_numpy():
    network = seeded(LeadAttentionNetwork(SMALL, classes=7))
    w = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    seen = {}
    with torch.no_grad():
        network(
            torch.from_numpy(noise("x", 1, 3, SMALL["windowSamples"])),
            lambda name, value: seen.__setitem__(name, value[0].numpy()),
        )

    before, after = seen[f'blocks.{len(SMALL["stem"])}'], seen["resize"]  # [D][L][T]
    source = (np.arange(after.shape[2]) + 0.5) * before.shape[2] / after.shape[2] - 0.5  # half-pixel centres
    for channel, lead in np.ndindex(after.shape[:2]):
        expected = np.interp(source, np.arange(before.shape[2]), before[channel, lead])  # clamps at the edges
        np.testing.assert_allclose(after[channel, lead], expected, rtol=0, atol=1e-12)

    padded = np.pad(after, ((0, 0), (0, 0), (2, 2)))
    taps = np.lib.stride_tricks.sliding_window_view(padded, 5, axis=2)  # [D][L][T][5]
    y = np.einsum("oik,iltk->lto", w["transformer.embd.0.weight"][:, :, 0], taps)
    y = np.maximum(naive.batch_norm(w, "transformer.embd_norm.0", y), 0)
    np.testing.assert_allclose(seen["transformer.embd.0"].transpose(1, 2, 0), y, rtol=0, atol=1e-12)

    def leaky(x):
        return np.where(x > 0, x, 0.01 * x)

    last = seen[f'transformer.branch.{SMALL["stridedBlocks"] - 1}']
    logits = []
    for channel in last:  # [L][T_last], in the order lead * T_last + time
        hidden = np.maximum(w["linearN.0.weight"] @ channel.reshape(-1) + w["linearN.0.bias"], 0)
        logits.append((w["linearN.2.weight"] @ hidden + w["linearN.2.bias"])[0])
    np.testing.assert_allclose(seen["linearN"], logits, rtol=0, atol=1e-12)
    y = w["linear1.weight"] @ leaky(np.array(logits)) + w["linear1.bias"]
    np.testing.assert_allclose(seen["linear1"], y, rtol=0, atol=1e-12)
    y = w["linear2.weight"] @ leaky(y) + w["linear2.bias"]
    np.testing.assert_allclose(seen["linear2"], y, rtol=0, atol=1e-12)


def test_per_lead_with_equal_matrices_is_shared():
    shared = seeded(LeadAttentionNetwork(SMALL, classes=7))
    per_lead = LeadAttentionNetwork(SMALL | {"leadProjection": "perLead"}, classes=7).double().eval()
    state = shared.state_dict()
    for name, tensor in per_lead.state_dict().items():
        if tensor.shape != state[name].shape:
            state[name] = state[name].reshape(tensor.shape[1:]).expand(tensor.shape)
    per_lead.load_state_dict(state)
    x = torch.from_numpy(noise("x", 2, 3, SMALL["windowSamples"]))
    with torch.no_grad():
        expected = shared(x)
        assert expected.shape == (2, 7)
        torch.testing.assert_close(per_lead(x), expected, rtol=0, atol=1e-12)
