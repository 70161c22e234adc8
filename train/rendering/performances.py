"""Performances: a score played on a kit, with overlapping strokes, choked hats and damped retriggers."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from scipy.signal import lfilter

from drumscribe.music.drums import ARTICULATION_BY_NAME
from drumscribe.synthesis.effects import band_limits, coloured_noise, equalise
from drumscribe.synthesis.one_shots import OneShot, place

from ..data.sources import RATE
from .scores import Score


class Struck(Protocol):
    """What can be struck: a `kits.Drum`, or another thing that sounds differently with each stroke."""

    def stroke(self, velocity: float, rng: np.random.Generator) -> tuple[OneShot, float]:
        """Choose the recording and the linear gain of a stroke.

        Parameters
        ----------
        velocity : float
            From 0 to 1.
        rng : np.random.Generator
            Source of randomness.

        Returns
        -------
        tuple[OneShot, float]
            The recording and its gain.
        """
        ...


def render_drums(score: Score, kit: Mapping[str, Struck], rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Render the drums alone; attacks fall on the score's times to the sample.

    Parameters
    ----------
    score : Score
        The score.
    kit : Mapping[str, Struck]
        A drum for each role.
    rng : np.random.Generator
        Source of randomness.
    seconds : float
        Length.

    Returns
    -------
    np.ndarray
        ``(seconds * RATE,) float32``.
    """
    out = np.zeros(int(seconds * RATE), np.float32)
    damped = rng.random() < (0.6 if score.electronic else 0.15)
    fade = int(RATE * rng.uniform(0.01, 0.06))
    stops = _stops(score, damped)
    for time, role, velocity, stop in zip(score.times, score.roles, score.velocities, stops, strict=True):
        shot, gain = kit[role].stroke(float(velocity), rng)
        place(out, shot, round(time * RATE), gain, None if np.isinf(stop) else round(stop * RATE), fade)
    return out


def snare_wires(drums: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Make the buzz of snare wires set off by low drums: noise that follows the level of the lows.

    Parameters
    ----------
    drums : np.ndarray
        ``(samples,) float32``.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``, the wires alone.
    """
    lows = np.abs(equalise(drums, RATE, *band_limits(40.0, rng.uniform(150.0, 400.0))))
    decay = np.exp(-1.0 / (RATE * rng.uniform(0.03, 0.15)))
    envelope = lfilter([1.0 - decay], [1.0, -decay], lows)
    wires = equalise(
        coloured_noise(rng, len(drums), 0.0), RATE, *band_limits(rng.uniform(800, 3000), rng.uniform(6000, 14000))
    )
    level = 10.0 ** (rng.uniform(-36.0, -14.0) / 20.0)
    return (wires * envelope * level).astype(np.float32)


def brush_sweeps(score: Score, rng: np.random.Generator, length: int) -> np.ndarray:
    """Make the sound of brushes that circle on a snare: noise that swells once or twice a beat.

    Parameters
    ----------
    score : Score
        The score.
    rng : np.random.Generator
        Source of randomness.
    length : int
        Samples.

    Returns
    -------
    np.ndarray
        ``(length,) float32``, peak 1.
    """
    time = np.arange(length) / RATE
    turns = score.beat / float(rng.choice([1.0, 2.0, 2.0]))
    swell = 0.55 + 0.45 * np.sin(2 * np.pi * (time / turns + rng.random()))
    noise = coloured_noise(rng, length, rng.uniform(0.0, 3.0))
    sweep = equalise(noise, RATE, *band_limits(rng.uniform(600.0, 2000.0), rng.uniform(5000.0, 12000.0), 12.0))
    sweep *= swell ** rng.uniform(1.0, 3.0)
    return (sweep / np.max(np.abs(sweep))).astype(np.float32)


def _stops(score: Score, damped: bool) -> np.ndarray:
    """Return when each stroke is cut off: hats by the next hat, others, if `damped`, by their drum's next stroke."""
    stops = np.full(len(score.times), np.inf)
    latest: dict[str, int] = {}
    for i, role in enumerate(score.roles):
        instrument = ARTICULATION_BY_NAME[role].instrument if role in ARTICULATION_BY_NAME else role
        drum = "hihat" if instrument == "hihat" else role
        if drum in latest and (drum == "hihat" or damped) and score.times[i] - score.times[latest[drum]] > 0.02:
            stops[latest[drum]] = score.times[i]
        latest[drum] = i
    return stops
