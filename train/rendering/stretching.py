"""Stretching of strokes at the same pitch, and shifting at the same length, by librosa's phase vocoder.

It is slower than `drumscribe.synthesis.augmentation`, and needs librosa.
"""

from dataclasses import dataclass, field

import numpy as np

from drumscribe.synthesis.augmentation import Range
from drumscribe.synthesis.one_shots import OneShot

_WINDOW = 512  # short, so that an attack is not smeared over more than some milliseconds


@dataclass(frozen=True)
class StretchSettings:
    """Probabilities and ranges.

    Attributes
    ----------
    stretch : Range, optional
        Factor of speed, at the same pitch.
    shift : Range, optional
        Semitones, at the same length.
    """

    stretch: Range = field(default_factory=lambda: Range(0.3, 0.8, 1.25))
    shift: Range = field(default_factory=lambda: Range(0.3, -2.0, 2.0))


def stretch_time(samples: np.ndarray, ratio: float) -> np.ndarray:
    """Play sound faster or slower, at the same pitch.

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,) float32``.
    ratio : float
        Factor of speed.

    Returns
    -------
    np.ndarray
        ``(samples / ratio,) float32``.
    """
    import librosa

    return librosa.effects.time_stretch(samples, rate=ratio, n_fft=_WINDOW).astype(np.float32)


def shift_pitch(samples: np.ndarray, rate: int, semitones: float) -> np.ndarray:
    """Raise the pitch of sound, at the same length.

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,) float32``.
    rate : int
        Samples per second.
    semitones : float
        How far.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    import librosa

    shifted = librosa.effects.pitch_shift(samples, sr=rate, n_steps=semitones, n_fft=_WINDOW)
    return shifted.astype(np.float32)


def stretch_shot(shot: OneShot, rate: int, rng: np.random.Generator, settings: StretchSettings) -> OneShot:
    """Stretch and shift a stroke at random; its attack is known to some milliseconds afterwards.

    Parameters
    ----------
    shot : OneShot
        The stroke.
    rate : int
        Samples per second.
    rng : np.random.Generator
        Source of randomness.
    settings : StretchSettings
        Probabilities and ranges.

    Returns
    -------
    OneShot
        The changed stroke.
    """
    samples, onset = shot.samples, shot.onset
    if rng.random() < settings.stretch.probability:
        ratio = settings.stretch.draw_ratio(rng)
        samples, onset = stretch_time(samples, ratio), round(onset / ratio)
    if rng.random() < settings.shift.probability:
        samples = shift_pitch(samples, rate, settings.shift.draw(rng))
    return OneShot(samples, onset)
