"""The card of a shipped weight file, as Markdown, from the JSON of `leadwise evaluate`, `compare` and `convert`."""

import hashlib
import json
from pathlib import Path

from safetensors import safe_open

WORDS = Path(__file__).with_name("cards")
FEW = 10
WEAK = 0.8


def figure(value: dict) -> str:
    """`.912 (.901 - .921)`"""
    if value["value"] is None:
        return "-"
    text = short(value["value"])
    return text if value["low"] is None else f"{text} ({short(value['low'])} - {short(value['high'])})"


def short(value: float | None, digits: int = 3) -> str:
    if value is None:
        return "-"
    text = f"{value:.{digits}f}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def leads_of(lead_set: dict) -> str:
    leads = lead_set["leads"]
    return "12" if len(leads) == 12 else f"{len(leads)}: {' '.join(leads)}"


def lead_set_table(evaluation: dict) -> str:
    rows = []
    for lead_set in evaluation["leadSets"]:
        macro = lead_set["strict"]["macro"]
        cells = [figure(macro[key]) for key in ("auroc", "auprc", "f", "challengeMetric", "ece")]
        rows.append([leads_of(lead_set), *cells, short(macro["brier"])])
    return table(["leads", "macro AUROC", "macro AUPRC", "macro F", "challenge metric", "ECE", "Brier"], rows)


def beside_table(evaluation: dict) -> str:
    first = evaluation["leadSets"][0]
    rows = [["strict", first["strict"]], *([row["labelling"], row] for row in first["beside"])]
    return table(
        ["labels", "classes", "macro AUROC", "challenge metric", "official AUROC", "official AUPRC", "official F"],
        [
            [name, str(row["macro"]["classes"]), figure(row["macro"]["auroc"]), figure(row["macro"]["challengeMetric"])]
            + [short(row["official"][key]) for key in ("auroc", "auprc", "f")]
            for name, row in rows
        ],
    )


def source_table(evaluation: dict) -> str:
    rows = []
    for lead_set in evaluation["leadSets"]:
        for row in lead_set["sources"]:
            macro = row["macro"]
            cells = [figure(macro[key]) for key in ("auroc", "auprc", "challengeMetric")]
            rows.append([row["source"], str(len(lead_set["leads"])), str(row["records"]), str(macro["classes"]), *cells])
    rows.sort(key=lambda row: (-int(row[2]), row[0], -int(row[1])))
    return table(["source", "leads", "records", "classes", "macro AUROC", "macro AUPRC", "challenge metric"], rows)


def class_table(evaluation: dict) -> str:
    first = evaluation["leadSets"][0]
    rows = [
        [row["abbreviation"].replace("|", "\\|"), str(row["positives"])]
        + [figure(row[key]) for key in ("auroc", "auprc", "f")]
        + [short(row[key]) for key in ("sensitivity", "specificity", "brier", "ece")]
        for row in first["strict"]["classes"]
    ]
    return table(["class", "positives", "AUROC", "AUPRC", "F", "sensitivity", "specificity", "Brier", "ECE"], rows)


def weak_classes(evaluation: dict) -> str:
    classes = evaluation["leadSets"][0]["strict"]["classes"]
    weak = [r for r in classes if r["positives"] >= evaluation["minPositives"] and r["auroc"]["value"] < WEAK]
    weak.sort(key=lambda r: r["auroc"]["value"])
    few = [f"{r['abbreviation']} {r['positives']}" for r in classes if r["positives"] < FEW]
    weak_text = ", ".join(f"{r['abbreviation']} {short(r['auroc']['value'], 2)}" for r in weak) or "none"
    return (
        f"- Weak (AUROC under {short(WEAK, 2)}): {weak_text}.\n"
        f"- Fewer than {FEW} positives in the validation split, so that figures say little: {', '.join(few)}."
    )


def int8_text(figures: dict) -> str:
    compare, conversion = figures["compare"], figures["conversion"]["quantization"]
    before, after = (figures[kind]["leadSets"][0]["strict"]["macro"]["auroc"]["value"] for kind in ("f32", "int8"))
    logits, decisions = compare["logits"], compare["decisions"]
    worst = min((row for row in conversion["layers"] if row["snr"] is not None), key=lambda row: row["snr"])
    return (
        f"Against the f32 network, on the {compare['records']} validation records: logits (standard deviation {logits['standardDeviation']:.2f}) differ by "
        f"{logits['meanDifference']:.4f} on average and {logits['largestDifference']:.3f} at most; {decisions['flips']} of {decisions['count']:,} decisions flip "
        f"({100 * decisions['flips'] / decisions['count']:.3f} %); macro AUROC goes from {before:.4f} to {after:.4f}. Calibrated on "
        f"{conversion['calibration']['records']} training records; lowest signal to noise of a layer {worst['snr']:.1f} dB ({worst['name']}). "
        f"{conversion['bytes']['before']:,} bytes become {conversion['bytes']['after']:,}."
    )


def calibration_text(weights: dict) -> str:
    rows = []
    decision = json.loads(weights["provenance"])["decision"]
    for entry in json.loads(weights["calibration"]):
        scores = decision[str(len(entry["leads"]))]
        brier = scores["brier"]
        shift = "by class" if isinstance(entry["shift"], list) else str(entry["shift"])
        rows.append([str(len(entry["leads"])), str(entry["temperature"]), shift, *(f"{brier[key]:.4f}" for key in brier), f"{scores['challenge']:.3f}"])
    names = [f"Brier, {key}" for key in brier]
    return table(["leads", "temperature", "shift", *names, "challenge metric"], rows)


def render_card(shipped: Path, name: str, figures: dict) -> str:
    """The card: the words of cards/<name>.md and cards/common.md, with figures where `{key}` stands."""
    words = (WORDS / f"{name}.md").read_text().replace("{common}", (WORDS / "common.md").read_text().strip())
    content = shipped.read_bytes()
    with safe_open(shipped, "np") as file:
        weights = file.metadata()
    evaluation = figures["int8"]
    provenance = json.loads(weights["provenance"])
    values = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": f"{len(content):,}",
        "records": str(evaluation["records"]),
        "classes": str(evaluation["leadSets"][0]["strict"]["macro"]["classes"]),
        "auroc": figure(evaluation["leadSets"][0]["strict"]["macro"]["auroc"]),
        "training_records": f"{provenance['records']:,}",
        "steps": f"{provenance['step']:,}",
        "seed": str(provenance["recipe"]["seed"]),
        "lead_sets": lead_set_table(evaluation),
        "beside": beside_table(evaluation),
        "sources": source_table(evaluation),
        "per_class": class_table(evaluation),
        "weak": weak_classes(evaluation),
        "int8": int8_text(figures),
        "calibration": calibration_text(weights),
    }
    for key, value in values.items():
        words = words.replace("{" + key + "}", value)
    return words
