"""Strokes made longer at the same pitch, or higher at the same length, by librosa's phase vocoder.

Slower than `drumscribe.augmentation`, and only where librosa is installed.
"""

from dataclasses import dataclass, field

import numpy as np

from drumscribe.augmentation import Range
from drumscribe.synthesis import OneShot

_WINDOW = 512  # short, so that an attack is not smeared over more than some milliseconds


@dataclass(frozen=True)
class StretchSettings:
    """Both variations.

    Attributes
    ----------
    stretch : how much faster, at the same pitch.
    shift : semitones, at the same length.
    """

    stretch: Range = field(default_factory=lambda: Range(0.3, 0.8, 1.25))
    shift: Range = field(default_factory=lambda: Range(0.3, -2.0, 2.0))


def stretch_time(samples: np.ndarray, ratio: float) -> np.ndarray:
    """Play ``(samples,) float32`` `ratio` times as fast, at the same pitch."""
    import librosa

    return librosa.effects.time_stretch(samples, rate=ratio, n_fft=_WINDOW).astype(np.float32)


def shift_pitch(samples: np.ndarray, rate: int, semitones: float) -> np.ndarray:
    """Raise ``(samples,) float32`` by so many semitones, at the same length."""
    import librosa

    shifted = librosa.effects.pitch_shift(samples, sr=rate, n_steps=semitones, n_fft=_WINDOW)
    return shifted.astype(np.float32)


def stretch_shot(shot: OneShot, rate: int, rng: np.random.Generator, settings: StretchSettings) -> OneShot:
    """Stretch and shift a stroke at random; its attack is known to some milliseconds afterwards."""
    samples, onset = shot.samples, shot.onset
    if rng.random() < settings.stretch.probability:
        ratio = settings.stretch.draw_ratio(rng)
        samples, onset = stretch_time(samples, ratio), round(onset / ratio)
    if rng.random() < settings.shift.probability:
        samples = shift_pitch(samples, rate, settings.shift.draw(rng))
    return OneShot(samples, onset)
