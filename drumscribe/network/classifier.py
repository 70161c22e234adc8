"""From frames to answers: run the TFLite model as a sliding window over the stream."""

from pathlib import Path

import numpy as np

from ..errors import ModelError
from . import trial
from .answers import Answers
from .model_card import ModelInfo
from .model_file import load_model_info, model_file
from .tflite import TfliteNetwork


class Network:
    """The network of a model file, run on one window of frames at a time.

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
        trial.require(path)
        self._network, self._info = TfliteNetwork(path), info
        widths = [info.spectrogram.bands, len(info.columns), *([info.embedding] if info.embedding else [])]
        widths += [1] if info.percussion else []
        expected = tuple((1, info.chunk, width) for width in widths)
        if self._network.shapes != expected:
            raise ModelError(
                f"{path}: its network has inputs and outputs of shape {self._network.shapes}, but its card says "
                f"{expected}; get the model again"
            )

    def answer(self, frames: np.ndarray, embedding: bool = False, percussion: bool = False) -> Answers:
        """Return the answers to a window of frames.

        Parameters
        ----------
        frames : np.ndarray
            ``(chunk, bands) float32``, as many frames as the network takes.
        embedding, percussion : bool
            Whether to read these outputs, too.

        Returns
        -------
        Answers
            One row for each frame of the window.
        """
        values = self._network.run(frames)
        numbers = self._network.output(1) if embedding else None
        outside = self._network.output(2 if self._info.embedding else 1)[:, 0] if percussion else None
        return Answers.of_output(values, self._info.columns, numbers, outside)


class Classifier:
    """Turns a stream of frames into a stream of answers, delayed by the model's context.

    Windows of a fixed size slide over the frames, and overlap by the context on both sides, so the network sees all
    frames on which an answer depends. Silence precedes and follows the stream.

    Parameters
    ----------
    model : str, Path or None
        Path to a model file, the name of a bundled model (``"tiny"``), or None for the default.
    with_embedding, with_percussion : bool
        Whether the answers include these columns.

    Raises
    ------
    ModelError
        If the model cannot be used, or lacks a column that is asked for.

    Examples
    --------
    >>> classifier = Classifier()
    >>> classifier(np.zeros((100, 80), np.float32)).activations.shape
    (100, 6)
    """

    def __init__(
        self, model: str | Path | None = None, with_embedding: bool = False, with_percussion: bool = False
    ) -> None:
        path = model_file(model)
        self.info = load_model_info(path)
        if with_embedding and not self.info.embedding:
            raise ModelError(f"{path}: gives no embedding, which sounds are learned from; use another model")
        if with_percussion:
            self.info.check_percussion()
        if self.info.look_aheads:
            raise ModelError(f"{path}: is for live streams; use another model for recordings")
        self._network = Network(path, self.info)
        self._wanted = with_embedding, with_percussion
        self._none = Answers.none(self.info, *self._wanted)
        self.reset()

    def reset(self) -> None:
        """Forget the stream, and prepare for another."""
        self._pending = [np.zeros((self.info.context, self.info.spectrogram.bands), np.float32)]
        self._held = self.info.context  # number of frames in the list

    def __call__(self, frames: np.ndarray) -> Answers:
        """Return the answers to all frames of a recording; a stream in progress is forgotten.

        Parameters
        ----------
        frames : np.ndarray
            ``(frames, bands) float32``.

        Returns
        -------
        Answers
            One row for each frame.
        """
        self.reset()
        return Answers.concat([self.push(frames), self.flush()])

    def push(self, frames: np.ndarray) -> Answers:
        """Take the next frames, and return the answers that they complete.

        Parameters
        ----------
        frames : np.ndarray
            ``(frames, bands) float32``, any number of them.

        Returns
        -------
        Answers
            The answers to frames whose context is complete.
        """
        context, chunk = self.info.context, self.info.chunk
        self._pending.append(frames)
        self._held += len(frames)
        if self._held < chunk:
            return self._none
        pending, answers = np.concatenate(self._pending), [self._none]
        while len(pending) >= chunk:
            answers.append(self._network.answer(pending[:chunk], *self._wanted)[context : chunk - context])
            pending = pending[chunk - 2 * context :]
        self._pending, self._held = [pending], len(pending)
        return Answers.concat(answers)

    def flush(self) -> Answers:
        """End the stream, and prepare for another.

        Returns
        -------
        Answers
            The answers to the last frames of the stream.
        """
        missing = self._held - self.info.context
        step = self.info.chunk - 2 * self.info.context
        padded = -(-missing // step) * step + self.info.context
        answers = self.push(np.zeros((padded - missing, self.info.spectrogram.bands), np.float32))[:missing]
        self.reset()
        return answers
