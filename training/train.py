"""Train a preset from a recipe: `python -m training.train training/recipes/edge.toml [--resume | --from FILE]`.

Everything of a run is in `training/runs/<name>/`: `checkpoint.pt` (newest), `log.csv`, `curve.png`
and at the end `<name>.safetensors` (the averaged weights, f32, published names).

A killed run continues exactly with `--resume`: a step draws its records, its augmentation and its
dropout from generators seeded by (seed, epoch or step) alone, so that model, averages, optimizer and a
few counters are the whole state. SIGTERM saves and stops.

The learning rate follows `progress`, which each step advances by its share of what is left. The recipe
is read again on resume: a changed number of epochs stretches the rest of the schedule without a jump.
`--end-at 15:50` does the same by the clock, at each epoch's end: for machines shared with others.

`--from training/checkpoints/edge.safetensors` goes on where only averaged weights are left, as in a fresh
clone: they begin a new run (another `name` and `seed`, typically a lower `learning_rate`) with a new optimizer
and the schedule from its start. The weights it ends with name the file they came from.

A recipe's `[data]` table adds folders of WFDB records to the arrays: see training/wfdb_data.py.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import math
import os
import signal as process_signal
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from training.augment import LEAD_SETS, augment, lead_mask
from training.config import CLASS_CODES, CLASSES, ROOT, load_config
from training.data import DEFAULT_DATA, Records, load_records, load_split, positive_weights, to_window
from training.export import read_checkpoint, write_weights
from training.fast_model import FastLeadAttention, from_state_dict, quieten_branches, to_state_dict
from training.metrics import evaluate
from training.recipe import read_recipe
from training.runlog import append_log, draw_curve, trim_log

RUNS = ROOT / "training" / "runs"
EVALUATION_BATCH = 64
COUNTERS = ("step", "progress", "seconds", "loss_sum", "loss_count")


def step_generator(seed: int, purpose: int, number: int) -> torch.Generator:
    """An independent generator for each (seed, purpose, step or epoch)."""
    mixed = np.random.SeedSequence([seed, purpose, number]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(mixed >> 1))


def learning_rate_share(progress: float, warmup: float, final: float) -> float:
    """Share of the peak rate at `progress` in 0..1: linear warm-up, then a cosine to `final`."""
    if progress < warmup:
        return max(progress / warmup, 0.01)
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


def masked_loss(logits: Tensor, labels: Tensor, weight: Tensor) -> Tensor:
    """Binary cross-entropy [B, K] with positive weights, unknown labels (NaN) left out of the mean."""
    known = ~labels.isnan()
    loss = F.binary_cross_entropy_with_logits(logits, labels.nan_to_num(), pos_weight=weight, reduction="none")
    return (loss * known).sum() / known.sum()


class Teacher:
    """A trained network whose probabilities are targets beside the labels (distillation, Hinton et al. 2015).

    It sees the records as they were augmented for the student, through its own window. Nothing of it is trained.
    """

    def __init__(self, path: Path) -> None:
        self.path, checkpoint = path, read_checkpoint(path)
        if checkpoint.get("classes", CLASS_CODES) != CLASS_CODES:
            raise ValueError(f'"classes" expected those of src/classes.json, got {checkpoint["classes"]}')
        self.samples = checkpoint["config"]["windowSamples"]
        self.model = FastLeadAttention(checkpoint["config"], len(CLASSES)).eval().requires_grad_(False)
        from_state_dict(self.model, checkpoint["state_dict"])

    def loss(self, logits: Tensor, signal: Tensor) -> Tensor:
        """Cross-entropy with the teacher's probabilities; they hold the positive weights it was trained with."""
        return F.binary_cross_entropy_with_logits(logits, self.model(to_window(signal, self.samples)).sigmoid())


class Average:
    """Exponential moving average of all floating tensors of a model, running statistics included."""

    def __init__(self, model: torch.nn.Module, decay: float) -> None:
        self.model, self.decay = copy.deepcopy(model).eval(), decay

    @torch.no_grad()
    def update(self, model: torch.nn.Module, step: int) -> None:
        keep = min(self.decay, (1 + step) / (10 + step))
        pairs = zip(self.model.state_dict().values(), model.state_dict().values())
        mine, new = zip(*((a, b) for a, b in pairs if a.is_floating_point()))
        torch._foreach_lerp_(list(mine), list(new), 1 - keep)


