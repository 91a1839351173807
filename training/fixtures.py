"""Checkpoints of every kind that `leadwise convert` reads, written by PyTorch itself.

    python -m training.fixtures test/convert/fixtures      the committed ones: a tiny network, gzipped, with fixtures.json;
                                                           plain values in values.json.gz
    python -m training.fixtures --published FILE           a structural twin of the authors' MODEL_1.pickle at full size,
                                                           with the seeded test weights; FILE.json has its logits

fixtures.json: `config`, and for each file its kind, the classes it lacks (to be given), the dtypes of its tensors,
SHA-256 of its float32 values (PyTorch's float(), tensors in order of name, concatenated), and the float64 logits
of the reference network with these on the seeded test input; or the code of the error.

The ONNX files need `pip install onnx onnxscript`; without them the others are written all the same. Bytes of the
pickled kinds differ from run to run, because PyTorch names storages by their address; the values do not.
"""

import argparse
import copy
import gzip
import hashlib
import io
import itertools
import json
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save as save_safetensors
from torch import nn

from training.config import CLASS_CODES, PRESETS, load_config
from training.lead_attention import LeadAttentionNetwork
from training.test_weights import test_input, test_state_dict, test_tensor

CONFIG = load_config("edge") | dict(
    preset="tiny", windowSamples=64, leads=["I", "II"], stem=[[1, 4, 2, 1]], resizeTo=8, dim=4, heads=1,
    fullRateBlocks=0, stridedBlocks=1, windows=[3], mlpRatio=1,
)  # fmt: skip
# Codes as the challenge's tables write them, and one of nobody's.
FEW_CLASSES = ["733534002|164909002", "426783006", "my-class"]


def tiny_network(classes: int = len(FEW_CLASSES)) -> LeadAttentionNetwork:
    """The seeded test weights at scale 1."""
    network = LeadAttentionNetwork(CONFIG, classes).eval()
    state = network.state_dict()
    for name, tensor in state.items():
        if not name.endswith("num_batches_tracked"):
            state[name] = torch.from_numpy(test_tensor(name, tuple(tensor.shape), tensor.ndim == 1))
    network.load_state_dict(state)
    return network


def mixed(state: dict) -> dict:
    """The tensors in F64, F32, F16, BF16 by turns; F64 with digits that float32 does not have, each tensor's first value a tie."""
    dtypes = itertools.cycle((torch.float64, torch.float32, torch.float16, torch.bfloat16))
    result = {}
    for (name, tensor), dtype in zip(without_counters(state).items(), dtypes):
        if dtype == torch.float64:
            values = tensor.numpy()
            digits = test_tensor(name + ":digits", tuple(tensor.shape), False) * 2.0**-26
            tensor = torch.from_numpy(values.astype(np.float64) * (1 + digits.astype(np.float64)))
            tensor.view(-1)[0] = float(values.flat[0]) + float(np.spacing(values.flat[0])) / 2
        result[name] = tensor.to(dtype)
    return result


def without_counters(state: dict) -> dict:
    return {name: tensor.detach() for name, tensor in state.items() if not name.endswith("num_batches_tracked")}


def expected(state: dict, config: dict = CONFIG) -> dict:
    """What a converter must find: digest of the float32 values, logits."""
    state = {name: tensor.float() for name, tensor in without_counters(state).items()}
    digest = hashlib.sha256(b"".join(state[name].contiguous().numpy().tobytes() for name in sorted(state)))
    reference = LeadAttentionNetwork(config, len(state["linear2.bias"]))
    reference.load_state_dict(state, strict=False)
    x = torch.from_numpy(test_input(config, config["leads"])).double()
    with torch.no_grad():
        logits = reference.double().eval()(x[None])[0].tolist()
    return {"sha256": digest.hexdigest(), "logits": logits}


def published_pickle(network: nn.Module, classes: list[str], protocol: int) -> bytes:
    """The dictionary that the authors' training pickles, with the call that it uses."""
    thresholds = np.linspace(-1, 1, len(classes))
    checkpoint = {"state_dict": network.state_dict(), "classes": classes, "thresholds": thresholds, "info": ""}
    return pickle.dumps(checkpoint, protocol=protocol)


def torch_save(value, zipped: bool = True) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream, _use_new_zipfile_serialization=zipped)
    return stream.getvalue()


