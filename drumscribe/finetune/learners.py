"""What gathers moments to learn from: a model for recordings, or one for streams, each as it will hear them later."""

from pathlib import Path
from typing import Protocol

import numpy as np

from ..errors import ModelError
from ..hearing.candidates import Candidates
from ..hearing.conductor import Conductor
from ..hearing.decisions import Judge, move_thresholds
from ..hearing.passages import Levels, Moments, Passage
from ..hearing.recording import Recording
from ..kits.features import AFTER_LIVE
from ..kits.moments import TOGETHER, context_of, judge_moments, moments_of, no_moments
from ..music.transcription import Hit
from ..network.classifier import Classifier
from ..network.model_card import ModelInfo
from ..network.model_file import load_model_info
from ..stream.listener import Attention, Listener, look_ahead_near


class Learner(Protocol):
    """Gathers the moments of sound."""

    info: ModelInfo

    def gather(self, samples: np.ndarray) -> Moments:
        """Gather the moments of some sound.

        Parameters
        ----------
        samples : np.ndarray
            ``(samples,) float32``, mono, at the model's rate.

        Returns
        -------
        Moments
            In order of time.
        """


class RecordingLearner:
    """Gathers moments as a transcription of a whole recording does, after that has raised one that is quiet.

    Parameters
    ----------
    model : Path
        Path to a model file for recordings.

    Raises
    ------
    ModelError
        If the model cannot be used, or gives no embedding.
    """

    def __init__(self, model: Path) -> None:
        self._classifier = Classifier(model, with_embedding=True)
        self.info = self._classifier.info

    def gather(self, samples: np.ndarray) -> Moments:
        """Gather the moments of some sound: see `Learner`.

        Parameters
        ----------
        samples : np.ndarray
            ``(samples,) float32``, mono, at the model's rate.

        Returns
        -------
        Moments
            In order of time.
        """
        info, notes = self.info, MomentNotes(self.info)
        conductor = Conductor(info, len(samples) / info.spectrogram.rate + 1.0)
        thresholds = move_thresholds(info.thresholds, [0.5] * len(info.thresholds))
        recording = Recording(info, conductor, Judge(info.weights, thresholds), notes)
        frames = np.concatenate([conductor.push(samples), conductor.flush_frames()])
        conductor.flush_onsets()
        recording.push(frames, self._classifier(frames), ended=True)
        recording.hits()
        return notes.moments()


class LiveLearner:
    """Gathers the moments of a stream, each when as much has followed as a kit waits for.

    Parameters
    ----------
    model : Path
        Path to a model file for streams.

    Raises
    ------
    ModelError
        If the model cannot be used.
    """

    def __init__(self, model: Path) -> None:
        self._listener = Listener(model)
        self.info = self._listener.info

    def gather(self, samples: np.ndarray) -> Moments:
        """Gather the moments of some sound: see `Learner`.

        Parameters
        ----------
        samples : np.ndarray
            ``(samples,) float32``, mono, at the model's rate.

        Returns
        -------
        Moments
            In order of time.
        """
        near, notes = look_ahead_near(self.info, AFTER_LIVE), MomentNotes(self.info)
        attention = Attention(near.frames, Judge(near.weights, np.array(near.thresholds)), recogniser=notes)
        self._listener.reset()
        self._listener.push(samples, attention)
        self._listener.flush(attention)
        return notes.moments()


class MomentNotes:
    """Takes note of moments in place of a kit's `Recogniser`, and reports no hits.

    In a stream, moments without an onset are left out: to find them, the network would have to look at every frame.

    Parameters
    ----------
    info : ModelInfo
        The model that answers.
    """

    def __init__(self, info: ModelInfo) -> None:
        self._info = info
        self._parts = [no_moments(info)]
        self._known = -np.inf  # how far onsets have been noted, in the time of onsets

    @property
    def context(self) -> int:
        """Frames around a passage that it looks at."""
        return context_of(self._info)

    def is_due(self, onsets: np.ndarray) -> bool:
        """Tell whether to look at a passage of a stream: once for each onset.

        Parameters
        ----------
        onsets : np.ndarray
            ``(onsets,) float64``, those in the passage, in seconds.

        Returns
        -------
        bool
            Whether the last is new.
        """
        due = bool(len(onsets)) and onsets[-1] > self._known + TOGETHER
        if due:
            self._known = float(onsets[-1])
        return due

    def describe(self, passage: Passage, attacks: np.ndarray) -> Moments:
        """Describe the moments of a passage by their features.

        Parameters
        ----------
        passage : Passage
            With embedding, and `context` frames around it where there are any.
        attacks : np.ndarray
            ``(candidates,) float64``, those of the model's candidates in the passage, in seconds.

        Returns
        -------
        Moments
            See `kits.moments.moments_of`.
        """
        return moments_of(passage, attacks, self._info)

    def decide(self, moments: Moments, candidates: Candidates, excess: np.ndarray, levels: Levels) -> list[Hit]:
        """Take note of the moments that are new, with the model's judgement.

        Parameters
        ----------
        moments : Moments
            As `describe` gave them.
        candidates : Candidates
            The model's.
        excess : np.ndarray
            ``(candidates,)``, how far their log odds exceed what they need to be hits.
        levels : Levels
            Not used.

        Returns
        -------
        list of Hit
            None.
        """
        heard, _ = judge_moments(moments, candidates, excess, self._info)
        new = heard[heard.times > self._parts[-1].times.max(initial=-np.inf) + TOGETHER]
        if len(new):
            self._parts.append(new)
        return []

    def moments(self) -> Moments:
        """Give all of them.

        Returns
        -------
        Moments
            In order of time.
        """
        return Moments.concat(self._parts)


def open_learner(model: Path) -> Learner:
    """Open what gathers moments for a model.

    Parameters
    ----------
    model : Path
        Path to a model file.

    Returns
    -------
    Learner
        For streams or recordings, as the model is.

    Raises
    ------
    ModelError
        If the model cannot be used, or gives no embedding.
    """
    info = load_model_info(model)
    if info.window is not None:
        raise ModelError(f"{model}: gives no embedding, which sounds are learned from; use another model")
    return LiveLearner(model) if info.look_aheads else RecordingLearner(model)
