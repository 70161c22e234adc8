"""Velocities that a whole recording tells: how loud each stroke of a drum is against the others of that drum.

The network hears a stroke by itself, and a soft player's loudest stroke is as a loud player's softest. Here, strokes of
one articulation are compared: how far their levels at the attack, in groups of bands, and what the network makes of
them, are from the mean of all of them. A linear regression for each instrument, learned on rendered sound, says by how
much their velocities are; their mean stays that of the network. In a stream, a stroke is compared with those before it.
"""

from collections import deque

import numpy as np

from .evidence import log_odds
from .picking import Picks

GROUPS = 16
"""Groups that the bands are taken in."""
AFTER = 5
"""Frames from an attack on within which its level is measured."""
_FEWEST = 3
"""Strokes that are compared, at least."""
_MEMORY = 64
"""Strokes before it that one of a stream is compared with, at most."""

NUMBERS = 2 + GROUPS
"""Numbers of a stroke that are compared."""


def attack_levels(frames: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The level of each group of bands at attacks, ``(attacks, GROUPS) float32`` in units of the spectrogram (100 dB).

    Parameters
    ----------
    frames : ``(frames, bands)``; beyond its ends is silence.
    at : ``(attacks,) int``, indices into the frames.
    """
    padded = np.pad(frames, ((0, AFTER), (0, 0)))
    loudest = padded[at]
    for offset in range(1, AFTER):
        np.maximum(loudest, padded[at + offset], out=loudest)
    edges = np.arange(GROUPS) * frames.shape[1] // GROUPS
    widths = np.diff(edges, append=frames.shape[1])
    return (np.add.reduceat(loudest.astype(np.float32), edges, axis=1) / widths).astype(np.float32)


def numbers_of(velocities: np.ndarray, activations: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """What is compared of strokes: ``(strokes, NUMBERS)``."""
    return np.column_stack([velocities, 0.1 * log_odds(activations), levels])


def compare_strokes(picks: Picks, levels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The velocities of strokes, once they are compared: ``(strokes,) float32``, 0 to 1.

    Parameters
    ----------
    levels : ``(strokes, GROUPS) float32``, see `attack_levels`.
    weights : ``(instruments, NUMBERS)``.
    """
    compared = picks.velocities.copy()
    numbers = numbers_of(picks.velocities, picks.activations, levels)
    for articulation in set(picks.articulations):
        strokes = np.flatnonzero(picks.articulations == articulation)
        if len(strokes) >= _FEWEST:
            deviations = numbers[strokes] - numbers[strokes].mean(axis=0)
            by = deviations @ weights[picks.instruments[strokes[0]]]
            compared[strokes] = np.clip(picks.velocities[strokes].mean() + by, 0.0, 1.0)
    return compared


class StreamDynamics:
    """Compares each stroke of a stream with those of its articulation that came before it.

    Parameters
    ----------
    weights : ``(instruments, NUMBERS)``.
    """

    def __init__(self, weights: np.ndarray) -> None:
        self._weights = weights
        self._heard: dict[str, deque[np.ndarray]] = {}

    def compare(self, picks: Picks, levels: np.ndarray) -> np.ndarray:
        """The velocities of the next strokes, in order: ``(strokes,) float32``, 0 to 1."""
        compared = picks.velocities.copy()
        rows = numbers_of(picks.velocities, picks.activations, levels)
        for i, (numbers, articulation) in enumerate(zip(rows, picks.articulations, strict=True)):
            heard = self._heard.setdefault(articulation, deque(maxlen=_MEMORY))
            heard.append(numbers)
            if len(heard) >= _FEWEST:
                mean = np.mean(heard, axis=0)
                by = (numbers - mean) @ self._weights[picks.instruments[i]]
                compared[i] = np.clip(mean[0] + by, 0.0, 1.0)
        return compared
