"""Training: fast network against the reference, kernels, data, augmentation, metrics, the loop."""

import hashlib
import json
import math
import time

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from training import fast_model as fast_model_module
from training import kernels
from training import train as training
from training.augment import LEAD_SETS, augment, crop, lead_mask
from training.config import CLASSES, PRESETS
from training.data import Records, is_tuning, label_row, load_split, positive_weights, preprocess, to_window
from training.fast_model import FastLeadAttention, final_steps, from_state_dict, resize_time, to_state_dict
from training.lead_attention import LeadAttentionNetwork
from training.metrics import auprc, auroc, evaluate
from training.recipe import read_recipe
from training.runlog import append_log, read_log, trim_log
from training.tests.common import DATA, needs_data, noise, seeded

# A small member of the family that still has every kind of layer, local and global windows.
SMALL = PRESETS["edge"] | {
    "windowSamples": 300,
    "stem": [[1, 4, 2, 0], [4, 8, 2, 1]],
    "resizeTo": 24,
    "dim": 8,
    "heads": 2,
    "fullRateBlocks": 1,
    "stridedBlocks": 2,
    "windows": [7, 5, -1],
    "mlpRatio": 2,
}
AUGMENTATION = {
    "crop": 0.7, "crop_seconds": 0.5, "noise": 0.5, "noise_max": 0.1, "wander": 0.5, "wander_max": 0.2,
    "gain_spread": 0.1, "silence": 0.3, "silence_seconds": 0.5,
    "lead_set": 0.3, "drop_lead": 0.2, "drop_lead_share": 0.2,
}  # fmt: skip
SETTINGS = {
    "epochs": 3, "batch": 8, "learning_rate": 3e-3, "warmup_share": 0.1, "final_rate_share": 0.01, "weight_decay": 0.01,
    "clip_norm": 2.0, "ema_decay": 0.9, "dropout": 0.1, "positive_weight": [1.0, 8.0], "checkpoint_minutes": 60,
    "evaluate_lead_sets_every": 2, "half_products": False, "quiet_branches": False,
    "teacher": "", "teacher_share": 0.5,
}  # fmt: skip


def stirred(network: torch.nn.Module) -> torch.nn.Module:
    """Weights, statistics and affine terms off their defaults, so that each of them shows."""
    generator = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor in (module.weight.data, module.bias.data, module.running_mean):
                tensor += 0.2 * torch.randn(tensor.shape, generator=generator)
            module.running_var.uniform_(0.5, 1.5, generator=generator)
    return network


def pair(config: dict) -> tuple[LeadAttentionNetwork, FastLeadAttention]:
    """The reference and the fast network with the same weights."""
    torch.manual_seed(0)
    reference = stirred(LeadAttentionNetwork(config))
    fast = FastLeadAttention(config, len(CLASSES))
    from_state_dict(fast, reference.state_dict())
    return reference, fast


@pytest.fixture(params=["compiled", "plain"])
def backend(request, monkeypatch):
    """Every test with it runs on kernels.cpp and on plain PyTorch."""
    if request.param == "plain":
        monkeypatch.setattr(kernels, "compiled", lambda: None)
    elif kernels.compiled() is None:
        pytest.skip("kernels.cpp could not be built on this machine")


CONFIGS = {"edge": PRESETS["edge"], "small": SMALL, "leads": SMALL | {"headOrder": "leads"}}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("mode", ["eval", "train"])
def test_fast_network_equals_the_reference(config, mode, backend):
    """Logits to 1e-5 of their scale; in training mode the statistics of the batch, and the updated ones."""
    reference, fast = (network.train(mode == "train") for network in pair(config))
    signal = torch.randn(3, 12, config["windowSamples"])
    with torch.no_grad():
        expected, logits = reference(signal), fast(signal)
    torch.testing.assert_close(logits, expected, rtol=1e-5, atol=1e-5 * max(1.0, expected.abs().max().item()))
    for name, tensor in to_state_dict(fast).items():
        torch.testing.assert_close(tensor, reference.state_dict()[name], rtol=1e-5, atol=1e-5)


def test_gradients_equal_the_reference(backend):
    reference, fast = (network.train() for network in pair(SMALL))
    signal = torch.randn(4, 12, SMALL["windowSamples"])
    for network in (reference, fast):
        network(signal).square().mean().backward()
    expected = dict(reference.named_parameters())
    for name, parameter in fast.named_parameters():
        close = torch.allclose(parameter.grad, expected[name].grad, rtol=1e-3, atol=1e-6)
        assert close, name


