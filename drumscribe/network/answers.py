"""The answers of a network, one row for each frame."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..tables import Table
from .model_card import Columns, ModelInfo


@dataclass(frozen=True, eq=False)
class Answers(Table):
    """The answers of a network; a slice holds the answers to fewer frames.

    Attributes
    ----------
    activations : np.ndarray
        ``(frames, instruments) float32``, the probability that each instrument is struck in a frame.
    articulations : np.ndarray
        ``(frames, articulations) float32``, the same for articulations that do not share their instrument's name.
    velocities : np.ndarray
        ``(frames, instruments) float32``, the velocity of each instrument if it is struck, 0 to 1.
    embedding : np.ndarray or None
        ``(frames, numbers) float32``, the embedding of each frame, if it was asked for.
    percussion : np.ndarray or None
        ``(frames,) float32``, the probability that percussion outside the vocabulary is struck, if it was asked for.
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
        """Name the columns of a network's output.

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
            Views of the same arrays.
        """
        count = len(columns.instruments)
        return cls(values[:, :count], values[:, count:-count], values[:, -count:], embedding, percussion)

    @classmethod
    def none(cls, info: ModelInfo, embedding: bool = False, percussion: bool = False) -> "Answers":
        """Return the answers to no frames.

        Parameters
        ----------
        info : ModelInfo
            The model.
        embedding, percussion : bool
            Whether the answers have these columns.

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
    """Turns a stream of frames into a stream of answers: a `classifier.Classifier`, or answers that are already
    known."""

    def reset(self) -> None:
        """Forget the stream, and prepare for another."""

    def push(self, frames: np.ndarray) -> Answers:
        """Take the next frames, and return the answers that they complete.

        Parameters
        ----------
        frames : np.ndarray
            ``(frames, bands) float32``, any number of them.

        Returns
        -------
        Answers
            One row for each answered frame.
        """

    def flush(self) -> Answers:
        """End the stream, and prepare for another.

        Returns
        -------
        Answers
            The answers to the last frames of the stream.
        """


class KnownAnswers:
    """Returns known answers as their frames come in; see `Answering`.

    Parameters
    ----------
    answers : Answers
        The answers to all frames of a stream.
    """

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.reset()

    def reset(self) -> None:
        """Begin with the first frame."""
        self._given = 0

    def push(self, frames: np.ndarray) -> Answers:
        """Return the answers to the next frames.

        Parameters
        ----------
        frames : np.ndarray
            ``(frames, bands) float32``; only their number counts.

        Returns
        -------
        Answers
            As many rows as frames.
        """
        first, self._given = self._given, self._given + len(frames)
        return self._answers[first : self._given]

    def flush(self) -> Answers:
        """End the stream.

        Returns
        -------
        Answers
            No rows.

        Raises
        ------
        ValueError
            If the number of frames differs from that of the answers.
        """
        if self._given != len(self._answers):
            raise ValueError(
                f"{len(self._answers)} answers do not belong to a recording of {self._given} frames: give the "
                "recording that they are answers to"
            )
        return self._answers[:0]
