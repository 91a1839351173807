"""Augmentation of z-scored batches; every draw comes from one generator, so a step repeats exactly.

It works on z-scored signals (the network never sees others): what changes a signal's shape is
followed by a new z-score of the lead, as the preprocessing would have done; gains come after it and
stand for what an artefact elsewhere in the lead does to the rest. Leads that are zero stay zero.

Legend: B batch, L = 12 leads, T samples at 100 Hz. Signals are right-aligned float32 [B, L, T].
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from training.config import PRESETS

LEADS = PRESETS["edge"]["leads"]  # all presets have the same twelve
# The challenge's lead sets, plus 8: what the published network was trained on.
LEAD_SETS = {
    12: LEADS,
    8: ["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"],
    6: ["I", "II", "III", "aVR", "aVL", "aVF"],
    4: ["I", "II", "III", "V2"],
    3: ["I", "II", "V2"],
    2: ["I", "II"],
}
WANDER_HZ = (0.5, 2.0)  # below 1 Hz the band-pass leaves little of it


def lead_mask(count: int) -> Tensor:
    """[L] of 1 and 0 for the lead set of `count` leads."""
    return torch.tensor([float(lead in LEAD_SETS[count]) for lead in LEADS])


def uniform(shape: tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator) * (high - low) + low


def chance(batch: int, probability: float, generator: torch.Generator) -> Tensor:
    """[B, 1, 1] of 1 (with the probability) and 0."""
    return (torch.rand(batch, 1, 1, generator=generator) < probability).float()


def crop(signal: Tensor, settings: dict, generator: torch.Generator) -> Tensor:
    """Keep a random stretch of each record, right-aligned with zeros before it.

    This shifts the beats and shows records shorter than the window the way the runtime pads them.
    """
    batch, _, steps = signal.shape
    cut = uniform((batch, 2), 0, settings["crop_seconds"] * 100, generator)
    cut = (cut * chance(batch, settings["crop"], generator)[:, 0]).long()
    source = torch.arange(steps) - cut[:, 1:]  # cut[1] samples fall off the end ...
    kept = source >= cut.sum(1, keepdim=True) - cut[:, 1:]  # ... and cut[0] at the start
    shifted = signal.gather(2, source.clamp(min=0)[:, None].expand_as(signal))
    return shifted * kept[:, None]


def disturb(signal: Tensor, settings: dict, generator: torch.Generator) -> Tensor:
    """White noise and slow wander of random strength on the leads that carry a signal."""
    batch, leads, steps = signal.shape
    sounding = (signal != 0).float()  # padding and missing leads stay zero
    noise = torch.randn(signal.shape, generator=generator)
    noise = noise * uniform((batch, leads, 1), 0, settings["noise_max"], generator)
    phase = uniform((batch, leads, 1), 0, 2 * math.pi, generator)
    hertz = uniform((batch, leads, 1), *WANDER_HZ, generator)
    wander = torch.sin(torch.arange(steps) * (2 * math.pi / 100) * hertz + phase)
    wander = wander * uniform((batch, leads, 1), 0, settings["wander_max"], generator)
    noise = noise * chance(batch, settings["noise"], generator)
    return signal + sounding * (noise + wander * chance(batch, settings["wander"], generator))


def silence(signal: Tensor, settings: dict, generator: torch.Generator) -> Tensor:
    """Zero one stretch of random length in a random half of the leads."""
    batch, leads, steps = signal.shape
    length = uniform((batch, 1, 1), 0, settings["silence_seconds"] * 100, generator)
    start = uniform((batch, 1, 1), 0, steps, generator)
    at = torch.arange(steps)
    hit = (at >= start) & (at < start + length) & (torch.rand(batch, leads, 1, generator=generator) < 0.5)
    return signal * (1 - hit.float() * chance(batch, settings["silence"], generator))


def normalise(signal: Tensor) -> Tensor:
    """Z-score each lead over its non-zero samples; [B, L, T], zero leads stay zero."""
    sounding = (signal != 0).float()
    count = sounding.sum(2, keepdim=True).clamp(min=1)
    centred = (signal - signal.sum(2, keepdim=True) / count) * sounding
    deviation = (centred.square().sum(2, keepdim=True) / count).sqrt()
    return centred / deviation.clamp(min=1e-3)


def choose_leads(batch: int, settings: dict, generator: torch.Generator) -> Tensor:
    """[B, L, 1]: a random lead set, or single leads dropped, or all twelve."""
    sets = torch.stack([lead_mask(count) for count in LEAD_SETS if count != 12])
    chosen = sets[torch.randint(len(sets), (batch,), generator=generator)][:, :, None]
    use_set = chance(batch, settings["lead_set"], generator)
    single = (torch.rand(batch, len(LEADS), 1, generator=generator) > settings["drop_lead_share"]).float()
    drop = chance(batch, settings["drop_lead"], generator)
    return torch.where(use_set > 0, chosen, torch.where(drop > 0, single, torch.ones(1)))


def augment(signal: Tensor, settings: dict, generator: torch.Generator) -> Tensor:
    """One augmented batch, [B, L, T] -> [B, L, T]; `settings` is the recipe's [augmentation]."""
    batch, leads, _ = signal.shape
    signal = normalise(disturb(crop(signal, settings, generator), settings, generator))
    spread = settings["gain_spread"]
    of_record = torch.randn(batch, 1, 1, generator=generator)
    of_lead = torch.randn(batch, leads, 1, generator=generator)
    gain = torch.exp(spread * (of_record + of_lead))
    return silence(signal * gain, settings, generator) * choose_leads(batch, settings, generator)
