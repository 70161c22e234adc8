"""Recurrence: evidence that the same instrument is struck some beats before or after a candidate."""

import numpy as np

from ..fourier import fast_size, irfft, rfft
from .evidence import log_odds, loudest_of_moment

# By hand; the weights of models are learned with them.
_PERIOD_S = (0.28, 1.1)
"""Shortest and longest period of the beat."""
_BEATS = (-4, -3, -2, -1, 1, 2, 3, 4)
"""Distances in beats at which a stroke may recur."""
_PRIOR_BEATS = 2
"""Pseudo-count: shrink recurrence towards the candidate's own activation, as if seen on this many more beats."""
_STRETCH_FRAMES = 2000
"""Frames that share one estimate of the period, which is made from them and as many frames around them."""


class Recurrence:
    """Stores activations as they come, in a byte each, and measures how strongly candidates recur in them.

    Parameters
    ----------
    frame_rate : float
        Frames per second.
    """

    def __init__(self, frame_rate: float) -> None:
        self._shortest, self._longest = (round(seconds * frame_rate) for seconds in _PERIOD_S)
        self._passages: list[np.ndarray] = []

    def push(self, activations: np.ndarray) -> None:
        """Store the next activations.

        Parameters
        ----------
        activations : np.ndarray
            ``(frames, instruments) float32``, 0 to 1.
        """
        self._passages.append(np.rint(activations * 255.0).astype(np.uint8))

    def evidence(self, frames: np.ndarray, instruments: np.ndarray) -> np.ndarray:
        """Measure how strongly each candidate recurs some beats before and after.

        Parameters
        ----------
        frames, instruments : np.ndarray
            ``(candidates,) int`` each.

        Returns
        -------
        np.ndarray
            ``(candidates, 2) float32``, log odds of the mean and of the greatest activation.
        """
        self._passages = [np.concatenate(self._passages)] if self._passages else [np.zeros((0, 1), np.uint8)]
        remembered = self._passages[0]
        moments = loudest_of_moment(remembered)
        out = np.zeros((len(frames), 2), np.float32)
        for first in range(0, len(remembered), _STRETCH_FRAMES):
            here = np.flatnonzero((frames >= first) & (frames < first + _STRETCH_FRAMES))
            if not len(here):
                continue
            around = remembered[max(0, first - _STRETCH_FRAMES // 2) : first + 3 * _STRETCH_FRAMES // 2]
            period = _period(around, self._shortest, self._longest)
            out[here] = _recurring(moments, frames[here], instruments[here], period)
        return log_odds(out)


def _period(activations: np.ndarray, shortest: int, longest: int) -> float:
    """Return the lag, in frames, of the highest peak of the activations' autocorrelation."""
    padded = np.zeros((fast_size(len(activations) + longest + 2), activations.shape[1]), np.float32)
    padded[: len(activations)] = activations - activations.mean(axis=0)
    power = np.square(np.abs(rfft(padded, 0))).sum(axis=1)
    similarity = irfft(power.astype(np.complex64), len(padded))[: longest + 2]
    similarity /= np.maximum(len(activations) - np.arange(longest + 2), 1)
    lag = shortest + int(np.argmax(similarity[shortest : longest + 1]))
    before, here, after = similarity[lag - 1 : lag + 2]
    bend = before - 2.0 * here + after
    return lag + (0.5 * (before - after) / bend if bend < 0.0 else 0.0)


def _recurring(moments: np.ndarray, frames: np.ndarray, instruments: np.ndarray, period: float) -> np.ndarray:
    """Return the mean and the greatest activation some beats before and after each candidate, ``(candidates, 2)``.

    Both are shrunk towards the candidate's own activation, as if it had this activation on `_PRIOR_BEATS` more beats: a
    short recording proves little.
    """
    own = moments[frames, instruments] / 255.0
    at = np.rint(frames[:, None] + period * np.array(_BEATS)).astype(int)
    inside = (at >= 0) & (at < len(moments))
    values = moments[np.clip(at, 0, len(moments) - 1), instruments[:, None]] / 255.0 * inside
    known = inside.sum(axis=1)
    seen = np.column_stack([values.sum(axis=1), values.max(axis=1) * known])
    return (seen + _PRIOR_BEATS * own[:, None]) / (known + _PRIOR_BEATS)[:, None]