@pytest.mark.parametrize("preset", PRESETS)
def test_names_and_shapes_are_the_published_ones(preset):
    reference = LeadAttentionNetwork(PRESETS[preset]).state_dict()
    fast = to_state_dict(FastLeadAttention(PRESETS[preset], len(CLASSES)))
    published = {name: tensor.shape for name, tensor in reference.items() if not name.endswith("num_batches_tracked")}
    assert {name: tensor.shape for name, tensor in fast.items()} == published


def test_from_state_dict_names_a_missing_tensor():
    tensors = to_state_dict(FastLeadAttention(SMALL, 26))
    del tensors["linear2.bias"]
    with pytest.raises(RuntimeError, match="linear2.bias"):
        from_state_dict(FastLeadAttention(SMALL, 26), tensors)


def test_resize_is_half_pixel_linear():
    x = torch.randn(1, 2, 111, 3, dtype=torch.float64)
    rows = x.flatten(0, 1).transpose(1, 2)
    expected = torch.nn.functional.interpolate(rows, size=144, mode="linear", align_corners=False)
    torch.testing.assert_close(resize_time(x, 144).flatten(0, 1).transpose(1, 2), expected)
    assert final_steps(PRESETS["edge"]) == 5


DEPTHWISE_GRID = [(30, 1, 0, 9), (31, 2, 0, 9), (9, 2, 1, 3), (5, 1, 4, 9), (1, 2, 1, 3)]


@pytest.mark.parametrize("steps,stride,pad,taps", DEPTHWISE_GRID)
def test_compiled_depthwise_equals_plain(steps, stride, pad, taps):
    if kernels.compiled() is None:
        pytest.skip("kernels.cpp could not be built on this machine")
    inputs = [torch.randn(4, steps, 6), torch.randn(taps, 6), torch.randn(6)]
    compare(kernels.CompiledDepthwise.apply, kernels.plain_depthwise, inputs, (stride, pad, 0.01))


@pytest.mark.parametrize("published", [True, False])
@pytest.mark.parametrize("steps,reach", [(30, 3), (9, 8), (5, 0), (1, 0)])
def test_compiled_attention_equals_plain(steps, reach, published):
    if kernels.compiled() is None:
        pytest.skip("kernels.cpp could not be built on this machine")
    inputs = [torch.randn(2, 5, steps, 12) for _ in range(3)]
    compare(kernels.CompiledAttention.apply, kernels.plain_attention, inputs, (3, reach, published))


def compare(function, expected, inputs, settings):
    """Outputs and gradients of two functions of the same inputs."""
    inputs = [x.requires_grad_() for x in inputs]
    outputs = [f(*inputs, *settings) for f in (function, expected)]
    upstream = torch.randn_like(outputs[0])
    torch.testing.assert_close(*outputs, rtol=1e-4, atol=1e-5)
    for mine, theirs in zip(*(torch.autograd.grad(y, inputs, upstream) for y in outputs)):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5)


def test_labels_merge_pairs_and_know_what_is_unstated():
    column = {c["abbreviation"]: i for i, c in enumerate(CLASSES)}
    row = label_row({"snomed_codes": "63593006;164884008", "dataset": "LUDB"})
    assert row[column["PAC|SVPB"]] == 1  # the second code of a merged pair
    assert row[column["PVC|VPB"]] == 0  # 164884008 is not scored by the challenge
    assert math.isnan(row[column["TAb"]]) and row[column["AF"]] == 0
    assert label_row({"snomed_codes": "", "dataset": "Georgia"}) == [0.0] * 26


def test_a_flat_lead_stays_silent():
    signal = np.random.default_rng(0).normal(size=(12, 400))
    signal[3] = 7.0
    prepared = preprocess(signal)
    assert not prepared[3].any()
    np.testing.assert_allclose(prepared[0].std(), 1, atol=1e-5)


@needs_data
def test_split_keeps_patients_apart():
    train, tuning = load_split(DATA)
    assert not set(train.patient) & set(tuning.patient)
    assert 0.13 < len(tuning) / (len(train) + len(tuning)) < 0.17
    assert not np.isnan(train.signal).any()


def test_split_is_fixed():
    """A changed hash would let tuning records into training without anyone noticing."""
    assert [i for i in range(1, 41) if is_tuning(f"JS{i:05}")] == [8, 21, 23, 24, 25, 30, 38]


def test_window_pads_left_and_keeps_the_start():
    x = torch.arange(1.0, 4)
    assert to_window(x, 5).tolist() == [0, 0, 1, 2, 3]
    assert to_window(x, 2).tolist() == [1, 2]


