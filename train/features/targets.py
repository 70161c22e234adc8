"""Targets of a network for each frame: activations, velocities, and one answer for training alone."""

from dataclasses import dataclass

import numpy as np

from drumscribe.music.drums import ARTICULATION_BY_NAME
from drumscribe.network.model_card import Columns

from ..rendering.clips import ROLES

_REACH = 2
_SLOPE = 0.65


@dataclass(frozen=True)
class Batch:
    """Frames with answers.

    Attributes
    ----------
    frames : np.ndarray
        ``(clips, frames, bands) float32``.
    answers : np.ndarray
        Of passages, ``(clips, frames, columns + 1 + velocities) float32``: targets of the columns, of the column of
        percussion outside the vocabulary, and for each velocity whether it counts (at hits only); of windows,
        ``(clips, classes) float32``: 1 for the classes that sound, else 0.
    """

    frames: np.ndarray
    answers: np.ndarray


def answer_width(columns: Columns) -> int:
    """Return the width of an answer: the model's columns, and percussion outside the vocabulary."""
    return len(columns) + 1


class TargetMaker:
    """Makes targets from the labels of a clip.

    An activation is 1 in the frame nearest to a hit's attack, and falls by 0.65 per frame to either side.

    Parameters
    ----------
    columns : Columns
        Columns of the answers.
    frame_rate : float
        Frames per second.
    """

    def __init__(self, columns: Columns, frame_rate: float) -> None:
        self._columns, self._frame_rate = columns, frame_rate
        self._instrument = np.full(len(ROLES), len(columns))  # percussion: the column after the model's
        self._articulation = np.full(len(ROLES), len(columns))
        self._velocity = np.full(len(ROLES), -1)
        for i, role in enumerate(ROLES[:-1]):
            instrument = ARTICULATION_BY_NAME[role].instrument
            self._instrument[i] = columns.instruments.index(instrument)
            self._articulation[i] = self._instrument[i]
            if role in columns.articulations:
                self._articulation[i] = len(columns.instruments) + columns.articulations.index(role)
            self._velocity[i] = columns.instruments.index(instrument)

    def make(self, times: np.ndarray, roles: np.ndarray, velocities: np.ndarray, first: int, count: int) -> np.ndarray:
        """Make the targets of some frames.

        Parameters
        ----------
        times : np.ndarray
            ``(hits,)`` seconds.
        roles : np.ndarray
            ``(hits,)`` indices into `rendering.clips.ROLES`.
        velocities : np.ndarray
            ``(hits,)``, 0 to 1.
        first, count : int
            The frames.

        Returns
        -------
        np.ndarray
            ``(count, columns + 1 + velocities) float32``.
        """
        width = len(self._columns)
        answers = np.zeros((count, width + 1 + len(self._columns.instruments)), np.float32)
        position = times * self._frame_rate - first
        nearest = np.rint(position).astype(int)
        for offset in range(-_REACH, _REACH + 1):
            frame = nearest + offset
            inside = (frame >= 0) & (frame < count)
            value = np.clip(1.0 + _SLOPE / 2 - _SLOPE * np.abs(frame - position), 0.0, 1.0)[inside]
            for column in (self._instrument, self._articulation):
                np.maximum.at(answers, (frame[inside], column[roles[inside]]), value)
        velocity_from = width - len(self._columns.instruments)
        for offset in (-1, 0, 1):
            frame, column = nearest + offset, self._velocity[roles]
            inside = (frame >= 0) & (frame < count) & (column >= 0)
            np.maximum.at(answers, (frame[inside], velocity_from + column[inside]), velocities[inside])
            answers[frame[inside], width + 1 + column[inside]] = 1.0
        return answers
