"""Checkpoint to weight file."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from training import export
from training.config import CLASS_CODES, PRESETS
from training.lead_attention import LeadAttentionNetwork


def test_export(tmp_path):
    network = LeadAttentionNetwork(PRESETS["edge"])
    torch.save({"state_dict": network.state_dict(), "thresholds": [0.5] * 26}, tmp_path / "checkpoint.pt")
    outputs = [tmp_path / "a.safetensors", tmp_path / "b.safetensors"]
    for output in outputs:
        export.main([str(tmp_path / "checkpoint.pt"), "-o", str(output), "--preset", "edge", "--provenance", "a test"])
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    stored = load_file(outputs[0])
    assert not [name for name in stored if name.endswith("num_batches_tracked")]
    for name, tensor in stored.items():
        assert torch.equal(tensor, network.state_dict()[name])
    with safe_open(outputs[0], "pt") as file:
        metadata = file.metadata()
    assert metadata["format"] == "leadwise/1" and metadata["name"] == "checkpoint"
    assert json.loads(metadata["config"]) == PRESETS["edge"] and json.loads(metadata["classes"]) == CLASS_CODES
    assert json.loads(metadata["thresholds"]) == [0.5] * 26 and json.loads(metadata["provenance"]) == "a test"
    with pytest.raises(RuntimeError, match="size mismatch"):
        export.write_weights(tmp_path / "c", network.state_dict(), PRESETS["compact"], name="c")
