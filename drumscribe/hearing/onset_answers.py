"""Answers of a model of windows: onsets of the signal propose, the network tells which drums they are.

A frame with an onset has the probabilities that the network gives the window around it; all others have none. So the
stages that follow take these answers as they take those of a network that answers to every frame.
"""

import numpy as np

from ..network.answers import Answers
from ..network.model_card import ModelInfo, Window
from ..network.window import WindowNetwork, windows_at
from .conductor import Conductor

USUAL_VELOCITY = 90.0 / 127.0
"""Velocity of a stroke at the mean level of its drum; by hand, as kits have it."""
SETTLING_FRAMES = 16
"""Frames after an onset until it is known, and the next ones that compete with it; by hand."""


def window_of(info: ModelInfo) -> Window:
    """Return the window of a model of windows.

    Parameters
    ----------
    info : ModelInfo
        The card of the model.

    Returns
    -------
    Window
        Where in it an onset is, and what its classes are written as.

    Raises
    ------
    ValueError
        If it is not a model of windows.
    """
    if info.window is None:
        raise ValueError(f"{info.name} is not a model of windows")
    return info.window


def answers_at(probabilities: np.ndarray, rows: np.ndarray, count: int, info: ModelInfo) -> Answers:
    """Put what windows are answered with into a table of frames.

    Parameters
    ----------
    probabilities : np.ndarray
        ``(onsets, classes) float32``.
    rows : np.ndarray
        ``(onsets,) int``, their frames.
    count : int
        Number of frames.
    info : ModelInfo
        The card of the model.

    Returns
    -------
    Answers
        One row for each frame.
    """
    values = np.zeros((count, len(info.columns)), np.float32)
    classes = len(info.columns.instruments)
    values[rows, :classes] = probabilities
    values[rows, classes:] = USUAL_VELOCITY
    return Answers.of_output(values, info.columns)


class OnsetAnswers:
    """A stream of frames to a stream of answers, as far as onsets are known: see `network.answers.Answering`.

    Parameters
    ----------
    network : WindowNetwork
        Answers to windows.
    info : ModelInfo
        The card of a model of windows.
    conductor : Conductor
        Has been given the samples that the frames are of; knows their onsets.
    """

    def __init__(self, network: WindowNetwork, info: ModelInfo, conductor: Conductor) -> None:
        self._network, self._info, self._conductor = network, info, conductor
        self._window = window_of(info)
        self.reset()

    def reset(self) -> None:
        """Forget the stream, and be ready for another."""
        self._pending = np.zeros((0, self._info.spectrogram.bands), np.float32)
        self._first = self._answered = 0  # the frame that those kept begin with, and the first without an answer

    def push(self, frames: np.ndarray) -> Answers:
        """Take the next frames, and give the answers that are known by now.

        Parameters
        ----------
        frames : np.ndarray
            ``(frames, bands) float32``, any number of them.

        Returns
        -------
        Answers
            One row for each frame that is answered.
        """
        self._pending = np.concatenate([self._pending, frames])
        whole = self._first + len(self._pending) - self._info.context
        return self._answer_until(min(whole, self._conductor.known_until))

    def flush(self) -> Answers:
        """End the stream, and start anew; the conductor's onsets must have been flushed.

        Returns
        -------
        Answers
            Those to the last frames of the stream.
        """
        answers = self._answer_until(self._first + len(self._pending))
        self.reset()
        return answers

    def _answer_until(self, last: int) -> Answers:
        first, last = self._answered, max(self._answered, last)
        onsets = self._conductor.onsets(first - 0.5, last - 0.5)
        rows = np.unique(np.rint(onsets * self._conductor.frame_rate).astype(int))
        rows = rows[(rows >= first) & (rows < last)]
        windows = windows_at(self._pending, rows - self._first, self._info.chunk, self._window)
        answers = answers_at(self._network.classify(windows), rows - first, last - first, self._info)
        unneeded = max(0, last - self._window.before - self._first)
        self._pending, self._first, self._answered = self._pending[unneeded:], self._first + unneeded, last
        return answers


class RememberedAnswers:
    """Answers to a window of frames that slides over a stream: each onset is asked about once.

    Parameters
    ----------
    network : WindowNetwork
        Answers to windows.
    info : ModelInfo
        The card of a model of windows.
    """

    def __init__(self, network: WindowNetwork, info: ModelInfo) -> None:
        self._network, self._info, self._window = network, info, window_of(info)
        self.reset()

    @property
    def length(self) -> int:
        """Frames that are looked at together: those that a passage of a frame or two depends on."""
        return self._info.chunk + self._info.look_aheads[-1].frames + 2 * SETTLING_FRAMES

    def reset(self) -> None:
        """Forget the stream, and be ready for another."""
        self._known: dict[int, np.ndarray] = {}

    def answer(self, frames: np.ndarray, origin: int, onsets: np.ndarray) -> Answers:
        """Answer to the frames that are known by now.

        Parameters
        ----------
        frames : np.ndarray
            ``(frames, bands) float32``.
        origin : int
            The frame of the stream that they begin with, below 0 before it.
        onsets : np.ndarray
            ``(onsets,) float64``, seconds from the stream's first frame.

        Returns
        -------
        Answers
            One row for each of the frames.
        """
        at = np.unique(np.rint(onsets * self._info.spectrogram.frame_rate).astype(int))
        at = at[(at >= max(0, origin + self._window.before)) & (at < origin + len(frames) - self._info.context)]
        new = np.array([frame for frame in at.tolist() if frame not in self._known], int)
        windows = windows_at(frames, new - origin, self._info.chunk, self._window)
        self._known.update(zip(new.tolist(), self._network.classify(windows), strict=True))
        self._known = {frame: self._known[frame] for frame in at.tolist()}
        probabilities = np.array(list(self._known.values()), np.float32).reshape(
            len(at), len(self._info.columns.instruments)
        )
        return answers_at(probabilities, at - origin, len(frames), self._info)
