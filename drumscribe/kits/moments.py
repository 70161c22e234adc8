"""Moments of a stream: its onsets, and the model's candidates without an onset."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..hearing.candidates import Candidates
from ..hearing.decisions import LEAD, nearest
from ..hearing.passages import Moments, Passage
from ..network.model_card import ModelInfo
from .features import BEFORE, describe, feature_count, frames_after

# By hand; kits and the bundled background are made with these values.
TOGETHER = 0.025
"""Maximum distance in seconds of an onset and a candidate of the same moment."""
UNHEARD = -6.0
"""The model's log odds of an instrument that has no candidate at a moment."""
_MAX_ODDS = 8.0
"""Log odds are limited to this range on either side of 0."""


@dataclass(frozen=True, eq=False)
class Pairing:
    """The model's candidates at each moment.

    Attributes
    ----------
    candidates : np.ndarray
        ``(moments, instruments) int``, the candidate of each instrument at each moment, or -1.
    moments : np.ndarray
        ``(candidates,) int``, the moment nearest to each candidate.
    """

    candidates: np.ndarray
    moments: np.ndarray


def context_of(info: ModelInfo) -> int:
    """Return the number of frames around a passage that the features of its moments use.

    Parameters
    ----------
    info : ModelInfo
        The model.

    Returns
    -------
    int
        Number of frames on each side.
    """
    return max(BEFORE, frames_after(info))


def no_moments(info: ModelInfo) -> Moments:
    """Return no moments, with the features of a model.

    Parameters
    ----------
    info : ModelInfo
        The model.

    Returns
    -------
    Moments
        An empty table.
    """
    odds = np.zeros((0, len(info.columns.instruments)), np.float32)
    return Moments(np.zeros(0), np.zeros((0, feature_count(info)), np.float32), np.zeros(0, np.float32), odds)


def moments_of(
    passage: Passage,
    attacks: np.ndarray,
    info: ModelInfo,
    reduce: Callable[[np.ndarray], np.ndarray] = lambda features: features,
) -> Moments:
    """Describe the moments of a passage.

    Parameters
    ----------
    passage : Passage
        The passage, with the embedding, and with `context_of` frames around it where there are any.
    attacks : np.ndarray
        ``(candidates,) float64``, the attacks of the model's candidates in the passage, in seconds.
    info : ModelInfo
        The model.
    reduce : callable
        A function from ``(moments, features)`` to the numbers that are kept of each moment.

    Returns
    -------
    Moments
        The moments; times count from the stream's first frame, and odds are `UNHEARD`.
    """
    onsets = passage.own_onsets
    alone = np.sort(attacks[_distances(attacks, onsets) > TOGETHER])
    alone = alone[np.diff(alone, prepend=-1.0) > TOGETHER]
    times = np.sort(np.concatenate([onsets, alone]))
    at = np.rint((times - passage.origin / passage.frame_rate) * passage.frame_rate).astype(int)
    features, levels = describe(passage.answers, passage.frames, np.clip(at, 0, len(passage.frames) - 1), info)
    odds = np.full((len(times), len(info.columns.instruments)), UNHEARD, np.float32)
    return Moments(times, reduce(features), levels, odds)


def judge_moments(
    moments: Moments, candidates: Candidates, excess: np.ndarray, info: ModelInfo
) -> tuple[Moments, Pairing]:
    """Add the model's log odds to moments.

    Parameters
    ----------
    moments : Moments
        Results of `moments_of`, of one passage or several.
    candidates : Candidates
        The model's candidates.
    excess : np.ndarray
        ``(candidates,)``, how far their log odds exceed the threshold of a hit.
    info : ModelInfo
        The model.

    Returns
    -------
    Moments
        The moments with odds, in order of time, which counts from the stream's first sample.
    Pairing
        The candidates of each moment.
    """
    moments = moments[np.argsort(moments.times, kind="stable")]
    times, odds = moments.times, moments.odds
    chosen = np.full(odds.shape, -1)
    closest = nearest(times, candidates.attacks)
    for i in np.argsort(excess, kind="stable"):  # the likeliest of several is written last, and stays
        if abs(times[closest[i]] - candidates.attacks[i]) <= TOGETHER:
            odds[closest[i], candidates.instruments[i]] = np.clip(excess[i], UNHEARD, _MAX_ODDS)
            chosen[closest[i], candidates.instruments[i]] = i
    return replace(moments, times=times - LEAD / info.spectrogram.frame_rate), Pairing(chosen, closest)


def _distances(times: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the distance of each time from the nearest of others."""
    if not len(others):
        return np.full(len(times), np.inf)
    return np.abs(others[nearest(others, times)] - times)
