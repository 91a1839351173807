"""PyTorch on one thread, driven by `torch.mjs`: one JSON request a line on stdin, one JSON answer a line on stdout.

    {"load": FILE}  -> {"ms"}: an f32 weight file becomes the network of `network.py`
    {"run": FILE, "input": base64 float32, "leads": 12}  -> {"ms", "ownMs", "logits"}: one record; "input" only when it is another than before

The first line on stdout says the versions.
"""

import base64
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

from bench.peers.network import load_peer

SCHEDULER = Path("/proc/self/schedstat")


def say(answer: dict) -> None:
    print(json.dumps(answer), flush=True)


@torch.no_grad()
def load(path: Path) -> torch.jit.ScriptModule:
    """The network, frozen and fused: a tenth to a fifth faster than eagerly."""
    peer = load_peer(path).eval()
    config = peer.config
    x = torch.zeros(1, len(config["leads"]), config["windowSamples"])
    return torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(peer, (x,))))


def waited_ms() -> float:
    """Milliseconds that the main thread had to wait for a core, from Linux's scheduler; 0 elsewhere."""
    try:
        return int(SCHEDULER.read_text().split()[1]) / 1e6
    except OSError:
        return 0.0


@torch.inference_mode()
def main() -> None:
    torch.set_num_threads(1)
    say({"torch": torch.__version__, "capability": torch.backends.cpu.get_cpu_capability()})
    networks, inputs = {}, {}
    for line in sys.stdin:
        request = json.loads(line)
        start = time.perf_counter()
        if "load" in request:
            networks[request["load"]] = load(Path(request["load"]))
            say({"ms": 1000 * (time.perf_counter() - start)})
            continue
        path = request["run"]
        network = networks[path]
        if "input" in request:
            x = np.frombuffer(base64.b64decode(request["input"]), dtype=np.float32)
            inputs[path] = torch.from_numpy(x.copy()).reshape(1, request["leads"], -1)
        opened, waited = time.perf_counter(), waited_ms()
        start = time.perf_counter()
        logits = network(inputs[path])
        ms = 1000 * (time.perf_counter() - start)
        waited = waited_ms() - waited
        # As in stopwatch.mjs: a wait that may have been outside of `ms` counts as own time.
        outside = 1000 * (time.perf_counter() - opened) - ms
        own_ms = ms - min(ms, max(0.0, waited - outside))
        say({"ms": ms, "ownMs": own_ms, "logits": logits[0].tolist()})


if __name__ == "__main__":
    main()
