"""Reversed limb electrodes: the reference of `src/quality/reversal.ts`, the fit of its coefficients, and how well they do.

    python -m training.reversal             # fits on train.npz, writes src/quality/reversal.json
    python -m training.reversal --report    # figures of the committed coefficients: both parts of train.npz, val.npz, the WFDB originals
    python -m training.reversal --golden    # test/golden/reversal.json, from made-up records

A record is reduced to numbers that no amplitude of a lead changes: each lead's median beat over its own root mean square, in bins
of 40 ms, for I and II; and the correlations of I and II with each other and with V1 to V6 in the P, QRS and ST-T part of that
beat. Multinomial logistic regression tells three classes apart: as it should be, arms exchanged, right arm and left leg exchanged.
Reversals are simulated: they permute and invert limb leads exactly, and leave V1 to V6 alone (Wilson's terminal is the sum of the
three electrodes). A lead that is not there has features of 0, and so has one whose beats do not agree (noise alone).

Records are those of train.npz; 15 % of the patients (training/data.py) are held out. Thresholds come from five-fold
cross-validation on the others. Every sum has the order of the TypeScript, or is small enough for the order not to matter.
"""

import argparse
import csv
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from training.config import ROOT
from training.data import DEFAULT_DATA, is_tuning, label_rows
from training.test_weights import fnv1a32, splitmix32

TABLE = ROOT / "src" / "quality" / "reversal.json"
GOLDEN = ROOT / "test" / "golden" / "reversal.json"

LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
LIMB = ["I", "II"]
CHEST = LEADS[6:]
PAIRS = [("I", "II"), *((limb, chest) for limb in LIMB for chest in CHEST)]

# In samples of 10 ms.
GRID_HZ = 100
LEVEL = 50  # half width of the moving average that is taken off
QRS = 4  # half width of the average of the slope
CENTRE = 5  # half width around a beat's steepest moment in which its centre of slope is taken
BLOCK = 150  # holds a beat from 40 a minute on
REFRACTORY = 25
BEFORE, BEAT = 28, 72  # a beat begins `BEFORE` samples before its centre and has `BEAT`
WINDOWS = [(4, 20), (20, 37), (38, 72)]  # P, QRS, ST and T
BIN = 4
MIN_BEATS = 2
AGREEMENT = 0.2  # (measured: 0.3 at most in 800 pieces of noise of 5 s; less in 0.7 % of real lead I)

# A reversal gives, for each lead, the lead it shows and its sign. V1 to V6 are as they were.
REVERSALS = {
    "arms": {"I": ("I", -1), "II": ("III", 1), "III": ("II", 1), "aVR": ("aVL", 1), "aVL": ("aVR", 1)},
    "rightArmLeftLeg": {
        "I": ("III", -1), "II": ("II", -1), "III": ("I", -1), "aVR": ("aVF", 1), "aVF": ("aVR", 1),
    },
    "leftArmLeftLeg": {"I": ("II", 1), "II": ("I", 1), "III": ("III", -1), "aVL": ("aVF", 1), "aVF": ("aVL", 1)},
}  # fmt: skip
CLASSES = ["arms", "rightArmLeftLeg"]  # those that are told; 0 in the fit is neither
LEADS_KNOWN = ["I", "I, II", "I, II, V1-V6"]  # of which there is a threshold each; the second with some of V1 to V6, or none

LEAD_SETS = {
    "12": LEADS, "8": LIMB + CHEST, "6": LEADS[:6], "4": ["I", "II", "III", "V2"], "3": ["I", "II", "V2"], "2": LIMB,
    "I, V1-V6": ["I", *CHEST], "I": ["I"],
}  # fmt: skip
FALSE_ALARMS = {"arms": 0.008, "rightArmLeftLeg": 0.004}  # of the fitted part, at most, in each lead set
LOWEST_THRESHOLD = 0.0  # as likely as not, were half of all records reversed
L2 = 1e-4
FOLDS = 5
DIGITS = 2

Leads = Mapping[str, np.ndarray]


def reverse(leads: Leads, reversal: str) -> dict[str, np.ndarray]:
    """The leads as the device writes them with two electrodes exchanged. All limb leads must be there."""
    shown = REVERSALS[reversal]
    return {name: shown[name][1] * leads[shown[name][0]] if name in shown else x for name, x in leads.items()}


