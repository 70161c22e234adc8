"""Percussion outside the vocabulary: claps, tambourines, shakers, cowbells, as one; told only where it is asked for.

The network has learned to hear it, so as not to take it for a drum. Which of them it is, and how hard it was struck, it
does not say.
"""

import numpy as np

from .candidates import LEAD
from .drums import PERCUSSION, PERCUSSION_NOTE
from .hits import Hit
from .picking import find_peaks

VELOCITY = 90
"""Of all its hits."""


class PercussionFinder:
    """Remembers activations as they come, in a byte each, and finds hits in them.

    Parameters
    ----------
    threshold : the activation from which on a peak is a hit.
    frame_rate : frames per second.
    """

    def __init__(self, threshold: float, frame_rate: float) -> None:
        self._threshold, self._rate = threshold, frame_rate
        self._passages: list[np.ndarray] = []

    def push(self, activations: np.ndarray) -> None:
        """Remember the next ``(frames,) float32``, 0 to 1."""
        self._passages.append(np.rint(activations * 255.0).astype(np.uint8))

    def hits(self) -> list[Hit]:
        """All hits; their times are in seconds from the first sample after the silence of `LEAD` frames."""
        activations = np.concatenate(self._passages)[:, None].astype(np.float32) / 255.0
        frames, _ = find_peaks(activations, self._threshold)
        likely = activations[frames, 0].tolist()
        times = np.maximum((frames - LEAD) / self._rate, 0.0).tolist()
        found = zip(times, likely, strict=True)
        return [Hit(time, PERCUSSION, VELOCITY, sure, PERCUSSION_NOTE) for time, sure in found]