def test_augmentation_repeats_and_keeps_silence():
    signal = torch.randn(64, 12, 300)
    signal[:, 5] = 0
    once, again = (augment(signal, AUGMENTATION, torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(once, again) and not torch.equal(once, signal)
    assert not once[:, 5].any() and torch.isfinite(once).all()
    sets = {tuple(lead_mask(count).tolist()) for count in LEAD_SETS}
    heard = [tuple(row.tolist()) for row in once.abs().sum(2).gt(0).float()]
    assert sum(row not in sets for row in heard) and any(sum(row) == 2 for row in heard)


def test_crop_shifts_and_pads_left():
    signal = torch.arange(1.0, 101).expand(32, 2, 100)
    for before, after in zip(signal[:, 0], crop(signal, AUGMENTATION, torch.Generator().manual_seed(3))[:, 0]):
        kept = after[after != 0]
        assert torch.equal(after[-len(kept) :], kept)  # zeros stand on the left only
        assert torch.equal(kept, before[int(kept[0]) - 1 : int(kept[-1])])  # one unbroken stretch


def test_metrics_by_hand():
    labels, scores = np.array([1.0, 0, 1, 0]), np.array([0.9, 0.8, 0.8, 0.1])
    assert auroc(labels, scores) == pytest.approx(0.875)  # 3.5 of 4 pairs
    assert auprc(labels, scores) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert math.isnan(auroc(np.ones(3), np.arange(3.0)))
    table = np.tile(labels, 4)[:, None].repeat(2, axis=1)
    table[:, 1] = np.nan
    assert evaluate(table, np.tile(scores, 4)[:, None].repeat(2, axis=1))["classes"] == 1


def test_a_log_row_after_the_checkpoint_is_dropped(tmp_path):
    for epoch in (1, 2):
        append_log(tmp_path / "log.csv", {"epoch": epoch, "step": 10 * epoch})
    trim_log(tmp_path / "log.csv", 10)
    assert [row["epoch"] for row in read_log(tmp_path / "log.csv")] == ["1"]


def test_unknown_labels_do_not_train():
    logits = torch.zeros(2, 2, requires_grad=True)
    training.masked_loss(logits, torch.tensor([[1.0, float("nan")], [0.0, 1.0]]), torch.ones(2)).backward()
    assert logits.grad[0, 1] == 0 and logits.grad[0, 0] != 0
    assert positive_weights(np.array([[1, np.nan], [0, 0]], np.float32), (1, 8)).tolist() == [1, 8]


def test_schedule_rises_then_falls():
    rates = [training.learning_rate_share(i / 100, 0.1, 0.01) for i in range(101)]
    assert max(rates) == rates[10] == 1 and rates[-1] == pytest.approx(0.01)
    assert rates[:11] == sorted(rates[:11]) and rates[10:] == sorted(rates[10:], reverse=True)


def synthetic(count: int) -> Records:
    """Records whose first two labels are audible: a slow or a fast rhythm in every lead."""
    generator = np.random.default_rng(5)
    labels = np.zeros((count, 26), np.float32)
    labels[np.arange(count), generator.integers(0, 2, count)] = 1
    hertz = np.where(labels[:, 0] > 0, 2.0, 6.0)[:, None, None]
    phase = generator.uniform(0, 6.28, (count, 12, 1))
    signal = np.sqrt(2) * np.sin(2 * np.pi * hertz * np.arange(300) / 100 + phase)
    signal = (signal + 0.2 * generator.normal(size=signal.shape)).astype(np.float32)
    names = np.array([f"r{i}" for i in range(count)])
    return Records(signal, np.full(count, 300), labels, names, names)


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A function that starts a Run of the small network on synthetic records in a temporary folder."""
    monkeypatch.setattr(training, "RUNS", tmp_path)
    monkeypatch.setattr(training, "load_split", lambda *_: (synthetic(48), synthetic(24)))
    monkeypatch.setitem(PRESETS, "small", SMALL)
    recipe = {"preset": "small", "seed": 3, "augmentation": AUGMENTATION}
    return lambda name, **settings: training.Run(recipe | {"name": name, "training": SETTINGS | settings}, tmp_path)


def test_training_reduces_the_loss(tiny):
    run = tiny("learns", epochs=8)
    run.loop()
    rows = read_log(run.folder / "log.csv")
    assert float(rows[-1]["loss"]) < 0.4 * float(rows[0]["loss"])
    assert run.evaluate_records(run.tuning)["auroc"] > 0.9
    assert (run.folder / "curve.png").stat().st_size > 0


def test_a_killed_run_resumes_exactly(tiny):
    whole = tiny("whole")
    whole.loop()
    first = tiny("killed")
    for _ in range(8):  # into the second epoch
        first.take_step()
    first.save()
    first.take_step()  # lost by the kill
    second = tiny("killed")
    second.resume()
    second.loop()
    for run in (whole, second):
        run.finish()
    files = [run.folder / f"{run.recipe['name']}.safetensors" for run in (whole, second)]
    tensors = [load_file(path) for path in files]
    for name, tensor in tensors[0].items():
        assert torch.equal(tensor, tensors[1][name]), name


def test_the_clock_bends_the_schedule(tiny):
    run = tiny("clock")
    run.take_step()
    run.fit_total(time.time() + 100, 100 / run.steps_per_epoch / 2)
    assert run.total == 1 + 2 * run.steps_per_epoch
    while run.step < run.total:
        run.take_step()
    assert run.progress == pytest.approx(1)


def test_bf16_export_is_the_average_rounded(tiny, tmp_path):
    run = tiny("rounded")
    run.take_step()
    run.export_bf16(tmp_path / "out" / "small.safetensors")
    stored = load_file(tmp_path / "out" / "small.safetensors")
    for name, tensor in to_state_dict(run.average.model).items():
        assert torch.equal(stored[name], tensor.bfloat16()), name


def test_a_run_begins_from_a_checkpoint(tiny, tmp_path):
    """From the bfloat16 file of a run, and from its f32 file: both networks, and nothing else of the old run."""
    old = tiny("old")
    old.take_step()
    old.finish()
    old.export_bf16(tmp_path / "rounded.safetensors")
    for path, rounded in [(tmp_path / "rounded.safetensors", True), (old.folder / "old.safetensors", False)]:
        run = tiny("new")
        run.start_from(path)
        for name, tensor in to_state_dict(old.average.model).items():
            expected = tensor.bfloat16().float() if rounded else tensor
            for model in (run.model, run.average.model):
                assert torch.equal(to_state_dict(model)[name], expected), name
        assert run.step == 0 and run.progress == 0 and not run.optimizer.state
        origin = {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        run.take_step()
        run.save()
        resumed = tiny("new")
        resumed.resume()
        resumed.export_bf16(tmp_path / "again.safetensors")
        with safe_open(tmp_path / "again.safetensors", "pt") as file:
            assert json.loads(file.metadata()["provenance"])["from"] == origin
    assert "from" not in old.provenance()


def test_a_teacher_is_followed_and_named(tiny, tmp_path):
    """With the teacher's share at 1 the labels do not matter, the student's answers become the teacher's, which stays as it is."""
    old = tiny("teacher", epochs=8)
    old.loop()
    path = tmp_path / "teacher.safetensors"
    old.export_bf16(path)
    run = tiny("student", epochs=16, teacher=str(path), teacher_share=1.0)
    run.train.labels[:] = 0
    before = to_state_dict(run.teacher.model)
    signal = torch.from_numpy(run.tuning.signal)
    distance = lambda: run.teacher.loss(run.average.model(to_window(signal, SMALL["windowSamples"])), signal).item()  # noqa: E731
    first = distance()
    run.loop()
    assert distance() < 0.6 * first
    for name, tensor in to_state_dict(run.teacher.model).items():
        assert torch.equal(tensor, before[name]), name
    assert run.provenance()["teacher"] == {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def test_a_checkpoint_of_another_shape_is_refused(tiny, tmp_path, capsys):
    tensors = to_state_dict(FastLeadAttention(SMALL, len(CLASSES)))
    path = tmp_path / "odd.safetensors"
    save_file(tensors | {"linear1.weight": torch.zeros(3, 3)}, path)
    with pytest.raises(RuntimeError, match=r"size mismatch for linear1.weight"):
        tiny("odd").start_from(path)
    save_file(tensors, path, metadata={"classes": json.dumps(["164889003"])})
    with pytest.raises(ValueError, match='"classes" expected'):
        tiny("odd").start_from(path)
    save_file(tensors, path, metadata={"config": json.dumps(SMALL | {"headOrder": "leads"})})
    tiny("odd").start_from(path)
    assert "odd.safetensors was trained with another headOrder" in capsys.readouterr().out


RECIPE = """
name = "shell"
preset = "small"
seed = 3
training = {training}
augmentation = {augmentation}
[data]
folders = ["records"]
"""


def test_the_command_begins_from_a_checkpoint(tiny, tmp_path, monkeypatch, capsys):
    """Through main: the recipe's [data] table with its folder, --from, and what does not go with it."""
    given = []
    monkeypatch.setattr(training, "load_split", lambda *all: given.append(all) or (synthetic(16), synthetic(8)))
    table = [json.dumps(x).replace(":", " =") for x in (SETTINGS | {"epochs": 1}, AUGMENTATION)]
    recipe = tmp_path / "shell.toml"
    recipe.write_text(RECIPE.format(training=table[0], augmentation=table[1]))
    path = tmp_path / "start.safetensors"
    save_file(to_state_dict(FastLeadAttention(SMALL, len(CLASSES))), path)
    for wrong, reason in [(["--resume"], "not with --resume"), (["--from", str(recipe)], "expected a .safetensors")]:
        with pytest.raises(SystemExit):
            training.main([str(recipe), "--from", str(path), *wrong])
        assert reason in capsys.readouterr().err
    broken = tmp_path / "broken.safetensors"
    for content in (None, b"no weights"):
        if content:
            broken.write_bytes(content)
        with pytest.raises(SystemExit):
            training.main([str(recipe), "--from", str(broken)])
        assert f"--from {broken}: " in capsys.readouterr().err
    training.main([str(recipe), "--from", str(path), "--data", "somewhere"])
    assert given[-1][1:] == ({"folders": ["records"]}, tmp_path, SMALL["windowSamples"])
    with safe_open(tmp_path / "shell" / "shell.safetensors", "pt") as file:
        assert json.loads(file.metadata()["provenance"])["from"]["file"] == "start.safetensors"


def test_single_values_of_a_recipe_can_be_set(tmp_path):
    recipe = tmp_path / "a.toml"
    recipe.write_text('name = "a"\nseed = 1\n[training]\nepochs = 20\n')
    changed = read_recipe(recipe, ['name = "b"', "training.epochs=8", 'config.headOrder="leads"'])
    assert changed == {"name": "b", "seed": 1, "training": {"epochs": 8}, "config": {"headOrder": "leads"}}
    with pytest.raises(KeyError, match="training.epoch"):
        read_recipe(recipe, ["training.epoch=8"])


@pytest.mark.parametrize("projection", ["shared", "perLead"])
def test_half_products_are_near_the_exact_ones(monkeypatch, projection):
    monkeypatch.setattr(fast_model_module, "has_fast_bfloat16", lambda: True)
    config = SMALL | {"leadProjection": projection}
    model = FastLeadAttention(config, 26, half=True)
    exact = FastLeadAttention(config, 26)
    exact.load_state_dict(model.state_dict())
    x = torch.from_numpy(noise("half", 2, 12, 300)).float()
    with torch.no_grad():
        # In evaluation nothing is halved.
        assert torch.equal(model.eval()(x), exact.eval()(x))
        half, whole = model.train()(x), exact.train()(x)
    assert not torch.equal(half, whole)
    assert (half - whole).norm() < 0.1 * whole.norm()
    model.train()(x).sum().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in model.parameters())


def test_per_lead_projections_are_those_of_the_reference():
    config = SMALL | {"leadProjection": "perLead"}
    reference = seeded(LeadAttentionNetwork(config, 26)).float()
    model = FastLeadAttention(config, 26).eval()
    from_state_dict(model, {n: t for n, t in reference.state_dict().items() if not n.endswith("num_batches_tracked")})
    x = torch.from_numpy(noise("per lead", 1, 12, 300)).float()
    with torch.no_grad():
        expected = reference(x)
        assert (model(x) - expected).abs().max() < 1e-4 * expected.abs().max()


def test_quiet_branches_leave_nothing_of_their_layers_but_can_learn():
    model = FastLeadAttention(SMALL, 26)
    fast_model_module.quieten_branches(model)
    x = torch.from_numpy(noise("quiet", 2, 12, 300)).float()
    before = model.train()(x)
    before.sum().backward()
    # The last layers have gradients, and once they are not zero the layers before them have some too.
    assert model.transformer.stem[0].mlp["3"].weight.grad.abs().max() > 0
    with torch.no_grad():
        for module in (model.blocks[1].p1[0].depth_wise_conv, model.transformer.stem[0].attn.query, model.transformer.stem[0].mlp["0"]):
            module.weight.mul_(3)
    assert torch.allclose(model(x), before, atol=1e-6)
