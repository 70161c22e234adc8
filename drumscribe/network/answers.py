"""What a network answers to frames, one row for each frame."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..tables import Table
from .model_card import Columns, ModelInfo


@dataclass(frozen=True, eq=False)
class Answers(Table):
    """What a network answers to frames; slices of it are `Answers` to fewer frames.

    Attributes
    ----------
    activations : np.ndarray
        ``(frames, instruments) float32``, how likely each instrument is struck in a frame, 0 to 1.
    articulations : np.ndarray
        ``(frames, articulations) float32``, the same for articulations that do not share their instrument's name.
    velocities : np.ndarray
        ``(frames, instruments) float32``, how hard each instrument is struck if it is, 0 to 1.
    embedding : np.ndarray or None
        ``(frames, numbers) float32``, how a frame sounds, where it was asked for.
    percussion : np.ndarray or None
        ``(frames,) float32``, how likely percussion outside the vocabulary is struck, where it was asked for.
    """

    activations: np.ndarray
    articulations: np.ndarray
    velocities: np.ndarray
    embedding: np.ndarray | None = None
    percussion: np.ndarray | None = None

    @classmethod
    def of_output(
        cls,
        values: np.ndarray,
        columns: Columns,
        embedding: np.ndarray | None = None,
        percussion: np.ndarray | None = None,
    ) -> "Answers":
        """Name what a network puts into one matrix.

        Parameters
        ----------
        values : np.ndarray
            ``(frames, columns) float32``, the network's first output.
        columns : Columns
            The meaning of its columns.
        embedding, percussion : np.ndarray or None
            The network's other outputs, as in `Answers`.

        Returns
        -------
        Answers
            Views of the same numbers.
        """
        count = len(columns.instruments)
        return cls(values[:, :count], values[:, count:-count], values[:, -count:], embedding, percussion)

    @classmethod
    def none(cls, info: ModelInfo, embedding: bool = False, percussion: bool = False) -> "Answers":
        """Answers of a model to no frames.

        Parameters
        ----------
        info : ModelInfo
            The model.
        embedding, percussion : bool
            Whether these columns are there.

        Returns
        -------
        Answers
            An empty table.
        """
        return cls.of_output(
            np.zeros((0, len(info.columns)), np.float32),
            info.columns,
            np.zeros((0, info.embedding), np.float32) if embedding else None,
            np.zeros(0, np.float32) if percussion else None,
        )


class Answering(Protocol):
    """A stream of frames to a stream of answers: a `classifier.Classifier`, or answers that are known already."""

    def reset(self) -> None:
        """Forget the stream, and be ready for another."""

    def push(self, frames: np.ndarray) -> Answers:
        """Take the next frames, and give the answers that they complete.

        Parameters
        ----------
        frames : np.ndarray
            ``(frames, bands) float32``, any number of them.

        Returns
        -------
        Answers
            One row for each frame that is answered.
        """

    def flush(self) -> Answers:
        """End the stream, and start anew.

        Returns
        -------
        Answers
            Those to the last frames of the stream.
        """


class KnownAnswers:
    """Gives answers that are known already, as the frames come that they belong to: see `Answering`.

    Parameters
    ----------
    answers : Answers
        To all the frames of a stream.
    """

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.reset()

    def reset(self) -> None:
        """Begin with the first frame."""
        self._given = 0

    def push(self, frames: np.ndarray) -> Answers:
        """Give the answers to the next frames.

        Parameters
        ----------
        frames : np.ndarray
            ``(frames, bands) float32``; only their number counts.

        Returns
        -------
        Answers
            As many rows.
        """
        first, self._given = self._given, self._given + len(frames)
        return self._answers[first : self._given]

    def flush(self) -> Answers:
        """End the stream.

        Returns
        -------
        Answers
            None.

        Raises
        ------
        ValueError
            If there were more or fewer frames than answers.
        """
        if self._given != len(self._answers):
            raise ValueError(
                f"{len(self._answers)} answers do not belong to a recording of {self._given} frames: give the "
                "recording that they are answers to"
            )
        return self._answers[:0]
