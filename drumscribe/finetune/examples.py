"""Moments to examples: labelled, with the model's judgement, and joined by those of other music."""

from collections.abc import Sequence

import numpy as np

from ..hearing.decisions import nearest
from ..hearing.passages import Moments
from ..kits.kit import KitError
from ..kits.scoring import prior_of, standardised
from ..music.drums import ARTICULATION_BY_NAME, ARTICULATIONS, INSTRUMENTS
from ..network.model_card import ModelInfo
from .background import Background
from .regression import Examples

# By hand.
_MATCH_WINDOW_S = 0.02
"""Maximum distance between a stroke and its moment."""
_UNSURE_WINDOW_S = 0.05
"""Other moments within this of a stroke are neither examples of its sound nor of its absence."""
_BACKGROUND_SHARE = 0.3
"""Weight of all the moments of the background together, against that of all the samples'."""


def label(
    moments: Moments,
    times: np.ndarray,
    sounds: np.ndarray,
    samples: np.ndarray,
    count: int,
    window: float = _MATCH_WINDOW_S,
) -> tuple[np.ndarray, np.ndarray]:
    """Label moments by the strokes that are at them.

    Parameters
    ----------
    moments : Moments
        Their times are compared.
    times : np.ndarray
        ``(strokes,) float64``, in seconds.
    sounds, samples : np.ndarray
        ``(strokes,) int`` each, the sound and its sample; negative sounds are left out.
    count : int
        The number of sounds.
    window : float
        Maximum distance (seconds) between a stroke and its moment.

    Returns
    -------
    np.ndarray
        ``(moments, sounds) float32``, 1 where a sound is struck, 0 where not, NaN where that is not known.
    np.ndarray
        ``(moments, sounds) int``, the sample that is struck, or -1.
    """
    labels, taken = np.zeros((len(moments), count), np.float32), np.full((len(moments), count), -1)
    if not len(moments):
        return labels, taken
    strokes = np.flatnonzero(sounds >= 0)
    for stroke in strokes:
        labels[np.abs(moments.times - times[stroke]) < _UNSURE_WINDOW_S, sounds[stroke]] = np.nan
    for stroke in strokes:
        moment = int(nearest(moments.times, times[stroke : stroke + 1])[0])
        if abs(moments.times[moment] - times[stroke]) <= window:
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
    """Make examples of the labelled moments of a player.

    Parameters
    ----------
    moments : Moments
        With features.
    labels : np.ndarray
        ``(moments, sounds) float32``, as `label` gives them.
    folds : np.ndarray
        ``(moments,) int``, the fold of each moment.
    names : sequence of str
        The sounds.
    info : ModelInfo
        The model.
    background : Background or None
        Tells how features are standardised.
    only : bool
        Whether the model's judgement is left out.

    Returns
    -------
    Examples
        All of weight 1.
    """
    features = moments.numbers
    if background is not None:
        features = standardised(features, background.mean, background.scale)
    prior = prior_of(moments.odds, names, info.columns.instruments, only)
    return Examples(features, prior, labels, np.ones(len(moments), np.float32), folds)


def join_examples(parts: Sequence[Examples]) -> Examples:
    """Join examples.

    Parameters
    ----------
    parts : sequence of Examples
        Any of them may be empty.

    Returns
    -------
    Examples
        All of them, in order.

    Raises
    ------
    KitError
        If there are none.
    """
    parts = [part for part in parts if len(part.weights)]
    if not parts:
        raise KitError("no stroke is heard in these samples: record them louder")
    return Examples.concat(parts)


def with_background(played: Examples, background: Background | None, names: Sequence[str], only: bool) -> Examples:
    """Add examples of other drums and of no drums, which show what a sound is not.

    Parameters
    ----------
    played : Examples
        The player's.
    background : Background or None
        The moments that are bundled with the model.
    names : sequence of str
        The sounds.
    only : bool
        Whether other drums are left out.

    Returns
    -------
    Examples
        The player's first.
    """
    if background is None:
        return played
    others = background.moments
    rows = others[(others.struck == 0).all(axis=1)] if only else others
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
