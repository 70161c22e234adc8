"""Answers of a model of windows: onsets of the signal are proposed, and the network says which drums they are.

A frame with an onset has the probabilities of the window around it; all other frames have zeros. So the next stages
treat these answers like those of a network that answers for every frame.
"""

import numpy as np

from ..music.drums import USUAL_VELOCITY
from ..network.answers import Answers
from ..network.model_card import ModelInfo, Window
from ..network.window import WindowNetwork, windows_at
from .conductor import Conductor

SETTLING_FRAMES = 16
"""Frames from an onset until it and the next onsets that compete with it are known; by hand."""


def window_of(info: ModelInfo) -> Window:
    """Return the window of a model of windows.

    Parameters
    ----------
    info : ModelInfo
        The card of the model.

    Returns
    -------
    Window
        The window, with the position of the onset and the names of the classes.

    Raises
    ------
    ValueError
        If it is not a model of windows.
    """
    if info.window is None:
        raise ValueError(f"{info.name} is not a model of windows")
    return info.window


def answers_at(probabilities: np.ndarray, rows: np.ndarray, count: int, info: ModelInfo) -> Answers:
    """Put the answers to windows into a table of frames.

    Parameters
    ----------
    probabilities : np.ndarray
        ``(onsets, classes) float32``.
    rows : np.ndarray
        ``(onsets,) int``, the frames of the onsets.
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
    values[rows, classes:] = USUAL_VELOCITY / 127.0
    return Answers.of_output(values, info.columns)


class OnsetAnswers:
    """Turns a stream of frames into a stream of answers, up to the last known onset: see `network.answers.Answering`.

    Parameters
    ----------
    network : WindowNetwork
        Answers to windows.
    info : ModelInfo
        The card of a model of windows.
    conductor : Conductor
        Knows the onsets; it has already been given the samples of these frames.
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
        """Take the next frames, and return the answers that are known by now.

        Parameters
        ----------
        frames : np.ndarray
            ``(frames, bands) float32``, any number of them.

        Returns
        -------
        Answers
            One row for each answered frame.
        """
        self._pending = np.concatenate([self._pending, frames])
        whole = self._first + len(self._pending) - self._info.context
        return self._answer_until(min(whole, self._conductor.known_until))

    def flush(self) -> Answers:
        """End the stream, and start anew. Flush the conductor's onsets first.

        Returns
        -------
        Answers
            The answers to the last frames of the stream.
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
    """Answers to a window of frames that slides over a stream; the network sees each onset once.

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
        """Frames of the sliding window: those on which a passage of one or two frames depends."""
        return self._info.chunk + self._info.look_aheads[-1].frames + 2 * SETTLING_FRAMES

    def reset(self) -> None:
        """Forget the stream, and be ready for another."""
        self._known: dict[int, np.ndarray] = {}

    def answer(self, frames: np.ndarray, origin: int, onsets: np.ndarray) -> Answers:
        """Return the answers that are known by now.

        Parameters
        ----------
        frames : np.ndarray
            ``(frames, bands) float32``.
        origin : int
            The frame of the stream with which they begin; negative before its start.
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
