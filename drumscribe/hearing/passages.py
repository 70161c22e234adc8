"""Data that the stages exchange: passages of a stream, moments for a kit; and the interface of a kit's recogniser."""

from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..music.transcription import Hit
from ..network.answers import Answers
from ..tables import Table
from .candidates import Candidates

Levels = dict[str, deque[float]]
"""Levels (dB) of the last strokes of each instrument of a kit."""


@dataclass(frozen=True, eq=False)
class Passage:
    """A passage of a stream: answers, frames and onsets, in it and around it.

    Attributes
    ----------
    answers : Answers
        The answers to the passage, with some frames around it where there are any.
    frames : np.ndarray
        ``(frames, bands) float32``, the frames of these answers.
    onsets : np.ndarray
        ``(onsets,) float64`` in order, onsets in and around the passage, in seconds from the stream's first frame.
    origin : int
        The frame of the stream with which `answers` and `frames` begin.
    first, last : int
        The passage, in frames of the stream: from `first` up to `last`, not included.
    frame_rate : float
        Frames per second.
    """

    answers: Answers
    frames: np.ndarray
    onsets: np.ndarray
    origin: int
    first: int
    last: int
    frame_rate: float

    @property
    def own_onsets(self) -> np.ndarray:
        """The onsets in the passage itself, in seconds."""
        start, end = self.first / self.frame_rate, self.last / self.frame_rate
        return self.onsets[(self.onsets >= start) & (self.onsets < end)]

    def rows_at(self, frames: np.ndarray) -> np.ndarray:
        """Return the rows of `frames` and `answers` that are nearest to fractional frames of the stream.

        Parameters
        ----------
        frames : np.ndarray
            ``(moments,) float64``.

        Returns
        -------
        np.ndarray
            ``(moments,) int``.
        """
        return np.clip(np.rint(frames).astype(int) - self.origin, 0, len(self.frames) - 1)


@dataclass(frozen=True, eq=False)
class Moments(Table):
    """Moments at which something may have been struck, in order of time; a kit decides on each.

    Attributes
    ----------
    times : np.ndarray
        ``(moments,) float64``, attacks in seconds.
    numbers : np.ndarray
        ``(moments, numbers) float32``: features, or the output of a kit's head for them.
    levels : np.ndarray
        ``(moments,) float32``, dB.
    odds : np.ndarray
        ``(moments, instruments) float32``, how far the model's log odds exceed the threshold of a hit.
    """

    times: np.ndarray
    numbers: np.ndarray
    levels: np.ndarray
    odds: np.ndarray


class Recogniser(Protocol):
    """Recognises the sounds of a player's kit, in addition to the model or in its place."""

    @property
    def context(self) -> int:
        """Frames around a passage on which its decisions depend."""

    def is_due(self, onsets: np.ndarray) -> bool:
        """Tell whether to describe a passage of a stream.

        Parameters
        ----------
        onsets : np.ndarray
            ``(onsets,) float64``, the onsets in the passage, in seconds.

        Returns
        -------
        bool
            Whether to describe it. If not, the network is not run.
        """

    def describe(self, passage: Passage, attacks: np.ndarray) -> Moments:
        """Describe the moments of a passage.

        Parameters
        ----------
        passage : Passage
            With embedding, and `context` frames around it where there are any.
        attacks : np.ndarray
            ``(candidates,) float64``, attacks of the model's candidates in the passage, in seconds.

        Returns
        -------
        Moments
            The moments, without odds; times count from the stream's first frame.
        """

    def decide(self, moments: Moments, candidates: Candidates, excess: np.ndarray, levels: Levels) -> list[Hit]:
        """Decide on the hits of a recording, or of a piece of a stream.

        Parameters
        ----------
        moments : Moments
            The moments that `describe` returned, in any order.
        candidates : Candidates
            The model's.
        excess : np.ndarray
            ``(candidates,)``, how far their log odds exceed the threshold of a hit.
        levels : Levels
            Levels of the strokes so far; the levels of these hits are added.

        Returns
        -------
        list of Hit
            Hits of the kit's sounds, and of the model's drums.
        """
