"""Sound in memory: whatever shape and kind of numbers it has, one channel of floats at full scale 1.0."""

import numpy as np

from ..errors import ArgumentError
from .limits import LOUDEST
from .mixing import mix_down

_MAX_CHANNELS = 64  # more than any recording has; by hand


def to_mono(samples: np.ndarray) -> np.ndarray:
    """Average the channels of sound in memory (see `mixing`).

    Parameters
    ----------
    samples : np.ndarray
        Sound of shape ``(samples,)``, ``(samples, channels)`` or ``(channels, samples)``: of two axes the shorter one
        is the channels. Floats have full scale at 1.0, signed integers of 8, 16 and 32 bits at their largest value,
        unsigned ones of 8 bits around 128, as in wav files.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``; values that are not finite, or above `LOUDEST`, become 0.

    Raises
    ------
    ArgumentError
        For an array of another shape or kind.
    """
    samples = np.asarray(samples)
    offset, scale = _scale_of(samples.dtype)
    frames = _channels_last(samples)
    if scale != 1.0:
        frames = (frames - np.float64(offset)) / scale
    frames = np.where(np.abs(frames) < LOUDEST, frames, 0.0)
    return mix_down(frames.astype(np.float32))


def _scale_of(kind: np.dtype) -> tuple[float, float]:
    """Return what silence is, and full scale above it, for a kind of number."""
    kind = kind.newbyteorder("=")
    if kind.kind == "f":
        return 0.0, 1.0
    if kind == np.uint8:
        return 128.0, 128.0
    if kind in (np.int8, np.int16, np.int32):
        return 0.0, -float(np.iinfo(kind).min)
    raise ArgumentError(f"samples must be float, or integers of 8, 16 or 32 bits, not {kind}")


def _channels_last(samples: np.ndarray) -> np.ndarray:
    """Return the sound as ``(samples, channels)``."""
    if samples.ndim not in (1, 2):
        raise ArgumentError(f"samples must be (samples,) or (samples, channels), not {samples.shape}")
    if not samples.size:
        return samples.reshape(0, 1)
    if samples.ndim == 1:
        return samples[:, None]
    if min(samples.shape) > _MAX_CHANNELS:
        raise ArgumentError(
            f"samples of shape {samples.shape} have more than {_MAX_CHANNELS} channels, whichever axis they are: "
            "give (samples,) or (samples, channels)"
        )
    return samples if samples.shape[0] >= samples.shape[1] else samples.T
