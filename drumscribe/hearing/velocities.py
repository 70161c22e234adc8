"""Velocities: compare each stroke of a drum with the other strokes of that drum.

The network sees each stroke by itself, so the loudest stroke of a soft player may get the velocity of the softest
stroke of a loud player. Here, strokes of one articulation are compared: how far are their levels at the attack, in
groups of bands, and the network's answers, from the mean of all these strokes? A linear regression for each instrument,
learned on rendered sound, turns these differences into differences of velocity. The mean velocity stays that of the
network. In a stream, a stroke is compared with earlier strokes.
"""

from collections import deque

import numpy as np

from .candidates import Candidates
from .evidence import log_odds

# By hand; the weights of models are learned with them.
GROUPS = 16
"""Number of groups of bands."""
AFTER = 5
"""Frames after an attack within which its level is measured."""
_MIN_STROKES = 3
"""Minimum number of strokes of an articulation for a comparison."""
_MAX_EARLIER_STROKES = 64
"""Maximum number of earlier strokes with which a stroke of a stream is compared."""

NUMBERS = 2 + GROUPS
"""How many numbers of each stroke are compared."""


def attack_levels(frames: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Measure the level of each group of bands at attacks.

    Parameters
    ----------
    frames : np.ndarray
        ``(frames, bands)``; silence is assumed beyond both ends.
    at : np.ndarray
        ``(attacks,) int``, indices into the frames.

    Returns
    -------
    np.ndarray
        ``(attacks, GROUPS) float32``, in units of the spectrogram (100 dB).
    """
    padded = np.pad(frames, ((0, AFTER), (0, 0)))
    loudest = padded[at]
    for offset in range(1, AFTER):
        np.maximum(loudest, padded[at + offset], out=loudest)
    edges = np.arange(GROUPS) * frames.shape[1] // GROUPS
    widths = np.diff(edges, append=frames.shape[1])
    return (np.add.reduceat(loudest.astype(np.float32), edges, axis=1) / widths).astype(np.float32)


def numbers_of(velocities: np.ndarray, activations: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Collect the numbers by which strokes are compared.

    Parameters
    ----------
    velocities, activations : np.ndarray
        ``(strokes,) float32`` each, the network's answers, 0 to 1.
    levels : np.ndarray
        ``(strokes, GROUPS)``, see `attack_levels`.

    Returns
    -------
    np.ndarray
        ``(strokes, NUMBERS)``.
    """
    return np.column_stack([velocities, 0.1 * log_odds(activations), levels])


def compare_strokes(strokes: Candidates, levels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Compare the strokes of a recording.

    Parameters
    ----------
    strokes : Candidates
        The candidates that are hits.
    levels : np.ndarray
        ``(strokes, GROUPS)``, see `attack_levels`.
    weights : np.ndarray
        ``(instruments, NUMBERS)``.

    Returns
    -------
    np.ndarray
        ``(strokes,) float32``, their velocities, 0 to 1.
    """
    compared = strokes.velocities.copy()
    numbers = numbers_of(strokes.velocities, strokes.activations, levels)
    for articulation in set(strokes.articulations):
        own = np.flatnonzero(strokes.articulations == articulation)
        if len(own) >= _MIN_STROKES:
            deviations = numbers[own] - numbers[own].mean(axis=0)
            by = deviations @ weights[strokes.instruments[own[0]]]
            compared[own] = np.clip(strokes.velocities[own].mean() + by, 0.0, 1.0)
    return compared


class StreamDynamics:
    """Compares each stroke of a stream with earlier strokes of its articulation.

    Parameters
    ----------
    weights : np.ndarray
        ``(instruments, NUMBERS)``.
    """

    def __init__(self, weights: np.ndarray) -> None:
        self._weights = weights
        self._heard: dict[str, deque[np.ndarray]] = {}

    def compare(self, strokes: Candidates, levels: np.ndarray) -> np.ndarray:
        """Compare the next strokes.

        Parameters
        ----------
        strokes : Candidates
            The candidates that are hits, in order.
        levels : np.ndarray
            ``(strokes, GROUPS)``, see `attack_levels`.

        Returns
        -------
        np.ndarray
            ``(strokes,) float32``, their velocities, 0 to 1.
        """
        compared = strokes.velocities.copy()
        rows = numbers_of(strokes.velocities, strokes.activations, levels)
        for i, (numbers, articulation) in enumerate(zip(rows, strokes.articulations, strict=True)):
            heard = self._heard.setdefault(articulation, deque(maxlen=_MAX_EARLIER_STROKES))
            heard.append(numbers)
            if len(heard) >= _MIN_STROKES:
                mean = np.mean(heard, axis=0)
                by = (numbers - mean) @ self._weights[strokes.instruments[i]]
                compared[i] = np.clip(mean[0] + by, 0.0, 1.0)
        return compared
