"""A score and a kit to sound: overlapping strokes, choked hats, damped retriggers."""

import numpy as np
from scipy.signal import lfilter

from drumscribe.drums import ARTICULATION_BY_NAME
from drumscribe.synthesis import band_limits, coloured_noise, equalise, place

from ..data.sources import RATE
from .kits import Drum
from .scores import Score


def render_drums(score: Score, kit: dict[str, Drum], rng: np.random.Generator, seconds: float) -> np.ndarray:
    """The drums alone, ``(seconds * RATE,) float32``; attacks fall on the score's times to the sample."""
    out = np.zeros(int(seconds * RATE), np.float32)
    damped = rng.random() < (0.6 if score.electronic else 0.15)
    fade = int(RATE * rng.uniform(0.01, 0.06))
    stops = _stops(score, damped)
    for time, role, velocity, stop in zip(score.times, score.roles, score.velocities, stops, strict=True):
        shot, gain = kit[role].stroke(float(velocity), rng)
        place(out, shot, round(time * RATE), gain, None if np.isinf(stop) else round(stop * RATE), fade)
    return out


def snare_wires(drums: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The wires of a snare, which low drums set buzzing: noise that follows how loud the lows of the drums are."""
    lows = np.abs(equalise(drums, RATE, *band_limits(40.0, rng.uniform(150.0, 400.0))))
    decay = np.exp(-1.0 / (RATE * rng.uniform(0.03, 0.15)))
    envelope = lfilter([1.0 - decay], [1.0, -decay], lows)
    wires = equalise(
        coloured_noise(rng, len(drums), 0.0), RATE, *band_limits(rng.uniform(800, 3000), rng.uniform(6000, 14000))
    )
    level = 10.0 ** (rng.uniform(-36.0, -14.0) / 20.0)
    return (wires * envelope * level).astype(np.float32)


def _stops(score: Score, damped: bool) -> np.ndarray:
    """When each stroke is cut off: hats by the next hat, others, where `damped`, by the next of the same drum."""
    stops = np.full(len(score.times), np.inf)
    latest: dict[str, int] = {}
    for i, role in enumerate(score.roles):
        instrument = ARTICULATION_BY_NAME[role].instrument if role in ARTICULATION_BY_NAME else role
        drum = "hihat" if instrument == "hihat" else role
        if drum in latest and (drum == "hihat" or damped) and score.times[i] - score.times[latest[drum]] > 0.02:
            stops[latest[drum]] = score.times[i]
        latest[drum] = i
    return stops
