"""Sounds without attacks that drums are struck over: hiss, and the low tones of synthesisers."""

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import uniform_filter1d

from drumscribe.synthesis.effects import band_limits, coloured_noise, equalise, saturate

from ..data.sources import RATE
from .scores import Score

Harmony = Sequence[tuple[int, ...]]
"""A chord for each bar, as MIDI notes, the root first."""

_SMOOTHED_S = 0.01
"""Levels change within this time, so that they do not click."""


def hiss(score: Score, harmony: Harmony, rng: np.random.Generator, length: int) -> np.ndarray:
    """Hiss without end, as machines, ringing cymbals and synthesisers do.

    Parameters
    ----------
    score : Score
        The drum part, whose kicks may duck it.
    harmony : Harmony
        Chords; of no effect.
    rng : np.random.Generator
        Source of randomness.
    length : int
        Samples.

    Returns
    -------
    np.ndarray
        ``(length,) float32``.
    """
    low = np.exp(rng.uniform(np.log(300.0), np.log(9000.0)))
    top = rng.uniform(max(low, 6000.0), 20000.0)
    noise = equalise(coloured_noise(rng, length, 0.0), RATE, *band_limits(low, top, rng.choice([6.0, 24.0])))
    return (noise * _level(score, rng, length)).astype(np.float32)


def drone(score: Score, harmony: Harmony, rng: np.random.Generator, length: int) -> np.ndarray:
    """Hold a low tone of a synthesiser from bar to bar, more or less distorted.

    Parameters
    ----------
    score : Score
        The drum part, whose kicks may duck it.
    harmony : Harmony
        Chords.
    rng : np.random.Generator
        Source of randomness.
    length : int
        Samples.

    Returns
    -------
    np.ndarray
        ``(length,) float32``.
    """
    bar = max(1, int(score.beat * score.beats_per_bar * RATE))
    pitches = np.array([28 + (chord[0] - 28) % 12 for chord in harmony])
    frequency = 440.0 * 2.0 ** ((pitches[np.arange(length) // bar % len(pitches)] - 69) / 12.0)
    tone = np.sin(2.0 * np.pi * np.cumsum(frequency) / RATE) * _level(score, rng, length)
    return saturate(tone.astype(np.float32), float(np.exp(rng.uniform(0.0, np.log(30.0)))))


def _level(score: Score, rng: np.random.Generator, length: int) -> np.ndarray:
    """Draw a level, ``(length,)``, 0 to 1: steady, rising or falling, beginning or ending, ducked by kicks."""
    time = np.arange(length) / RATE
    level = np.ones(length)
    if rng.random() < 0.3:
        begin_db, end_db = rng.uniform(-30.0, 0.0, 2)
        level = 10.0 ** (np.linspace(begin_db, end_db, length) / 20.0)
    if rng.random() < 0.3:
        moment = rng.uniform(0.1, 0.8) * length / RATE
        level = level * ((time > moment) if rng.random() < 0.7 else (time < moment))
    kicks = score.times[score.struck({"kick"})]
    if len(kicks) and rng.random() < 0.4:
        last = np.searchsorted(kicks, time, side="right") - 1
        since = np.where(last < 0, np.inf, time - kicks[last])
        level = level * (1.0 - rng.uniform(0.5, 1.0) * np.exp(-since / (rng.uniform(0.2, 0.6) * score.beat)))
    return uniform_filter1d(level, int(_SMOOTHED_S * RATE))
