"""Moments of a stream: its onsets, and candidates of the model that have no onset."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..hearing.candidates import Candidates
from ..hearing.decisions import LEAD, nearest
from ..hearing.passages import Moments, Passage
from ..network.model_card import ModelInfo
from .features import BEFORE, describe, feature_count, frames_after

# By hand; kits and the bundled background are made with them.
TOGETHER = 0.025
"""Seconds within which an onset and a candidate of the model are one moment."""
UNHEARD = -6.0
"""Stands in for the model's log odds of an instrument that it sees no candidate of at a moment."""
_MAX_ODDS = 8.0
"""Log odds beyond this count as this."""


@dataclass(frozen=True, eq=False)
class Pairing:
    """Which candidates of the model belong to which moments.

    Attributes
    ----------
    candidates : np.ndarray
        ``(moments, instruments) int``, the candidate of each instrument at each moment, or -1.
    moments : np.ndarray
        ``(candidates,) int``, the moment that is nearest to each candidate.
    """

    candidates: np.ndarray
    moments: np.ndarray


def context_of(info: ModelInfo) -> int:
    """Count the frames around a passage that its moments are described by.

    Parameters
    ----------
    info : ModelInfo
        The model.

    Returns
    -------
    int
        Frames on each side.
    """
    return max(BEFORE, frames_after(info))


def no_moments(info: ModelInfo) -> Moments:
    """Give no moments, with features of a model.

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
        With embedding, and with frames around it as `context_of` counts them where there are any.
    attacks : np.ndarray
        ``(candidates,) float64``, those of the model's candidates in the passage, in seconds.
    info : ModelInfo
        The model.
    reduce : callable
        Makes of ``(moments, features)`` the numbers that are kept of each moment.

    Returns
    -------
    Moments
        Their times count from the stream's first frame; their odds are `UNHEARD`.
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
    """Add the model's judgement to moments.

    Parameters
    ----------
    moments : Moments
        As `moments_of` gives them, of one passage or several.
    candidates : Candidates
        The model's.
    excess : np.ndarray
        ``(candidates,)``, how far their log odds exceed what they need to be hits.
    info : ModelInfo
        The model.

    Returns
    -------
    Moments
        In order of time, which counts from the stream's first sample, with odds.
    Pairing
        Which candidates are theirs.
    """
    moments = moments[np.argsort(moments.times, kind="stable")]
    times, odds = moments.times, moments.odds
    chosen = np.full(odds.shape, -1)
    closest = nearest(times, candidates.attacks)
    for i in np.argsort(excess, kind="stable"):  # the likeliest of several comes last, and stays
        if abs(times[closest[i]] - candidates.attacks[i]) <= TOGETHER:
            odds[closest[i], candidates.instruments[i]] = np.clip(excess[i], UNHEARD, _MAX_ODDS)
            chosen[closest[i], candidates.instruments[i]] = i
    return replace(moments, times=times - LEAD / info.spectrogram.frame_rate), Pairing(chosen, closest)


def _distances(times: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How far each time is from the nearest of others."""
    if not len(others):
        return np.full(len(times), np.inf)
    return np.abs(others[nearest(others, times)] - times)
