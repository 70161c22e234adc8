"""Ranges of the numbers in an experiment."""

from collections.abc import Mapping
from typing import Any

from drumscribe.errors import DrumscribeError

_MOST = float("inf")
_RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("corpus.validation_clips", "live.clips"), (1, _MOST)),
    **dict.fromkeys(
        ("corpus.clips", "corpus.dry_clips", "corpus.seed", "corpus.at_once", "corpus.first_step"), (0, _MOST)
    ),
    **dict.fromkeys(("samples.per_class", "samples.held_out_per_class", "samples.variants"), (1, _MOST)),
    "samples.sounds": (1, 8),
    "samples.company": (0.0, 1.0),
    "samples.held_out": (0.01, 0.9),
    "samples.seed": (0, _MOST),
    "sequences.silence": (0, 30),
    "sequences.longest": (0.02, 10),
    "sequences.velocity": (0, 1),
    "sequences.noise_db": (-120, 0),
    **dict.fromkeys(("sequences.noisy", "sequences.recorded", "sequences.together"), (0, 1)),
    "sequences.interval": (0, 30),
    "spectrogram.rate": (8000, 192000),
    "spectrogram.hop": (1, 8192),
    "spectrogram.window": (16, 65536),
    "spectrogram.bands": (2, 4096),
    "spectrogram.fmin": (0, 96000),
    "spectrogram.fmax": (1, 96000),
    "input.before_ms": (0, 2000),
    "input.after_ms": (-2000, 5000),
    **dict.fromkeys(("network.filters", "network.width", "network.depth", "network.taps"), (1, 8192)),
    "network.dilations": (1, 8192),
    **dict.fromkeys(("fit.steps", "fit.clips", "fit.frames"), (1, _MOST)),
    **dict.fromkeys(
        ("fit.cooldown", "fit.warmup", "fit.counted", "fit.seed", "fit.validate_steps", "fit.patience"), (0, _MOST)
    ),
    "fit.rate": (1e-8, 10.0),
    "fit.decay": (0, 1.0),
    "fit.hit_weight": (1e-3, 1e3),
    "fit.checkpoint_seconds": (0, _MOST),
    "live.window": (0, 8192),
}
"""Lowest and highest value of each setting, of a list each of its values; by hand."""


def check_ranges(settings: Mapping[str, Any]) -> None:
    """Check that numbers are in their ranges.

    Parameters
    ----------
    settings : Mapping[str, Any]
        The tables of an experiment, by name.

    Raises
    ------
    DrumscribeError
        If one is not.
    """
    for name, (lowest, highest) in _RANGES.items():
        section, key = name.split(".")
        value = settings[section][key]
        for number in value if isinstance(value, (tuple, list)) else (value,):
            if not lowest <= number <= highest:
                limits = f"at least {lowest:g}" if highest == _MOST else f"from {lowest:g} to {highest:g}"
                raise DrumscribeError(f"{name} is {value}, but should be {limits}")
        if value == ():
            raise DrumscribeError(f"{name} is empty, but should hold a number or more")
