"""Balance: drums are raised until they are heard through the band, as who mixes a record would."""

from dataclasses import replace

import numpy as np

from drumscribe.synthesis.effects import rms

from ..data.sources import RATE
from .kits import Drum
from .scores import Score

_FLOOR_DB, _FLOOR_SPREAD_DB, _ROLE_SPREAD_DB = 10.0, 5.0, 3.0
"""How far, at the least, a stroke stands out of the band where in frequency it does so most: mean and standard
deviation over recordings, and the latter over the drums of one. By hand."""
_MOST_DB = 18.0
"""No drum is raised by more. By hand."""
_LOUD = 70.0
"""Percentile of the band's power over time that an attack is held against. By hand."""
_EDGES = np.geomspace(40.0, 16000.0, 25)
"""Edges of the bands of frequencies in Hz."""
_WINDOW = 2048


def raise_drums(
    kit: dict[str, Drum], score: Score, drums: np.ndarray, band: np.ndarray, band_db: float, rng: np.random.Generator
) -> dict[str, Drum]:
    """Return a kit whose drums are heard through the band; those that are heard already stay as they are.

    Parameters
    ----------
    kit : dict[str, Drum]
        A drum for each role.
    score : Score
        What is played on them.
    drums, band : np.ndarray
        ``(samples,) float32``, how both sound alone.
    band_db : float
        RMS level of the band relative to the drums, in dB.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    dict[str, Drum]
        The kit.
    """
    loudness = rms(band)
    if loudness == 0.0 or rms(drums) == 0.0:
        return kit
    scaled = band * np.float32(rms(drums) * 10.0 ** (band_db / 20.0) / loudness)
    windows = np.lib.stride_tricks.sliding_window_view(scaled, _WINDOW)[:: _WINDOW // 2]
    masking = np.percentile(_powers(windows), _LOUD, axis=0)
    floor_db = rng.normal(_FLOOR_DB, _FLOOR_SPREAD_DB)
    roles = np.array(score.roles)
    raised = dict(kit)
    for role in sorted(set(score.roles)):
        shot, gain = kit[role].stroke(float(np.median(score.velocities[roles == role])), rng)
        attack = np.zeros(_WINDOW, np.float32)
        heard = shot.samples[max(0, shot.onset - _WINDOW // 8) :][:_WINDOW]
        attack[: len(heard)] = heard * np.float32(gain)
        above_db = 10.0 * np.log10(np.max(_powers(attack) / masking))
        lacking_db = float(np.clip(floor_db + rng.normal(0.0, _ROLE_SPREAD_DB) - above_db, 0.0, _MOST_DB))
        raised[role] = replace(kit[role], gain=kit[role].gain * 10.0 ** (lacking_db / 20.0))
    return raised


def _powers(windows: np.ndarray) -> np.ndarray:
    """``(..., bands)`` power of windows of sound, never 0."""
    spectrum = np.abs(np.fft.rfft(windows * np.hanning(_WINDOW).astype(np.float32), axis=-1)) ** 2
    first = np.searchsorted(np.fft.rfftfreq(_WINDOW, 1.0 / RATE), _EDGES)
    first = np.maximum(first, np.arange(len(first)) + first[0])  # each band has a frequency of its own, at least
    return np.add.reduceat(spectrum, first, axis=-1)[..., :-1] + 1e-9
