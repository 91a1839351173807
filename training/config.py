"""Presets and classes, read from the files the runtime reads: `src/presets.json`, `src/classes.json`."""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRESETS = json.loads((ROOT / "src" / "presets.json").read_text())
CLASSES = json.loads((ROOT / "src" / "classes.json").read_text())

# The first SNOMED code of each class, in output order: what a weight file lists.
CLASS_CODES = [entry["codes"][0] for entry in CLASSES]


def load_config(preset: str, **changes) -> dict:
    """A copy of a preset's config, with single keys replaced: `load_config("edge", headOrder="leads")`."""
    unknown = set(changes) - set(PRESETS[preset])
    if unknown:
        raise KeyError(f'config has no key {", ".join(sorted(unknown))}')
    return json.loads(json.dumps(PRESETS[preset])) | changes
