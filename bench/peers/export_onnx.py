"""f32 weight files -> ONNX: `python3 -m bench.peers.export_onnx FILE… -o FOLDER`, from the project's root.

float32[1, leads, windowSamples] "input" -> float32[1, classes] "logits", see `network.py`. Each model is checked against the reference
network before it is written.
"""

import argparse
from pathlib import Path

import onnx
import torch

from bench.peers.network import load_peer
from training.export import read_checkpoint
from training.lead_attention import LeadAttentionNetwork

OPSET = 20  # the first with GELU as one operation
LARGEST_DIFFERENCE = 1e-3


@torch.no_grad()
def check(peer: torch.nn.Module, path: Path) -> torch.Tensor:
    """An input on which `peer` was compared with the reference network in float64."""
    checkpoint = read_checkpoint(path)
    reference = LeadAttentionNetwork(checkpoint["config"], len(checkpoint["classes"]))
    reference.load_state_dict(checkpoint["state_dict"], strict=False)
    config = checkpoint["config"]
    x = torch.randn(1, len(config["leads"]), config["windowSamples"], generator=torch.Generator().manual_seed(1))
    difference = (reference.double().eval()(x.double()) - peer(x)).abs().max().item()
    if not difference < LARGEST_DIFFERENCE:
        raise ValueError(f"{path}: logits differ from the reference by {difference}")
    print(f"{path.name}: logits differ from the float64 reference by {difference:.1e}")
    return x


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 -m bench.peers.export_onnx", description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=32, help="longest block of queries in local attention")
    args = parser.parse_args()
    for path in args.weights:
        peer = load_peer(path, args.steps)
        x = check(peer, path)
        output = args.output / f"{path.stem}.onnx"
        torch.onnx.export(peer, (x,), output, input_names=["input"], output_names=["logits"], opset_version=OPSET, dynamo=False)
        onnx.checker.check_model(output, full_check=True)


if __name__ == "__main__":
    main()
