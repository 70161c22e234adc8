"""Moments of a recording: its onsets, and what the model takes for hits where there is no onset."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from ..candidates import LEAD, Candidates
from ..classifier import ModelInfo
from .features import BEFORE, Layout, describe

TOGETHER = 0.025
"""Seconds within which an onset and a candidate of the model are one moment."""
UNHEARD = -6.0
"""What stands for the model's log odds of an instrument that it sees no candidate of at a moment."""
_SURE = 8.0
"""Log odds beyond this say no more."""


@dataclass(frozen=True)
class Moments:
    """Moments in order of time.

    Attributes
    ----------
    times : ``(moments,) float64``, the attacks in seconds from the first sample.
    numbers : ``(moments, numbers) float32``: the features, or what a head made of them.
    levels : ``(moments,) float32``, dB.
    odds : ``(moments, instruments) float32``, how far the model's log odds exceed what it needs for a hit.
    candidates : ``(moments, instruments) int``, the candidate of the model, or -1.
    of_candidates : ``(candidates,) int``, the moment that is nearest to each candidate of the model.
    """

    times: np.ndarray
    numbers: np.ndarray
    levels: np.ndarray
    odds: np.ndarray
    candidates: np.ndarray
    of_candidates: np.ndarray

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, chosen: np.ndarray) -> "Moments":
        """Some of them, without what says which candidates are theirs."""
        numbers, odds = self.numbers[chosen], self.odds[chosen]
        unknown = np.full(odds.shape, -1)
        return Moments(self.times[chosen], numbers, self.levels[chosen], odds, unknown, np.zeros(0, int))


def no_moments(info: ModelInfo) -> Moments:
    """None, with features of a model."""
    count = len(info.columns.instruments)
    numbers, odds = np.zeros((0, Layout.of(info).size), np.float32), np.zeros((0, count), np.float32)
    return Moments(np.zeros(0), numbers, np.zeros(0, np.float32), odds, np.zeros((0, count), int), np.zeros(0, int))


def join_moments(parts: Sequence[Moments]) -> Moments:
    """Several in a row, at least one, as one, without what says which candidates are theirs."""
    columns = (np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Moments))
    return Moments(*columns)


@dataclass
class MomentCollector:
    """Gathers moments as a transcription goes on.

    Parameters
    ----------
    info : of the model.
    reduce : makes of ``(moments, features)`` what is kept of each moment.
    """

    info: ModelInfo
    reduce: Callable[[np.ndarray], np.ndarray] = lambda features: features
    _times: list[np.ndarray] = field(default_factory=list)
    _numbers: list[np.ndarray] = field(default_factory=list)
    _levels: list[np.ndarray] = field(default_factory=list)

    @property
    def context(self) -> int:
        """Frames around a passage that its moments are described by."""
        return max(BEFORE, Layout.of(self.info).after)

    def hear(self, rows: np.ndarray, start: float, onsets: np.ndarray, attacks: np.ndarray) -> None:
        """Take note of the moments of a passage.

        Parameters
        ----------
        rows : of the passage and around it, with embedding and frames.
        start : the time of the first row, in seconds.
        onsets : ``(onsets,) float64`` seconds, of the passage.
        attacks : ``(candidates,) float64`` seconds, of the model's candidates in the passage.
        """
        alone = np.sort(attacks[_distances(attacks, onsets) > TOGETHER])
        alone = alone[np.diff(alone, prepend=-1.0) > TOGETHER]
        times = np.sort(np.concatenate([onsets, alone]))
        frames = np.rint((times - start) * self.info.spectrogram.frame_rate).astype(int)
        features, levels = describe(rows, np.clip(frames, 0, len(rows) - 1), Layout.of(self.info))
        self._times.append(times)
        self._numbers.append(self.reduce(features))
        self._levels.append(levels)

    def collect(self, candidates: Candidates, excess: np.ndarray) -> Moments:
        """All moments, and what the model makes of them.

        Parameters
        ----------
        candidates, excess : of the model, and how far their log odds exceed what they need to be hits.
        """
        times = np.concatenate(self._times)
        order = np.argsort(times, kind="stable")
        times = times[order]
        shape = len(times), len(self.info.columns.instruments)
        odds, chosen = np.full(shape, UNHEARD, np.float32), np.full(shape, -1)
        moments = nearest(times, candidates.attacks)
        instruments = candidates.picks.instruments
        for i in np.argsort(excess, kind="stable"):  # the likeliest of several comes last, and stays
            if abs(times[moments[i]] - candidates.attacks[i]) <= TOGETHER:
                odds[moments[i], instruments[i]] = np.clip(excess[i], UNHEARD, _SURE)
                chosen[moments[i], instruments[i]] = i
        numbers, levels = np.concatenate(self._numbers)[order], np.concatenate(self._levels)[order]
        times = times - LEAD / self.info.spectrogram.frame_rate
        return Moments(times, numbers, levels, odds, chosen, moments)


def nearest(times: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """``(wanted,) int``, which of some times, in order and at least one, is nearest to each that is wanted."""
    after = np.searchsorted(times, wanted)
    left, right = np.maximum(after - 1, 0), np.minimum(after, len(times) - 1)
    return np.where(np.abs(times[left] - wanted) <= np.abs(times[right] - wanted), left, right)


def _distances(times: np.ndarray, others: np.ndarray) -> np.ndarray:
    if not len(others):
        return np.full(len(times), np.inf)
    return np.abs(others[nearest(others, times)] - times)
