"""Threshold of percussion outside the vocabulary."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from drumscribe.hearing.candidates import find_peaks

from ..features.batches import Library
from ..rendering.clips import PERCUSSION_ROLE
from .thresholds import GRID
from .weights import AUDIBLE, TOLERANCE, count_matches


def choose_percussion_threshold(network: Any, libraries: Iterable[Library], frame_rate: float) -> tuple[float, float]:
    """Choose the threshold with the best F-measure at +-50 ms.

    Parameters
    ----------
    network : keras.Model
        The Keras model.
    libraries : Iterable[Library]
        Clips.
    frame_rate : float
        Frames per second.

    Returns
    -------
    tuple[float, float]
        The threshold and its F-measure.
    """
    counts = np.zeros((len(GRID), 3), int)
    for library in libraries:
        for first in range(0, len(library), 16):
            answers = network.predict_on_batch(library.frames[first : first + 16].astype(np.float32))
            for number, activations in enumerate(np.asarray(answers)[..., -1:], first):
                own = library.roles[number] == PERCUSSION_ROLE
                times, audible = library.times[number][own], library.velocities[number][own] >= AUDIBLE
                for row, threshold in zip(counts, GRID, strict=True):
                    at, _ = find_peaks(activations, float(threshold))
                    found, used = count_matches(times, at / frame_rate, TOLERANCE)
                    row += (found & audible).sum(), (~used).sum(), (~found & audible).sum()
    f = 2 * counts[:, 0] / np.maximum(1, 2 * counts[:, 0] + counts[:, 1] + counts[:, 2])
    best = np.argmax(f) if f.any() else len(f) - 1  # where there is none, it is not heard
    return float(GRID[best]), float(f.max())
