"""Masking and warping of frames, as in SpecAugment (Park et al., Interspeech 2019)."""

import numpy as np


def mask_time(frames: np.ndarray, start: int, count: int) -> np.ndarray:
    """Silence `count` frames starting at `start`.

    Parameters
    ----------
    frames : np.ndarray
        ``(frames, bands) float32``.
    start, count : int
        Frame numbers.

    Returns
    -------
    np.ndarray
        A copy of the same shape.
    """
    masked = frames.copy()
    masked[start : start + count] = 0.0
    return masked


def mask_bands(frames: np.ndarray, start: int, count: int) -> np.ndarray:
    """Silence `count` bands starting at `start`.

    Parameters
    ----------
    frames : np.ndarray
        ``(frames, bands) float32``.
    start, count : int
        Band numbers.

    Returns
    -------
    np.ndarray
        A copy of the same shape.
    """
    masked = frames.copy()
    masked[:, start : start + count] = 0.0
    return masked


def warp_time(frames: np.ndarray, positions: np.ndarray, centre: float, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Move frame `centre` by `shift` frames, stretching one side and squeezing the other.

    The first and the last frame stay.

    Parameters
    ----------
    frames : np.ndarray
        ``(frames, bands) float32``.
    positions : np.ndarray
        ``(labels,)`` in frames; moved with the sound.
    centre : float
        The frame to move.
    shift : float
        How far to move it, in frames.

    Returns
    -------
    tuple[np.ndarray, np.ndarray]
        The warped frames, of the same shape, and the positions in them.
    """
    last = len(frames) - 1
    before, after = np.array([0.0, centre, last]), np.array([0.0, centre + shift, last])
    sources = np.interp(np.arange(len(frames)), after, before)
    lower = np.minimum(sources.astype(int), max(0, last - 1))
    share = (sources - lower)[:, None].astype(np.float32)
    warped = frames[lower] * (1 - share) + frames[np.minimum(lower + 1, last)] * share
    return warped.astype(np.float32), np.interp(positions, before, after)
