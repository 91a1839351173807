"""f32 weight files -> LiteRT: `python3 -m bench.peers.export_litert FILE… -o FOLDER`, from the project's root.

float32[1, leads, windowSamples] -> float32[1, classes], see `network.py`. Needs requirements-litert.txt, which is large.
"""

import argparse
from pathlib import Path

import litert_torch

from bench.peers.export_onnx import LARGEST_DIFFERENCE, check
from bench.peers.network import load_peer


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 -m bench.peers.export_litert", description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    for path in args.weights:
        peer = load_peer(path)
        x = check(peer, path)
        model = litert_torch.convert(peer.eval(), (x,))
        difference = abs(model(x) - peer(x).detach().numpy()).max()
        if not difference < LARGEST_DIFFERENCE:
            raise ValueError(f"{path}: logits differ by {difference} after the conversion")
        model.export(str(args.output / f"{path.stem}.tflite"))


if __name__ == "__main__":
    main()