@torch.no_grad()
def predict(model: torch.nn.Module, signal: np.ndarray, samples: int, leads: int = 12) -> np.ndarray:
    """Logits [n, K] of preprocessed signals [n, 12, T] with the lead set of `leads` leads."""
    mask = lead_mask(leads)[:, None]
    batches = torch.from_numpy(signal).split(EVALUATION_BATCH)
    return torch.cat([model(to_window(batch, samples) * mask) for batch in batches]).numpy()


class Run:
    """The state of one training run and its folder; `base` is where the recipe's [data] paths start."""

    def __init__(self, recipe: dict, data: Path, base: Path = Path()) -> None:
        self.recipe, self.settings = recipe, recipe["training"]
        self.config = load_config(recipe["preset"], **recipe.get("config", {}))
        self.folder = RUNS / recipe["name"]
        self.folder.mkdir(parents=True, exist_ok=True)
        self.train, self.tuning = load_split(data, recipe.get("data"), base, self.config["windowSamples"])
        self.weight = torch.from_numpy(positive_weights(self.train.labels, self.settings["positive_weight"]))
        torch.manual_seed(recipe["seed"])
        self.model = FastLeadAttention(self.config, len(CLASSES), self.settings["dropout"], self.settings["half_products"])
        if self.settings["quiet_branches"]:
            quieten_branches(self.model)
        self.average = Average(self.model, self.settings["ema_decay"])
        self.optimizer = make_optimizer(self.model, self.settings)
        self.step, self.progress, self.seconds = 0, 0.0, 0.0
        self.loss_sum, self.loss_count = 0.0, 0
        self.stopping = False
        self.origin: dict | None = None  # the file of --from
        teacher = self.settings["teacher"]
        self.teacher = Teacher(ROOT / teacher) if teacher else None
        self.steps_per_epoch = len(self.train) // self.settings["batch"]
        self.total = self.steps_per_epoch * self.settings["epochs"]

    def state(self) -> dict:
        parts = {name: getattr(self, name).state_dict() for name in ("model", "optimizer")}
        counters = {name: getattr(self, name) for name in COUNTERS}
        texts = {"recipe": self.recipe, "origin": self.origin}
        return {**parts, **counters, "average": self.average.model.state_dict(), **texts}

    def save(self) -> None:
        """Write the checkpoint beside the old one, then rename: a kill leaves one of them whole."""
        partial = self.folder / "checkpoint.part"
        torch.save(self.state(), partial)
        os.replace(partial, self.folder / "checkpoint.pt")

    def resume(self) -> None:
        state = torch.load(self.folder / "checkpoint.pt", weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average.model.load_state_dict(state["average"])
        for name in COUNTERS:
            setattr(self, name, state[name])
        self.origin = state.get("origin")  # absent in older checkpoints

    def start_from(self, path: Path) -> None:
        """Weights and averaged weights of a safetensors file (float32 or bfloat16); all else stays as it begins.

        RuntimeError names the tensors that do not fit; ValueError for outputs of other classes.
        """
        checkpoint = read_checkpoint(path)
        if checkpoint.get("classes", CLASS_CODES) != CLASS_CODES:
            raise ValueError(f'"classes" expected those of src/classes.json, got {checkpoint["classes"]}')
        theirs = checkpoint.get("config", self.config)
        changed = [name for name, value in self.config.items() if name != "preset" and theirs.get(name) != value]
        if changed:  # shapes do not tell of windows, headOrder
            print(f"{path.name} was trained with another {', '.join(changed)}", flush=True)
        for model in (self.model, self.average.model):
            from_state_dict(model, checkpoint["state_dict"])
        self.origin = file_name(path)

    def batch(self) -> tuple[Tensor, Tensor]:
        """The augmented signals [B, L, T] and labels [B, K] of the current step; T is not yet the window's."""
        epoch, position = divmod(self.step, self.steps_per_epoch)
        order = torch.randperm(len(self.train), generator=step_generator(self.recipe["seed"], 0, epoch))
        size = self.settings["batch"]
        chosen = order[position * size : (position + 1) * size].numpy()
        generator = step_generator(self.recipe["seed"], 1, self.step)
        signal = augment(torch.from_numpy(self.train.signal[chosen]), self.recipe["augmentation"], generator)
        return signal, torch.from_numpy(self.train.labels[chosen])

    def take_step(self) -> None:
        rate = self.rate()
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        signal, labels = self.batch()
        torch.manual_seed(self.recipe["seed"] * 1_000_003 + self.step)  # dropout
        logits = self.model.train()(to_window(signal, self.config["windowSamples"]))
        loss = masked_loss(logits, labels, self.weight)
        if self.teacher:
            share = self.settings["teacher_share"]
            loss = (1 - share) * loss + share * self.teacher.loss(logits, signal)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings["clip_norm"])
        self.optimizer.step()
        self.step += 1
        self.progress += (1 - self.progress) / max(self.total - self.step + 1, 1)
        self.average.update(self.model, self.step)
        self.loss_sum, self.loss_count = self.loss_sum + loss.item(), self.loss_count + 1

    def rate(self) -> float:
        share = learning_rate_share(self.progress, self.settings["warmup_share"], self.settings["final_rate_share"])
        return self.settings["learning_rate"] * share

    def evaluate_records(self, records: Records, leads: int = 12) -> dict:
        """metrics.evaluate of the averaged weights, with one lead set."""
        logits = predict(self.average.model, records.signal, self.config["windowSamples"], leads)
        return evaluate(records.labels, logits)

    def end_epoch(self) -> None:
        """Evaluate the averaged weights on the tuning split, log, draw, save."""
        epoch = self.step // self.steps_per_epoch
        row = {"epoch": epoch, "step": self.step, "seconds": round(self.seconds), "learning_rate": f"{self.rate():.3g}"}
        row["loss"] = round(self.loss_sum / max(self.loss_count, 1), 5)
        figures = self.evaluate_records(self.tuning)
        row |= {name: round(figures[name], 4) for name in ("auroc", "auprc", "classes")}
        if epoch % self.settings["evaluate_lead_sets_every"] == 0 or self.step == self.total:
            for leads in (6, 2):
                few = self.evaluate_records(self.tuning, leads)
                row |= {f"{name}_{leads}": round(few[name], 4) for name in ("auroc", "auprc")}
        self.loss_sum, self.loss_count = 0.0, 0
        append_log(self.folder / "log.csv", row)
        self.save()
        print(" ".join(f"{name} {value}" for name, value in row.items()), flush=True)
        draw_curve(self.folder / "log.csv", self.folder / "curve.png")

    def loop(self, end_at: float | None = None) -> None:
        """Steps until the total; with `end_at` (a time.time()) the total is refitted to it at each epoch's end."""
        saved = shown = since = time.time()
        first = self.step
        while self.step < self.total and not self.stopping:
            began = time.time()
            self.take_step()
            now = time.time()
            self.seconds += now - began
            if now - shown > 30:
                shown = now
                self.show_progress()
            if self.step % self.steps_per_epoch == 0:
                self.end_epoch()
                if end_at is not None:
                    self.fit_total(end_at, (time.time() - since) / (self.step - first))
                saved = since = time.time()
                first = self.step
            elif now - saved > 60 * self.settings["checkpoint_minutes"]:
                self.save()
                saved = time.time()
        self.save()

    def fit_total(self, end_at: float, step_seconds: float) -> None:
        """As many whole epochs as fit until `end_at` at the pace of the last one, evaluation included."""
        epochs = max(0, round((end_at - time.time()) / (step_seconds * self.steps_per_epoch)))
        self.total = self.step + epochs * self.steps_per_epoch
        end = time.strftime("%H:%M", time.localtime(end_at))
        print(f"{step_seconds:.2f} s/step with evaluation: {epochs} more epochs until {end}", flush=True)

    def show_progress(self) -> None:
        per_step = self.seconds / self.step
        end = time.strftime("%H:%M", time.localtime(time.time() + per_step * (self.total - self.step)))
        loss = self.loss_sum / max(self.loss_count, 1)
        print(f"step {self.step}/{self.total} epoch {self.step / self.steps_per_epoch:.2f} loss {loss:.4f} "
              f"rate {self.rate():.2e} {per_step:.2f} s/step end {end}", flush=True)  # fmt: skip

    def report(self, records: Records, path: Path) -> None:
        """The averaged weights' figures, macro and per class, for every lead set: printed, and as JSON."""
        figures = {}
        for leads in LEAD_SETS:
            result = self.evaluate_records(records, leads)
            per_class = {CLASSES[i]["abbreviation"]: [round(x, 4) for x in v] for i, v in result["per_class"].items()}
            figures[leads] = {name: result[name] for name in ("auroc", "auprc", "classes")} | {"per_class": per_class}
            print(f"{leads} leads: auroc {result['auroc']:.4f} auprc {result['auprc']:.4f}", flush=True)
        path.write_text(json.dumps(figures, indent=1) + "\n")

    def finish(self) -> None:
        """Write the averaged weights (f32) and `tuning.json`."""
        self.report(self.tuning, self.folder / "tuning.json")
        path = self.folder / f"{self.recipe['name']}.safetensors"
        tensors = to_state_dict(self.average.model)
        write_weights(path, tensors, self.config, name=self.recipe["name"], provenance=self.provenance())
        print(f"wrote {path}", flush=True)

    def export_bf16(self, path: Path) -> None:
        """The averaged weights rounded to bfloat16, small enough to commit; `export` makes the weight file of it."""
        tensors = {name: tensor.bfloat16() for name, tensor in to_state_dict(self.average.model).items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = {"config": json.dumps(self.config), "provenance": json.dumps(self.provenance())}
        save_file(tensors, path, metadata={"name": self.recipe["name"], **texts})
        print(f"wrote {path} of step {self.step}, schedule at {self.progress:.3f}", flush=True)

    def provenance(self) -> dict:
        progress = round(self.progress, 4)
        files = {"from": self.origin, "teacher": self.teacher and file_name(self.teacher.path)}
        files = {use: file for use, file in files.items() if file}
        return {"recipe": self.recipe, "step": self.step, "progress": progress, "records": len(self.train), **files}


def file_name(path: Path) -> dict:
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def make_optimizer(model: torch.nn.Module, settings: dict) -> torch.optim.AdamW:
    """AdamW; weight decay on matrices and kernels only, not on biases and BatchNorm."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": settings["weight_decay"]}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=settings["learning_rate"])


def clock_time(text: str) -> float:
    """The next HH:MM of the local clock, as time.time() counts."""
    hours, minutes = map(int, text.split(":"))
    now = time.localtime()
    seconds = (hours - now.tm_hour) * 3600 + (minutes - now.tm_min) * 60 - now.tm_sec
    return time.time() + seconds % 86400


def parse(arguments: list[str]) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__.split("\n")[0])
    parser.add_argument("recipe", type=Path, help="a TOML; its [data] table may name folders of WFDB records, "
                        'folders = ["ptb-xl"] relative to the recipe; arrays = false leaves train.npz out')  # fmt: skip
    parser.add_argument("--resume", action="store_true", help="continue from the run's checkpoint")
    parser.add_argument("--from", type=Path, metavar="FILE", dest="origin",
                        help="begin a new run with the weights of a .safetensors file; the optimizer is new and the "
                        "schedule begins anew, so the recipe typically has a lower learning_rate")  # fmt: skip
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE",
                        help="other values than the recipe's, as TOML: name=\"leads\" seed=1 training.epochs=8 config.headOrder=\"leads\"")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder that holds train/train.npz")
    parser.add_argument("--export-bf16", type=Path, metavar="FILE", help="only write the run's averaged weights")
    parser.add_argument("--end-at", metavar="HH:MM", help="refit the number of epochs to this time of the local clock")
    parser.add_argument("--look-at-val", action="store_true", help="only write the run's figures on val.npz: rarely")
    options = parser.parse_args(arguments)
    if options.origin and (options.resume or options.export_bf16 or options.look_at_val):
        parser.error("--from begins a new run: not with --resume, --export-bf16 or --look-at-val")
    if options.origin and options.origin.suffix != ".safetensors":
        parser.error(f"--from expected a .safetensors file, got {options.origin}")
    return parser, options


def main(arguments: list[str]) -> None:
    parser, options = parse(arguments)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    run = Run(read_recipe(options.recipe, options.set), options.data, options.recipe.parent)
    if options.resume or options.export_bf16 or options.look_at_val:
        run.resume()
    if options.export_bf16:
        run.export_bf16(options.export_bf16)
    if options.look_at_val:
        run.report(load_records(options.data, "val"), run.folder / "val.json")
    if options.export_bf16 or options.look_at_val:
        return
    if not options.resume and (run.folder / "checkpoint.pt").exists():
        parser.error(f"{run.folder} holds a run: --resume it, or delete the folder")
    if options.origin:
        try:
            run.start_from(options.origin)
        except (OSError, RuntimeError, SafetensorError, ValueError) as error:
            parser.error(f"--from {options.origin}: {error}")
    sizes = f"{len(run.train)} training and {len(run.tuning)} tuning records"
    print(f"{sizes}, steps {run.step} to {run.total}", flush=True)
    trim_log(run.folder / "log.csv", run.step)
    process_signal.signal(process_signal.SIGTERM, lambda *_: setattr(run, "stopping", True))
    run.loop(clock_time(options.end_at) if options.end_at else None)
    if run.step >= run.total:
        run.finish()


if __name__ == "__main__":
    main(sys.argv[1:])
