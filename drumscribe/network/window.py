"""Networks of models of windows: they tell which drums begin at an onset from the frames around it."""

from pathlib import Path
from typing import Protocol

import numpy as np

from ..errors import ModelError
from .model_card import ModelInfo, Window
from .tflite import TfliteNetwork


class WindowNetwork(Protocol):
    """Answers windows of frames."""

    def classify(self, windows: np.ndarray) -> np.ndarray:
        """Return the answers to some windows.

        Parameters
        ----------
        windows : np.ndarray
            ``(windows, chunk, bands) float32``, shifted to the model's level.

        Returns
        -------
        np.ndarray
            ``(windows, classes) float32``, the probability of each class.
        """


class WindowFile:
    """The network of a model file of windows: see `WindowNetwork`.

    Parameters
    ----------
    path : Path
        The model file.
    info : ModelInfo
        Its card.

    Raises
    ------
    ModelError
        If the network cannot be run, or does not have the shapes that the card states.
    """

    def __init__(self, path: Path, info: ModelInfo) -> None:
        self._network = TfliteNetwork(path)
        self._classes = len(info.columns.instruments)
        expected = ((1, info.chunk, info.spectrogram.bands), (1, self._classes))
        if self._network.shapes != expected:
            raise ModelError(
                f"{path}: its network has inputs and outputs of shape {self._network.shapes}, but its card says "
                f"{expected}; get the model again"
            )

    def classify(self, windows: np.ndarray) -> np.ndarray:
        """Return the answers to some windows.

        Parameters
        ----------
        windows : np.ndarray
            ``(windows, chunk, bands) float32``, shifted to the model's level.

        Returns
        -------
        np.ndarray
            ``(windows, classes) float32``, the probability of each class.
        """
        answers = [self._network.run(window) for window in windows]
        return np.array(answers, np.float32).reshape(len(windows), self._classes)


def levelled(window: np.ndarray, level: float) -> np.ndarray:
    """Shift the loudest value of a window to a level: the loudness of a recording says nothing about the drum.

    Parameters
    ----------
    window : np.ndarray
        ``(frames, bands) float32``.
    level : float
        The level, in units of the spectrogram; silence is left unchanged.

    Returns
    -------
    np.ndarray
        ``(frames, bands) float32``, at least 0.
    """
    return np.maximum(window + np.float32(level - window.max()), 0.0) if window.any() else window


def windows_at(frames: np.ndarray, rows: np.ndarray, chunk: int, window: Window) -> np.ndarray:
    """Cut the windows around some frames; frames beyond the ends are silence.

    Parameters
    ----------
    frames : np.ndarray
        ``(frames, bands) float32``.
    rows : np.ndarray
        ``(onsets,) int``, the frames of the onsets.
    chunk : int
        Frames of a window.
    window : Window
        Position of the onset in a window, and the level.

    Returns
    -------
    np.ndarray
        ``(onsets, chunk, bands) float32``.
    """
    padded = np.pad(frames, ((window.before, chunk), (0, 0)))
    cut = [levelled(padded[row : row + chunk], window.level) for row in rows.tolist()]
    return np.array(cut, np.float32).reshape(-1, chunk, frames.shape[1])
