"""Moments to examples: labelled by what is struck at them, what the model thinks, and what other music is like."""

from collections.abc import Sequence

import numpy as np

from ..classifier import ModelInfo
from ..drums import ARTICULATION_BY_NAME, ARTICULATIONS, INSTRUMENTS
from .background import Background, standardised
from .head import Examples
from .kit import KitError
from .moments import Moments, nearest

_NEAR, _NOT_FAR = 0.02, 0.05
"""A moment is a stroke's if it is that near (seconds); of other moments that are not far, one cannot tell."""
_BACKGROUND_SHARE = 0.3
"""How much all the moments of the background weigh, against all those of the samples."""


def label(
    moments: Moments, times: np.ndarray, sounds: np.ndarray, samples: np.ndarray, count: int, near: float = _NEAR
) -> tuple[np.ndarray, np.ndarray]:
    """Which sounds are struck at moments, and which of their samples: both ``(moments, sounds)``, -1 for no sample."""
    labels, taken = np.zeros((len(moments), count), np.float32), np.full((len(moments), count), -1)
    if not len(moments):
        return labels, taken
    strokes = np.flatnonzero(sounds >= 0)
    for stroke in strokes:
        labels[np.abs(moments.times - times[stroke]) < _NOT_FAR, sounds[stroke]] = np.nan
    for stroke in strokes:
        moment = int(nearest(moments.times, times[stroke : stroke + 1])[0])
        if abs(moments.times[moment] - times[stroke]) <= near:
            labels[moment, sounds[stroke]] = 1.0
            taken[moment, sounds[stroke]] = samples[stroke]
    return labels, taken


def examples_of(
    moments: Moments,
    labels: np.ndarray,
    folds: np.ndarray,
    names: Sequence[str],
    info: ModelInfo,
    background: Background | None,
    only: bool,
) -> Examples:
    """Labelled moments of a player as examples."""
    features = moments.numbers
    if background is not None:
        features = standardised(features, background.mean, background.scale)
    prior = prior_of(moments.odds, names, info.columns.instruments, only)
    return Examples(features, prior, labels, np.ones(len(moments), np.float32), folds)


def prior_of(odds: np.ndarray, names: Sequence[str], instruments: Sequence[str], only: bool) -> np.ndarray:
    """What the model thinks of sounds at moments, ``(moments, sounds)``: 0, which says nothing, where it knows none."""
    prior = np.zeros((len(odds), len(names)), np.float32)
    for i, name in enumerate(names):
        if name in ARTICULATION_BY_NAME and not only:
            prior[:, i] = odds[:, list(instruments).index(ARTICULATION_BY_NAME[name].instrument)]
    return prior


def join_examples(parts: Sequence[Examples]) -> Examples:
    """Several as one."""
    parts = [part for part in parts if len(part.weights)]
    if not parts:
        raise KitError("nothing can be heard in these samples: record them louder")
    return Examples(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Examples.__dataclass_fields__)
    )


def with_background(played: Examples, background: Background | None, names: Sequence[str], only: bool) -> Examples:
    """The player's moments, and after them those of other drums and of no drums that say what a sound is not."""
    if background is None:
        return played
    silent = (background.struck == 0).all(axis=1)
    rows = background[np.flatnonzero(silent)] if only else background
    order = list(ARTICULATION_BY_NAME)
    labels = np.zeros((len(rows.odds), len(names)), np.float32)
    for i, name in enumerate(names):
        if name not in ARTICULATION_BY_NAME:
            continue
        own = rows.struck[:, order.index(name)]
        labels[:, i] = np.where(own < 0, np.nan, own)
        for kin in ARTICULATIONS:  # other ways to play the instrument are it, too, where the kit does not know them
            if kin.instrument == ARTICULATION_BY_NAME[name].instrument and kin.name not in names:
                labels[rows.struck[:, order.index(kin.name)] == 1, i] = 1.0
    prior = prior_of(rows.odds, names, INSTRUMENTS, only)
    share = _BACKGROUND_SHARE * len(played.weights) / max(1, len(labels))
    folds = np.unique(played.folds)[np.arange(len(labels)) % len(np.unique(played.folds))]
    other = Examples(rows.features, prior, labels, np.full(len(labels), share, np.float32), folds)
    return join_examples([played, other])
