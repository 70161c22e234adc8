"""Percussion outside the vocabulary (claps, tambourines, shakers, cowbells) as one sound, reported on request.

The network has learned percussion so that it does not take it for a drum. It says neither which percussion it is nor
how hard it was struck.
"""

import numpy as np

from ..music.drums import PERCUSSION, PERCUSSION_NOTE, USUAL_VELOCITY
from ..music.transcription import Hit
from .candidates import find_peaks
from .decisions import LEAD


class PercussionFinder:
    """Stores activations as they come, in a byte each, and finds hits in them.

    Parameters
    ----------
    threshold : float
        Lowest activation of a hit.
    frame_rate : float
        Frames per second.
    """

    def __init__(self, threshold: float, frame_rate: float) -> None:
        self._threshold, self._rate = threshold, frame_rate
        self._passages: list[np.ndarray] = []

    def push(self, activations: np.ndarray) -> None:
        """Store the next activations.

        Parameters
        ----------
        activations : np.ndarray
            ``(frames,) float32``, 0 to 1.
        """
        self._passages.append(np.rint(activations * 255.0).astype(np.uint8))

    def hits(self) -> list[Hit]:
        """Find all hits.

        Returns
        -------
        list of Hit
            The hits; times count from the first sample after the silence of `LEAD` frames.
        """
        if not self._passages:
            return []
        activations = np.concatenate(self._passages)[:, None].astype(np.float32) / 255.0
        frames, _ = find_peaks(activations, self._threshold)
        likely = activations[frames, 0].tolist()
        times = np.maximum((frames - LEAD) / self._rate, 0.0).tolist()
        found = zip(times, likely, strict=True)
        return [Hit(time, PERCUSSION, USUAL_VELOCITY, sure, PERCUSSION_NOTE) for time, sure in found]
