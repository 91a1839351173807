"""The committed checkpoints of test/convert hold what the script writes today."""

import json

from training import fixtures
from training.config import ROOT

COMMITTED = json.loads((ROOT / "test" / "convert" / "fixtures" / "fixtures.json").read_text())


def test_fixtures_are_current():
    assert COMMITTED["config"] == fixtures.CONFIG
    for name, (_, entry) in fixtures.pickled_fixtures().items():
        committed = COMMITTED["files"][name]
        assert {**committed, "logits": None} == {**entry, "logits": None}, name
        assert all(abs(a - b) < 1e-9 for a, b in zip(committed["logits"], entry["logits"], strict=True)), name


def test_published_twin(tmp_path):
    network = fixtures.tiny_network()
    for protocol in (2, 5):
        content = fixtures.published_pickle(network, fixtures.FEW_CLASSES, protocol)
        assert content[:2] == bytes([0x80, protocol]) and b"_load_from_bytes" in content
