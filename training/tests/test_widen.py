"""Widening: what of the small network the large one computes."""

import pytest
import torch

from training.config import CLASS_CODES, PRESETS
from training.fast_model import FastLeadAttention, to_state_dict
from training.tests.common import noise as seeded_noise
from training.tests.test_training import SMALL, stirred
from training.widen import resample_taps, token_seconds, widen

LARGER = SMALL | {"stem": [[1, 6, 2, 2], [6, 12, 2, 3], [12, 12, 1, 1]], "windowSamples": 330, "dim": 16, "mlpRatio": 3}


def noise(records: int) -> torch.Tensor:
    return torch.from_numpy(seeded_noise("widen", records, 12, LARGER["windowSamples"])).float()


def small() -> FastLeadAttention:
    torch.manual_seed(3)
    return stirred(FastLeadAttention(SMALL, len(CLASS_CODES))).eval()


def checkpoint(model: FastLeadAttention) -> dict:
    return {"config": SMALL, "state_dict": to_state_dict(model)}


def stem(model: FastLeadAttention, signal: torch.Tensor, blocks: int) -> torch.Tensor:
    x = signal[..., None]
    for block in list(model.blocks)[:blocks]:
        x = block(x)
    return x


@torch.no_grad()
def test_old_channels_are_what_they_were():
    old, signal = small(), noise(2)
    new = widen(checkpoint(old), LARGER, signal).eval()
    assert torch.allclose(stem(new, signal, 1)[..., :4], stem(old, signal, 1), atol=1e-5)
    # Of the second block's chain two layers are new: they pass on what they get, but for values far below the mean.
    ours, theirs = stem(new, signal, 2)[..., :8], stem(old, signal, 2)
    assert (ours - theirs).abs().max() < 1e-3 * theirs.std()
    # The third block is new, and cuts eight steps off at either end.
    assert (stem(new, signal, 3)[..., :8] - theirs[:, :, 8:-8]).abs().max() < 1e-2 * theirs.std()


@torch.no_grad()
def test_new_channels_are_there_and_are_not_read_yet():
    old, signal = small(), noise(2)
    new = widen(checkpoint(old), LARGER, signal).eval()
    before = new(signal)
    assert before.isfinite().all()
    new.blocks[0].p01.point_wise.weight[4:] += 1  # channels 4 and 5
    assert torch.equal(stem(new, signal, 2)[..., :8], stem(widen(checkpoint(old), LARGER, signal).eval(), signal, 2)[..., :8])
    assert stem(new, signal, 1)[..., 4:].std() > 0


def test_a_widened_network_learns_everywhere():
    signal = noise(4)
    new = widen(checkpoint(small()), LARGER, signal).train()
    optimizer = torch.optim.SGD(new.parameters(), lr=0.1)
    for _ in range(2):  # what begins at zero passes no gradient on in the first step
        optimizer.zero_grad()
        new(signal).square().mean().backward()
        optimizer.step()
    still = [name for name, parameter in new.named_parameters() if not parameter.grad.any()]
    assert still == []


def test_taps_keep_their_sum_and_their_place():
    taps = torch.tensor([0.0, 0.0, 1.0, 0.0, 2.0])
    assert torch.equal(resample_taps(taps, 1.0), taps)
    assert torch.equal(resample_taps(taps, 0.5), torch.tensor([0.0, 0.0, 1.0, 2.0, 0.0]))
    assert torch.allclose(resample_taps(taps, 0.75), torch.tensor([0.0, 0.0, 1.0, 1.0, 1.0]))


def test_token_seconds_of_the_presets():
    assert token_seconds(PRESETS["edge"]) == pytest.approx(8 * 111 / 144 / 100)
    assert token_seconds(PRESETS["compact"]) == pytest.approx(8 * 175 / 144 / 100)


@pytest.mark.parametrize("changes, name", [({"heads": 4}, "heads"), ({"dim": 4}, "dim"), ({"stem": [[1, 4, 2, 0]]}, "stem")])
def test_what_is_no_larger_network_is_refused(changes, name):
    with pytest.raises(ValueError, match=name):
        widen(checkpoint(small()), LARGER | changes, noise(2))
