"""What hears moments to learn from: a model of recordings, or one of streams, each as it will hear them later."""

from pathlib import Path
from typing import Protocol

import numpy as np

from ..candidates import Candidates, Judge
from ..classifier import ModelInfo, load_model_info
from ..hits import Hit
from ..stream.listener import Attention, Listener, look_ahead_near
from ..transcriber import Transcriber
from .features import AFTER_LIVE
from .moments import TOGETHER, MomentCollector, Moments, join_moments, no_moments


class Learner(Protocol):
    """Hears the moments of sound."""

    info: ModelInfo

    def gather(self, samples: np.ndarray) -> Moments:
        """The moments of ``(samples,) float32`` at the model's rate."""


class LiveLearner:
    """Hears the moments of a stream, each when as much has followed as a kit waits for.

    Parameters
    ----------
    model : path of a model file for streams.

    Raises
    ------
    ModelError : where the model cannot be used.
    """

    def __init__(self, model: Path) -> None:
        self._listener = Listener(model)
        self.info = self._listener.info

    def gather(self, samples: np.ndarray) -> Moments:
        """See `Learner`."""
        near = look_ahead_near(self.info, AFTER_LIVE)
        notes = _Notes(self.info)
        attention = Attention(near.frames, Judge(near.weights, np.array(near.thresholds)), hearing=notes)
        self._listener.reset()
        self._listener.push(samples, attention)
        self._listener.flush(attention)
        return notes.moments()


class _Notes:
    """In the place of a `KitHearing`: takes note of the moments of onsets, once, and decides on nothing.

    What is a moment because the model alone heard something there is left out: to find it, the network would have to
    look at every frame.
    """

    def __init__(self, info: ModelInfo) -> None:
        self._info = info
        self._parts = [no_moments(info)]
        self._known = -np.inf  # how far onsets have been noted, in the time of onsets

    def is_due(self, onsets: np.ndarray) -> bool:
        due = bool(len(onsets)) and onsets[-1] > self._known + TOGETHER
        if due:
            self._known = float(onsets[-1])
        return due

    def make_collector(self) -> MomentCollector:
        return MomentCollector(self._info)

    def decide(self, settled: tuple[Candidates, np.ndarray], collector: MomentCollector, earlier) -> list[Hit]:
        heard = collector.collect(*settled)
        new = np.flatnonzero(heard.times > self._parts[-1].times.max(initial=-np.inf) + TOGETHER)
        if len(new):
            self._parts.append(heard[new])
        return []

    def moments(self) -> Moments:
        """All of them."""
        return join_moments(self._parts)


def open_learner(model: Path) -> Learner:
    """What learns for a model.

    Raises
    ------
    ModelError : where the model cannot be used, or gives no embedding.
    """
    return LiveLearner(model) if load_model_info(model).look_aheads else Transcriber(model, learning=True)
