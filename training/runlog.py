"""A run's log.csv (one row per epoch) and the learning curve drawn from it."""

import csv
from pathlib import Path

LOG_FIELDS = [
    "epoch", "step", "seconds", "learning_rate", "loss", "auroc", "auprc", "classes",
    "auroc_6", "auprc_6", "auroc_2", "auprc_2",
]  # fmt: skip


def append_log(path: Path, row: dict) -> None:
    fresh = not path.exists()
    with open(path, "a", newline="") as file:
        writer = csv.DictWriter(file, LOG_FIELDS)
        if fresh:
            writer.writeheader()
        writer.writerow(row)


def read_log(path: Path) -> list[dict]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def trim_log(path: Path, step: int) -> None:
    """Drop rows that a checkpoint of `step` does not know (a kill between the log and the checkpoint)."""
    if not path.exists():
        return
    rows = [row for row in read_log(path) if int(row["step"]) <= step]
    path.unlink()
    for row in rows:
        append_log(path, row)


def draw_curve(log: Path, picture: Path) -> None:
    """Training loss, and the tuning split's macro figures, by epoch."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = read_log(log)
    epoch = [float(row["epoch"]) for row in rows]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.5), constrained_layout=True)
    left.plot(epoch, [float(row["loss"]) for row in rows])
    left.set(title="training loss (augmented)", xlabel="epoch")
    for name in ("auroc", "auprc"):
        right.plot(epoch, [float(row[name]) for row in rows], label=f"macro {name.upper()}, tuning split")
    right.set(xlabel="epoch", ylim=(0, 1))
    right.legend()
    figure.savefig(picture, dpi=110)
    pyplot.close(figure)