def strided(state: dict) -> dict:
    """The same values as parameters that are views: a transposed matrix, every other element of a larger storage from the third on."""
    spread = torch.zeros(2 * state["linear2.bias"].numel() + 3)
    spread[2:-1:2] = state["linear2.bias"]
    views = {"linear1.weight": state["linear1.weight"].t().contiguous().t(), "linear2.bias": spread[2:-1:2]}
    assert not views["linear1.weight"].is_contiguous() and views["linear2.bias"].storage_offset() == 2
    return {name: nn.Parameter(tensor, tensor.is_floating_point()) for name, tensor in (state | views).items()}


def training_checkpoint(network: nn.Module) -> dict:
    """As a training loop with DistributedDataParallel writes one: wrapped names, optimiser, numbers."""
    optimizer = torch.optim.Adam([network.linear2.bias], lr=1e-3)
    network.linear2.bias.sum().backward()
    state = {"module." + name: tensor for name, tensor in copy.deepcopy(network.state_dict()).items()}
    optimizer.step()
    return {"epoch": 3, "best": np.float64(0.5), "model_state_dict": state, "optimizer": optimizer.state_dict()}


Fixtures = dict[str, tuple[bytes, dict]]  # name -> content, entry of fixtures.json


def pickled_fixtures() -> Fixtures:
    network = tiny_network()
    state = network.state_dict()
    entry = {"dtypes": ["F32"], **expected(state)}
    fixtures: Fixtures = {
        f"published-{protocol}.pickle": (published_pickle(network, FEW_CLASSES, protocol), {"kind": "pickle", **entry})
        for protocol in (2, 3, 4, 5)
    }
    entry |= {"classes": FEW_CLASSES}
    fixtures["legacy.pt"] = (torch_save({"model": state}, zipped=False), {"kind": "torch-legacy", **entry})
    fixtures["strided.pt"] = (torch_save(strided(state)), {"kind": "torch-zip", **entry})
    fixtures["training.pt"] = (torch_save(training_checkpoint(copy.deepcopy(network))), {"kind": "torch-zip", **entry})
    several = mixed(state)
    entry |= {"dtypes": ["BF16", "F16", "F32", "F64"], **expected(several)}
    fixtures["mixed.pt"] = (torch_save({"state_dict": several}), {"kind": "torch-zip", **entry})
    fixtures["mixed.safetensors"] = (save_safetensors(several), {"kind": "safetensors", **entry})
    # For truncation and mutation: as little as has all the parts.
    small = {"state_dict": {"linear2.bias": state["linear2.bias"].clone()}, "classes": FEW_CLASSES, "thresholds": np.zeros(3), "info": ""}
    entry |= {"error": "MISSING_TENSOR"}
    for protocol in (2, 5):
        fixtures[f"small-{protocol}.pickle"] = (pickle.dumps(small, protocol), {"kind": "pickle", **entry})
    fixtures["small.pt"] = (torch_save(small), {"kind": "torch-zip", **entry})
    fixtures["small-legacy.pt"] = (torch_save(small, zipped=False), {"kind": "torch-legacy", **entry})
    return fixtures


def onnx_fixtures() -> Fixtures:
    """Initializers alone, to keep the files small; without values where the names are what matters."""
    import onnx

    class Exported(LeadAttentionNetwork):
        def forward(self, x):  # one argument, which every exporter takes
            return super().forward(x)

    network = tiny_network()
    state = network.state_dict()
    network.__class__ = Exported

    def export(values: bool = True, **options) -> onnx.ModelProto:
        stream = io.BytesIO()
        x = torch.zeros(1, len(CONFIG["leads"]), CONFIG["windowSamples"])
        program = torch.onnx.export(network, (x,), None if options["dynamo"] else stream, **options)
        model = program.model_proto if options["dynamo"] else onnx.load_from_string(stream.getvalue())
        del model.graph.node[:], model.graph.value_info[:], model.functions[:]
        for tensor in () if values else model.graph.initializer:
            tensor.ClearField("raw_data")
        return model

    def as_list(name: str, tensor: torch.Tensor) -> onnx.TensorProto:
        """float_data, double_data or int32_data instead of raw_data."""
        dtype = {torch.float64: 11, torch.float32: 1, torch.float16: 10, torch.bfloat16: 16}[tensor.dtype]
        values = (tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor).numpy().ravel()
        if dtype == onnx.TensorProto.BFLOAT16:
            made = onnx.TensorProto(name=name, data_type=dtype, dims=tensor.shape)
            made.int32_data.extend(values.view(np.uint16).tolist())
            return made
        return onnx.helper.make_tensor(name, dtype, tensor.shape, values)

    entry = {"kind": "onnx", "classes": FEW_CLASSES, "dtypes": ["F32"], **expected(state)}
    several = mixed(state)
    lists = onnx.helper.make_graph([], "lists", [], [], [as_list(*item) for item in several.items()])
    external = export(dynamo=True, optimize=False)
    for tensor in external.graph.initializer:
        onnx.external_data_helper.set_external_data(tensor, "values.bin")
        tensor.ClearField("raw_data")
    models = {
        "exported.onnx": (export(dynamo=True, optimize=False), entry),
        "lists.onnx": (onnx.helper.make_model(lists), {**entry, "dtypes": ["BF16", "F16", "F32", "F64"], **expected(several)}),
        "folded.onnx": (export(values=False, dynamo=False), {**entry, "error": "MISSING_TENSOR"}),
        "optimised.onnx": (export(values=False, dynamo=True), {**entry, "error": "MISSING_TENSOR"}),
        "external.onnx": (external, {**entry, "error": "EXTERNAL_DATA"}),
    }
    return {name: (model.SerializeToString(), entry) for name, (model, entry) in models.items()}


