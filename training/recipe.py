"""A recipe: one TOML file that says all of a training run."""

import tomllib
from pathlib import Path


def read_recipe(path: Path, changes: list[str] = ()) -> dict:
    """The recipe, with single values replaced: `training.epochs=8`. KeyError for one it does not have (but in [config])."""
    recipe = tomllib.loads(path.read_text())
    for change in changes:
        (key, value), = flatten(tomllib.loads(change)).items()
        *tables, last = key.split(".")
        table = recipe
        for name in tables:
            table = table.setdefault(name, {}) if name == "config" else table[name]
        if last not in table and tables != ["config"]:
            raise KeyError(f"the recipe has no {key}")
        table[last] = value
    return recipe


def flatten(tables: dict, prefix: str = "") -> dict:
    """Values by dotted key."""
    flat: dict = {}
    for key, value in tables.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat
