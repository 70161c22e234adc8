"""Re-score each candidate from the strokes of the recording that sound most similar to it.

The same few drums are played over and over. If one stroke is not clear, others of the same sound may be. The model's
answers to these, weighted by the similarity of the sounds, are further evidence (a kernel regression after Nadaraya,
"On estimating regression", 1964, and Watson, "Smooth regression analysis", 1964). The similarity of two moments is the
cosine of the model's embeddings there.
"""

import numpy as np

from ..network.answers import Answers
from .candidates import find_peaks
from .evidence import log_odds, loudest_of_moment

# By hand; the weights of models are learned with them.
_SOUND_FRAMES = range(-1, 4)
"""Frames around a moment of which the embedding is averaged."""
_APART_FRAMES = 5
"""Moments at most this many frames apart are one stroke, and are no evidence for each other."""
_SHARPNESS = 40.0
"""The weight of a moment grows by a factor of e for each 1/40 of the cosine."""
_ALIKE_COSINE = 0.7
"""The cosine at which a moment weighs as much as the candidate's own: different drums are hardly ever more alike."""
_MOST_AGAINST = 1.0
"""How far, in log odds, moments elsewhere may fall below the candidate's own: a rare unison sounds like its commonest
drum alone, which is no evidence against the others. Chosen on rendered songs of held-out kits."""
_STRETCH_MOMENTS = 512
"""Moments of a block; each block is compared with itself and as many moments before and after it."""


class Likeness:
    """Stores moments as they come, and finds the answers at those that sound like a candidate."""

    def __init__(self) -> None:
        self._frames: list[np.ndarray] = []
        self._sounds: list[np.ndarray] = []
        self._activations: list[np.ndarray] = []

    def push(self, activations: np.ndarray, embedding: np.ndarray, origin: int, first: int, last: int) -> None:
        """Store the moments of a passage: the frames at which any activation has a peak.

        Parameters
        ----------
        activations : np.ndarray
            ``(frames, instruments) float32``, of the passage, with some frames around it where there are any.
        embedding : np.ndarray
            ``(frames, numbers) float32``, of the same frames.
        origin : int
            The frame of the recording with which they begin.
        first, last : int
            The passage, in frames of the recording: from `first` up to `last`, not included.
        """
        frames = np.unique(find_peaks(activations)[0])
        frames = frames[(frames >= first - origin) & (frames < last - origin)]
        sounds = _sounds_at(embedding, frames)
        self._frames.append((frames + origin).astype(np.int32))
        self._sounds.append(np.rint(sounds * 127.0).astype(np.int8))
        self._activations.append(np.rint(loudest_of_moment(activations)[frames] * 255.0).astype(np.uint8))

    def evidence(self, frames: np.ndarray, instruments: np.ndarray) -> np.ndarray:
        """Find the log odds of each candidate's instrument at the moments that sound like it.

        Parameters
        ----------
        frames, instruments : np.ndarray
            ``(candidates,) int`` each.

        Returns
        -------
        np.ndarray
            ``(candidates, 1) float32``; all 0 if the model has no embedding.
        """
        for parts in (self._frames, self._sounds, self._activations):
            parts[:] = [np.concatenate(parts)] if parts else []  # which lets go of the parts: they are large
        known = self._answers_elsewhere() if self._frames else np.zeros((0, 1), np.float32)
        if not len(known):
            return np.zeros((len(frames), 1), np.float32)
        moments = self._frames[0]
        after = np.minimum(np.searchsorted(moments, frames), len(moments) - 1)
        before = np.maximum(after - 1, 0)
        nearest = np.where(frames - moments[before] < moments[after] - frames, before, after)
        return known[nearest, instruments][:, None]

    def _answers_elsewhere(self) -> np.ndarray:
        """Return for each moment the log odds at others that sound like it, ``(moments, instruments) float32``."""
        (frames,), (sounds,), (activations,) = self._frames, self._sounds, self._activations
        out = np.empty(activations.shape, np.float32)
        for first in range(0, len(frames), _STRETCH_MOMENTS):
            here = slice(first, first + _STRETCH_MOMENTS)
            there = slice(max(0, first - _STRETCH_MOMENTS), first + 2 * _STRETCH_MOMENTS)
            weights = (sounds[here].astype(np.float32) / 127.0) @ (sounds[there].astype(np.float32).T / 127.0)
            weights -= _ALIKE_COSINE  # in place, as below: these tables are what hours of sound need most memory for
            weights *= _SHARPNESS
            np.exp(weights, out=weights)
            gaps = frames[here, None] - frames[None, there]
            weights[np.abs(gaps, out=gaps) <= _APART_FRAMES] = 0.0
            odds = log_odds(activations[there] / np.float32(255.0))
            own = odds[first - there.start :][: len(weights)]
            answers = (weights @ odds + own) / (weights.sum(axis=1, keepdims=True) + 1.0)
            out[here] = np.maximum(answers, own - np.float32(_MOST_AGAINST))
        return out


class RunningLikeness:
    """Likeness for streams: compares candidates with the moments before them alone.

    What follows a moment is known as far as the stream looks ahead; all of its moments are alike in that.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the stream."""
        self._frames = np.zeros(0, int)
        self._sounds = np.zeros((0, 0), np.float32)
        self._odds = np.zeros((0, 0), np.float32)

    def evidence(self, answers: Answers, rows: np.ndarray, instruments: np.ndarray, origin: int) -> np.ndarray:
        """Find the log odds of candidates' instruments at the moments before that sound like them.

        Parameters
        ----------
        answers : Answers
            With an embedding.
        rows, instruments : np.ndarray
            ``(candidates,) int`` each; rows of the answers.
        origin : int
            The frame of the stream that the answers begin with.

        Returns
        -------
        np.ndarray
            ``(candidates, 1) float32``; those of the candidates themselves as long as nothing is known.
        """
        own = log_odds(loudest_of_moment(answers.activations)[rows, instruments])
        if not len(self._frames):
            return own[:, None]
        assert answers.embedding is not None
        weights = np.exp((_sounds_at(answers.embedding, rows) @ self._sounds.T - _ALIKE_COSINE) * _SHARPNESS)
        weights[np.abs(rows[:, None] + origin - self._frames) <= _APART_FRAMES] = 0.0
        answer = (np.einsum("ij,ji->i", weights, self._odds[:, instruments]) + own) / (weights.sum(axis=1) + 1.0)
        return np.maximum(answer, own - np.float32(_MOST_AGAINST))[:, None]

    def remember(self, answers: Answers, first: int, last: int, origin: int) -> None:
        """Remember the moments of some frames, in place of what was remembered of these: where there is a peak.

        Parameters
        ----------
        answers : Answers
            With an embedding, and some frames around these.
        first, last : int
            Frames of the stream, from `first` up to `last`, not included.
        origin : int
            The frame of the stream that the answers begin with.
        """
        rows = np.unique(find_peaks(answers.activations)[0])
        rows = rows[(rows >= first - origin) & (rows < last - origin)]
        kept = self._frames < first
        if not len(rows) and kept.all():
            return
        assert answers.embedding is not None
        sounds, odds = _sounds_at(answers.embedding, rows), log_odds(loudest_of_moment(answers.activations)[rows])
        if not len(self._frames):
            self._sounds, self._odds = sounds[:0], odds[:0]
        self._frames, self._sounds, self._odds = (
            np.concatenate([known[kept], new])[-_STRETCH_MOMENTS:]
            for known, new in ((self._frames, rows + origin), (self._sounds, sounds), (self._odds, odds))
        )


def _sounds_at(embedding: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """How moments sound: ``(moments, numbers) float32``, of length 1."""
    sounds = embedding[np.clip(frames[:, None] + np.array(_SOUND_FRAMES), 0, len(embedding) - 1)].mean(axis=1)
    return sounds / np.maximum(np.linalg.norm(sounds, axis=1, keepdims=True), 1e-6)