def value_pickles() -> list[dict]:
    """Plain values in every protocol, with what they are as JSON."""
    shared = [1, 2]
    text = np.array(["AF", "é"])
    values = [
        (None, None), (True, True), ([0, 255, 256, 65535, 65536, -1, -(2**31), 2**31, 2**40, -(2**52)],) * 2,
        ([2**63, -(2**63), 10**20, 2**2000], [str(2**63), str(-(2**63)), str(10**20), str(2**2000)]),
        ([0.5, -1e300, 5e-324],) * 2, (["", "é", "x" * 300, "\U0001f600", "\ufeffx"],) * 2,
        (b"", {"bytes": ""}), (bytes(range(256)), {"bytes": bytes(range(256)).hex()}), (b"ab" * 200, {"bytes": (b"ab" * 200).hex()}),
        (bytearray(b"\x00\xff"), {"bytes": "00ff"}), (bytearray(), {"bytes": ""}),
        (((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)), [[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4]]), ([[], [1], [0] * 1001],) * 2,
        ({"a": 1, "b": {"c": []}},) * 2, (OrderedDict(z=1, a=2), {"z": 1, "a": 2}), ({i: i for i in range(5)}, {str(i): i for i in range(5)}),
        ({5}, {"set": [5]}), (frozenset(["x"]), {"set": ["x"]}), ([shared, shared, {"again": shared}],) * 2,
        (np.float64(0.1), 0.1), (np.float32(0.5), 0.5), (np.int64(-7), -7), (np.bool_(True), True), (np.str_("é"), "é"),
        (np.array([0.1, -2.0]), [0.1, -2.0]), (np.array([0.5], ">f4"), [0.5]), (np.array([[1], [-2]], "i2"), [1, -2]),
        (np.array([1, 2**40]), [1, 2**40]), (np.array([True, False]), [True, False]), (text, ["AF", "é"]), (np.array([], "f8"), []),
        (np.array(["a", None, 3], dtype=object), ["a", None, 3]), (np.arange(6.0)[::2], [0.0, 2.0, 4.0]),
        (torch.Size([2, 3]), [2, 3]), (torch.device("cpu"), "cpu"),
    ]  # fmt: skip
    return [
        {"protocol": protocol, "pickle": pickle.dumps(value, protocol).hex(), "value": plain}
        for value, plain in values
        for protocol in (2, 3, 4, 5)
    ]


def write_fixtures(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "values.json.gz").write_bytes(gzip.compress(json.dumps(value_pickles()).encode(), 9, mtime=0))
    fixtures = pickled_fixtures()
    try:
        fixtures |= onnx_fixtures()
    except ImportError as error:
        print(f"no ONNX fixtures: {error}")
    for name, (content, _) in fixtures.items():
        (folder / (name + ".gz")).write_bytes(gzip.compress(content, 9, mtime=0))
    entries = {name: entry for name, (_, entry) in sorted(fixtures.items())}
    (folder / "fixtures.json").write_text(json.dumps({"config": CONFIG, "files": entries}, indent=1, sort_keys=True) + "\n")


def write_published(path: Path) -> None:
    network = LeadAttentionNetwork(PRESETS["published"]).eval()
    network.load_state_dict(test_state_dict(PRESETS["published"]), strict=False)
    path.write_bytes(published_pickle(network, CLASS_CODES, pickle.HIGHEST_PROTOCOL))
    Path(f"{path}.json").write_text(json.dumps(expected(network.state_dict(), network.config)) + "\n")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.fixtures", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--published", type=Path, metavar="FILE")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    if args.published:
        write_published(args.published)
    if args.folder:
        write_fixtures(args.folder)
    if not args.published and not args.folder:
        parser.error("nothing to do: give a folder or --published FILE")


if __name__ == "__main__":
    main()