def to_grid(x: np.ndarray, fs: float) -> np.ndarray:
    """f64[n] at fs -> means over 20 ms every 10 ms of the straight lines through the samples, less the first sample."""
    x = x - x[0]
    steps = int(np.floor((len(x) - 1) * GRID_HZ / fs))
    position = np.arange(steps + 1) * fs / GRID_HZ
    whole = np.minimum(np.floor(position).astype(int), len(x) - 2)
    part = position - whole
    area = np.concatenate([[0.0], np.cumsum((x[:-1] + x[1:]) / 2)])[whole]
    area = area + part * (x[whole] + part / 2 * (x[whole + 1] - x[whole]))
    return (area[2:] - area[:-2]) * GRID_HZ / (2 * fs)


def moving_mean(y: np.ndarray, half: int) -> np.ndarray:
    """Mean of the samples not more than `half` away; fewer at the ends."""
    n = np.arange(len(y))
    total = np.concatenate([[0.0], np.cumsum(y)])
    first, end = np.maximum(n - half, 0), np.minimum(n + half + 1, len(y))
    return (total[end] - total[first]) / (end - first)


def find_beats(rows: list[np.ndarray]) -> list[int]:
    """First samples of the beats: where the slopes of all leads together are steepest."""
    steep = np.zeros(len(rows[0]))
    for y in rows:
        slope = np.abs(y[2:] - y[:-2])
        steep[1:-1] += slope / (np.sum(slope) / len(slope))
    smooth = moving_mean(steep, QRS)
    tops = sorted(smooth[i : i + BLOCK].max() for i in range(0, len(steep) - BLOCK + 1, BLOCK))
    threshold = tops[len(tops) // 2] / 2
    beats: list[int] = []
    last = -REFRACTORY
    for n in np.flatnonzero(smooth >= threshold):
        if n - last < REFRACTORY or smooth[n] < smooth[max(n - REFRACTORY, 0) : n + REFRACTORY + 1].max():
            continue
        last = n
        around = np.arange(max(n - CENTRE, 0), min(n + CENTRE + 1, len(steep)))
        centre = int(np.floor(np.sum(steep[around] * around) / np.sum(steep[around]) + 0.5))
        if centre >= BEFORE and centre - BEFORE + BEAT <= len(steep):
            beats.append(centre - BEFORE)
    return beats


def median_beat(y: np.ndarray, beats: list[int]) -> np.ndarray | None:
    """f64[BEAT]: median of the beats, each less its mean, over its root mean square. None where the beats do not agree.

    Agreement is the share of the beats' energy that is common to all: 0 on average for noise, 1 for equal beats.
    """
    rows = np.stack([y[start : start + BEAT] for start in beats])
    rows = rows - rows.mean(axis=1, keepdims=True)
    n = len(rows)
    energy = np.sum(rows * rows) / n
    common = np.sum(rows.mean(axis=0) ** 2)
    if not n * common - energy >= AGREEMENT * (n - 1) * energy:
        return None
    median = np.median(rows, axis=0)
    rms = np.sqrt(np.sum(median * median) / BEAT)
    return median / rms if rms > 0 else None


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    squares = np.sum(a * a) * np.sum(b * b)
    return float(np.sum(a * b) / np.sqrt(squares)) if squares > 0 else 0.0


def raw_features(leads: Leads, fs: float) -> np.ndarray | None:
    """f64[75]: bins of I and of II, then for each window the correlation of each pair. None where there is nothing to tell from."""
    rows = {}
    for name in [*LIMB, *CHEST]:
        if name not in leads or (len(leads[name]) - 1) * GRID_HZ / fs < BLOCK + 1:
            continue
        grid = to_grid(leads[name], fs)
        y = grid - moving_mean(grid, LEVEL)
        if np.any(y[2:] != y[:-2]):
            rows[name] = y
    if "I" not in rows:
        return None
    beats = find_beats(list(rows.values()))
    if len(beats) < MIN_BEATS:
        return None
    beat = {name: found for name, y in rows.items() if (found := median_beat(y, beats)) is not None}
    if "I" not in beat:
        return None
    none = np.zeros(BEAT)
    bins = [np.mean(beat.get(name, none).reshape(-1, BIN), axis=1) for name in LIMB]
    pairs = [
        correlation(beat.get(a, none)[start:end], beat.get(b, none)[start:end])
        for start, end in WINDOWS
        for a, b in PAIRS
    ]
    return np.concatenate([*bins, pairs])


BINS = BEAT // BIN * len(LIMB)


def soften(raw: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Bins x become x / (scale + |x|): their sign tells more than their height. [..., 75] -> [..., 75]"""
    bins, wide = raw[..., :BINS], np.tile(scale, len(LIMB))
    return np.concatenate([bins / (wide + np.abs(bins)), raw[..., BINS:]], axis=-1)


def log_odds(raw: np.ndarray, table: dict) -> np.ndarray:
    """[..., 75] -> [..., 2]: of each reversal against none, were they equally common."""
    soft = soften(raw, np.array(table["scale"]))
    return np.stack([soft @ np.array(table[name]["weights"]) + table[name]["bias"] for name in CLASSES], axis=-1)


def known(raw: np.ndarray) -> np.ndarray:
    """[..., 75] -> index into LEADS_KNOWN."""
    second = np.any(raw[..., BINS // 2 : BINS] != 0, axis=-1)
    chest = np.all(raw[..., BINS + 1 : BINS + 1 + len(CHEST)] != 0, axis=-1)
    return np.where(second, np.where(chest, 2, 1), 0)


def scores(raw: np.ndarray, table: dict) -> np.ndarray:
    """[..., 75] -> [..., 2]: how far each reversal is above its threshold and above the other one; it is told where that is 0 or more.

    Without lead II the two look alike: the second is NaN, the first stands for both.
    """
    odds, leads = log_odds(raw, table), known(raw)
    over = odds - np.stack([np.array(table[name]["thresholds"])[leads] for name in CLASSES], axis=-1)
    lead = odds[..., 0] - odds[..., 1]
    both = np.minimum(over, np.stack([lead, -lead], axis=-1))
    alone = np.stack([over[..., 0], np.full(over.shape[:-1], np.nan)], axis=-1)
    return np.where((leads == 0)[..., None], alone, both)


def told(score: np.ndarray) -> np.ndarray:
    """[..., 2] -> 0 for none, or 1 + the index of the reversal."""
    return np.where(score[..., 0] >= 0, 1, np.where(score[..., 1] >= 0, 2, 0))


# ---- records


def load(data: Path, name: str) -> tuple[list[dict[str, np.ndarray]], list[dict]]:
    """The records of an .npz file as leads by name, and their rows of labels.csv."""
    rows = label_rows(data)
    with np.load(data / "train" / f"{name}.npz") as file:
        signal, length, record = file["signal"], file["length"], file["record"]
    leads = [dict(zip(LEADS, x[:, :n].astype(np.float64))) for x, n in zip(signal, length)]
    return leads, [rows[r] for r in record]


def patient(row: dict) -> str:
    return row["patient_id"] or row["record_id"]


def fold_of(row: dict) -> int:
    return hashlib.sha256(f"fold {patient(row)}".encode()).digest()[0] % FOLDS


def choose(leads: Leads, names: list[str]) -> dict[str, np.ndarray]:
    return {name: leads[name] for name in names}


def feature_table(records: list[dict], names: list[list[str]], reversal: str | None, fs: float | list[float] = GRID_HZ):
    """[n, 75], NaN where a record tells nothing; `names`: the leads left of each record after the reversal."""
    result = np.full((len(records), BINS + len(WINDOWS) * len(PAIRS)), np.nan)
    for i, (leads, kept) in enumerate(zip(records, names)):
        raw = raw_features(choose(reverse(leads, reversal) if reversal else leads, kept), fs[i] if isinstance(fs, list) else fs)
        if raw is not None:
            result[i] = raw
    return result


# ---- fit


def random_leads(records: list, name: str) -> list[list[str]]:
    """Of each record I, mostly II, and about half of V1 to V6."""
    draws = splitmix32(fnv1a32(name), len(records) * 7).reshape(-1, 7) / 2.0**32
    return [
        ["I", *(["II"] if u[0] < 0.9 else []), *(lead for lead, v in zip(CHEST, u[1:]) if v < 0.5)] for u in draws
    ]


def training_features(records: list[dict]) -> np.ndarray:
    """[classes, variants of the leads, n, 75]"""
    everything, limb = ([LEAD_SETS[name]] * len(records) for name in ("8", "2"))
    variants = [everything, limb, random_leads(records, "some")]
    return np.stack(
        [np.stack([feature_table(records, names, reversal) for names in variants]) for reversal in [None, *CLASSES]]
    )


def fit(features: np.ndarray, scale: np.ndarray) -> dict:
    """Multinomial logistic regression, by L-BFGS to convergence."""
    flat = features.reshape(features.shape[0], -1, features.shape[-1])
    label = np.repeat(np.arange(len(flat)), flat.shape[1])
    x = soften(flat.reshape(-1, flat.shape[-1]), scale)
    useful = ~np.isnan(x[:, 0])
    inputs, targets = torch.from_numpy(x[useful]), torch.from_numpy(label[useful])
    weights = torch.zeros((len(CLASSES), x.shape[1]), dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(len(CLASSES), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=400, line_search_fn="strong_wolfe", tolerance_grad=1e-6)

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        logits = torch.nn.functional.pad(inputs @ weights.T + bias, (1, 0))
        value = torch.nn.functional.cross_entropy(logits, targets) + L2 * (weights**2).sum()
        value.backward()
        return value

    optimiser.step(loss)
    return {"scale": scale.tolist()} | {
        name: {"bias": bias[i].item(), "weights": weights[i].tolist()} for i, name in enumerate(CLASSES)
    }


def bin_scale(raw: np.ndarray) -> np.ndarray:
    """Median height of each bin over records and both leads: [n, 75] -> [18]."""
    bins = np.abs(raw[~np.isnan(raw[:, 0]), :BINS]).reshape(-1, len(LIMB), BINS // len(LIMB))
    return np.median(bins.reshape(-1, bins.shape[-1]), axis=0).round(DIGITS)


def fit_table(records: list[dict], rows: list[dict]) -> dict:
    """Coefficients on all of `records`, with thresholds from cross-validation on them."""
    features = training_features(records)
    scale = bin_scale(features[0, 0])
    fold = np.array([fold_of(row) for row in rows])
    tables = [fit(features[:, :, fold != k], scale) for k in range(FOLDS)]
    thresholds = {name: [LOWEST_THRESHOLD] * len(LEADS_KNOWN) for name in CLASSES}
    for name, names in LEAD_SETS.items():
        raw = feature_table(records, [names] * len(records), None)
        raw, at = raw[~np.isnan(raw[:, 0])], fold[~np.isnan(raw[:, 0])]
        odds, leads = np.stack([log_odds(x, tables[k]) for x, k in zip(raw, at)]), known(raw)
        for i, reversal in enumerate(CLASSES):
            for k in range(len(LEADS_KNOWN)):
                highest = np.sort(odds[leads == k, i])[::-1]
                if len(highest) < len(raw) / 2:  # leads of another set, when noise took one
                    continue
                if k == 0 and i > 0:  # never told
                    continue
                threshold = float(highest[int(FALSE_ALARMS[reversal] * len(highest))])
                print(f"{name:9} {reversal:16} {LEADS_KNOWN[k]:13} {threshold:.3f}", flush=True)
                thresholds[reversal][k] = max(thresholds[reversal][k], round(threshold, DIGITS))
    table = fit(features, scale)
    for reversal in CLASSES:
        table[reversal]["thresholds"] = thresholds[reversal]
        table[reversal]["bias"] = round(table[reversal]["bias"], DIGITS)
        table[reversal]["weights"] = [round(w, DIGITS) for w in table[reversal]["weights"]]
    return table


def write_table(table: dict, path: Path = TABLE) -> None:
    parts = [f'"scale": {json.dumps(table["scale"])}']
    for name in CLASSES:
        lists = ", ".join(f'"{key}": {json.dumps(table[name][key])}' for key in ("bias", "thresholds", "weights"))
        parts.append(f'"{name}": {{ {lists} }}')
    path.write_text("{\n  " + ",\n  ".join(parts) + "\n}\n")


# ---- report


def share(hits: np.ndarray) -> str:
    return f"{int(hits.sum()):4}/{len(hits):<4} {100 * hits.mean() if len(hits) else float('nan'):5.1f} %"


Decisions = dict[str | None, np.ndarray]  # by simulated reversal: -1 cannot tell, 0 none, 1 arms, 2 right arm and left leg


def decide(records: list[dict], names: list[str], table: dict, fs: float | list[float] = GRID_HZ) -> Decisions:
    decisions = {}
    for reversal in [None, *REVERSALS]:
        raw = feature_table(records, [names] * len(records), reversal, fs)
        decisions[reversal] = np.where(np.isnan(raw[:, 0]), -1, told(scores(raw, table)))
    return decisions


def print_line(title: str, decisions: Decisions) -> None:
    """Rates are of all records; one that cannot be told is neither an alarm nor found."""
    plain, arms, leg, left = (decisions[reversal] for reversal in [None, *REVERSALS])
    print(
        f"{title:22} untold {int((plain < 0).sum()):2}"
        f" | false arms {share(plain == 1)}, leg {share(plain == 2)}"
        f" | arms found {share(arms == 1)} (as leg {int((arms == 2).sum())})"
        f" | leg found {share(leg == 2)} (as arms {int((leg == 1).sum())})"
        f" | LA-LL told as arms {int((left == 1).sum())}, leg {int((left == 2).sum())}",
        flush=True,
    )


def report_set(title: str, records: list[dict], names: list[str], table: dict, fs=GRID_HZ) -> Decisions:
    decisions = decide(records, names, table, fs)
    print_line(title, decisions)
    return decisions


def report_part(title: str, records: list[dict], rows: list[dict], table: dict) -> Decisions:
    """All lead sets; returns the decisions on twelve leads."""
    print(f"\n## {title}: {len(records)} records")
    twelve = None
    for name, names in LEAD_SETS.items():
        if name == "8":
            continue  # the same eight leads as of twelve
        decisions = report_set(name, records, names, table)
        if name == "12":
            twelve = decisions
            alarms = [f"{r['record_id']} {r['scored_abbr']}: {CLASSES[p - 1]}" for r, p in zip(rows, twelve[None]) if p > 0]
            print("   false alarms:", ", ".join(alarms))
    return twelve


def report_groups(title: str, rows: list[dict], decisions: Decisions) -> None:
    """Twelve leads by source, scale and diagnosis."""
    print(f"\n## {title}, twelve leads, by group")
    for name, belongs in groups_of(rows).items():
        chosen = np.array([belongs(row) for row in rows])
        if chosen.any():
            print_line(name, {reversal: decided[chosen] for reversal, decided in decisions.items()})


def groups_of(rows: list[dict]) -> dict:
    has = lambda column, value: lambda row: value in row[column].split(";")  # noqa: E731
    groups = {name: has("dataset", name) for name in sorted({row["dataset"] for row in rows})}
    groups |= {name: has("scale", name) for name in sorted({row["scale"] for row in rows})}
    groups |= {name: has("scored_abbr", name) for name in sorted({a for r in rows for a in r["scored_abbr"].split(";") if a})}
    codes = {"MI": "164865005", "LVH": "164873001", "ischaemia": "164861001", "RVH": "89792004", "LPFB": "445211001"}
    return groups | {name: has("snomed_codes", code) for name, code in codes.items()}


def report_variants(records: list[dict], table: dict) -> None:
    """Shorter, noisier, other rates."""
    print("\n## twelve leads, changed")
    for seconds in (5, 3):
        report_set(f"{seconds} s", [{k: x[: seconds * 100] for k, x in r.items()} for r in records], LEADS, table)
    zscored = [{k: (x - x.mean()) / (x.std() or 1) for k, x in r.items()} for r in records]
    report_set("z-scored leads", zscored, LEADS, table)
    generator = np.random.default_rng(0)
    for level in (0.2, 0.5):
        noisy = [{k: x + level * x.std() * generator.normal(size=len(x)) for k, x in r.items()} for r in records]
        report_set(f"white noise {level} sd", noisy, LEADS, table)
    wander = lambda n: 3 * np.sin(2 * np.pi * (0.3 * np.arange(n) / 100 + generator.random()))  # noqa: E731
    report_set("wander 3 sd", [{k: x + x.std() * wander(len(x)) for k, x in r.items()} for r in records], LEADS, table)
    only = [{k: generator.normal(size=1000) for k in LEADS} for _ in records]
    report_set("noise alone", only, LEADS, table)


def report_originals(data: Path, table: dict) -> None:
    from training.records import read_record

    folder = data / "records"
    names = sorted(path.stem for path in folder.glob("*.hea"))
    found = [read_record(folder / name) for name in names]
    upper = {name.upper(): name for name in LEADS}
    records = [
        {upper[n.upper()]: x.astype(np.float64) for n, x in zip(r.sig_names, r.signal) if n.upper() in upper} for r in found
    ]
    rates = [float(r.fs) for r in found]
    print(f"\n## originals: {len(records)} records")
    for name, kept in LEAD_SETS.items():
        plain = report_set(name, records, kept, table, rates)[None]
        print("   false alarms:", ", ".join(f"{n}: {CLASSES[p - 1]}" for n, p in zip(names, plain) if p > 0))


def report(data: Path, table: dict) -> None:
    records, rows = load(data, "train")
    held = np.array([is_tuning(patient(row)) for row in rows])
    for title, part in (("fitted part of train.npz", ~held), ("held-out part of train.npz", held)):
        some, their = ([entry for entry, chosen in zip(entries, part) if chosen] for entries in (records, rows))
        decisions = report_part(title, some, their, table)
        report_groups(title, their, decisions)
    report_variants(some, table)
    records, rows = load(data, "val")
    report_groups("val.npz", rows, report_part("val.npz", records, rows, table))
    report_originals(data, table)


# ---- golden: made-up records, from integers and exact operations, so that both languages make the same bits

# centre in s after the beat's begin, half width in s, and the height in I, III and V1 to V6, in uV
WAVES = [
    (0.15, 0.05, [60, 50, 30, 50, 60, 70, 60, 60]),
    (0.29, 0.03, [-30, 20, 150, 200, 100, -40, -60, -60]),
    (0.32, 0.04, [700, 100, -500, -300, 300, 1000, 1200, 900]),
    (0.37, 0.03, [-100, 60, -200, -700, -600, -300, -100, -40]),
    (0.60, 0.12, [200, 40, -60, 300, 350, 320, 250, 180]),
]
BEAT_SECONDS = 0.85
NOISE_UV = 15


def made_up(fs: float, seconds: float, seed: int) -> dict[str, np.ndarray]:
    """Twelve leads of triangular waves with noise, f64[round(fs seconds)]."""
    n = np.arange(int(np.floor(fs * seconds + 0.5)))
    phase = n / fs - np.floor(n / fs / BEAT_SECONDS) * BEAT_SECONDS
    independent = []
    for row in range(8):
        noise = (splitmix32(seed + row, len(n)) >> np.uint32(8)) * 2.0**-23 - 1
        x = NOISE_UV * noise
        for centre, width, heights in WAVES:
            x = x + heights[row] * np.maximum(0.0, 1 - np.abs(phase - centre) / width)
        independent.append(x)
    one, three, *chest = independent
    two = one + three
    limb = [one, two, three, -(one + two) / 2, one - two / 2, two - one / 2]
    return dict(zip(LEADS, [*limb, *chest]))


GOLDEN_CASES = [
    (100, 10, "12"), (500, 10, "12"), (50, 10, "12"), (2000, 6, "8"), (257, 8.3, "6"), (360, 5, "3"), (128, 60, "2"),
    (1000, 10, "I"), (250, 10, "I, V1-V6"), (500, 3, "12"),
]  # fmt: skip


def golden(table: dict) -> list[dict]:
    cases = []
    for number, (fs, seconds, lead_set) in enumerate(GOLDEN_CASES):
        leads = made_up(fs, seconds, 1000 * number)
        for reversal in [None, *REVERSALS]:
            kept = choose(reverse(leads, reversal) if reversal else leads, LEAD_SETS[lead_set])
            score = [None if np.isnan(value) else float(value) for value in scores(raw_features(kept, fs), table)]
            case = {"fs": fs, "seconds": seconds, "seed": 1000 * number, "leads": LEAD_SETS[lead_set], "reversal": reversal}
            cases.append(case | {"scores": score})
    return cases


def write_golden(table: dict, path: Path = GOLDEN) -> None:
    path.write_text("[\n" + ",\n".join(json.dumps(case) for case in golden(table)) + "\n]\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--golden", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.report:
        report(options.data, json.loads(TABLE.read_text()))
    elif options.golden:
        write_golden(json.loads(TABLE.read_text()))
    else:
        records, rows = load(options.data, "train")
        chosen = [i for i, row in enumerate(rows) if not is_tuning(patient(row))]
        write_table(fit_table([records[i] for i in chosen], [rows[i] for i in chosen]))


if __name__ == "__main__":
    main()
