"""Syllables as they are sung, made of harmonics and noise."""

import numpy as np

from drumscribe.synthesis.effects import band_limits, coloured_noise, equalise

from ..data.sources import RATE


def sing(pitch: int, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Sing a syllable: harmonics under three formants, vibrato, and a consonant before it.

    Parameters
    ----------
    pitch : int
        MIDI note.
    seconds : float
        Length.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    length = int(seconds * RATE)
    time = np.arange(length) / RATE
    vibrato = 0.3 * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * time) * np.minimum(1.0, time / 0.4)
    glide = rng.uniform(-2.0, 0.5) * np.exp(-time / 0.05)
    frequency = 440.0 * 2.0 ** ((pitch - 69 + vibrato + glide) / 12.0)
    phase = 2 * np.pi * np.cumsum(frequency) / RATE
    formants = np.array([rng.uniform(300, 850), rng.uniform(900, 2300), rng.uniform(2400, 3200)])
    base = 440.0 * 2.0 ** ((pitch - 69) / 12.0)
    out = np.zeros(length)
    for k in range(1, min(24, int(6000 / base)) + 1):
        gain = np.sum(np.array([1.0, 0.5, 0.3]) / (1.0 + np.square((k * base - formants) / 120.0))) + 0.01
        out += gain * np.sin(k * phase)
    out *= np.minimum(1.0, time / 0.03) * np.minimum(1.0, (seconds - time) / 0.05)
    if rng.random() < 0.7:
        consonant = _consonant(rng)[:length]
        out[: len(consonant)] += consonant * np.max(np.abs(out))
    if rng.random() < 0.25:  # and one at the end
        consonant = _consonant(rng)[:length]
        out[length - len(consonant) :] += consonant * np.max(np.abs(out))
    return out.astype(np.float32)


def _consonant(rng: np.random.Generator) -> np.ndarray:
    """Make a burst as of t, k or p, or a hiss as of s, sh or f, 0.05 to 0.8 times as loud as the vowel."""
    plosive = rng.random() < 0.5
    length = int(RATE * (rng.uniform(0.005, 0.03) if plosive else rng.uniform(0.05, 0.2)))
    low, high = np.sort(np.exp(rng.uniform(np.log(1200.0), np.log(14000.0), 2)))
    noise = equalise(coloured_noise(rng, length, 0.0), RATE, *band_limits(low, max(high, 1.6 * low)))
    rise = max(1, int(length * (0.1 if plosive else rng.uniform(0.1, 0.6))))
    shape = np.minimum(1.0, np.arange(length) / rise) * np.minimum(
        1.0, (length - np.arange(length)) / (length - rise + 1)
    )
    return noise * shape / max(float(np.max(np.abs(noise))), 1e-6) * rng.uniform(0.05, 0.8)
