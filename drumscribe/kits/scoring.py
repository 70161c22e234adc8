"""Log odds of a kit's sounds, from features and from the model's log odds."""

from collections.abc import Sequence

import numpy as np

from ..music.drums import ARTICULATION_BY_NAME

FEATURE_STEP = 1 / 24
"""Resolution of the standardised features, which range over 127 steps on either side; by hand."""


def log_odds_of(weighed: np.ndarray, prior: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Add up the evidence for sounds.

    Parameters
    ----------
    weighed : np.ndarray
        ``(moments, sounds)``, features times the weights of the head.
    prior : np.ndarray
        ``(moments, sounds)``, the model's log odds; see `prior_of`.
    weights : np.ndarray
        ``(sounds, features + 2)``; the last two are a constant and the weight of the prior.

    Returns
    -------
    np.ndarray
        ``(moments, sounds)``, log odds.
    """
    return weighed + weights[:, -2] + prior * weights[:, -1]


def standardised(numbers: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Shift and scale features.

    Parameters
    ----------
    numbers : np.ndarray
        ``(moments, features)``.
    mean, scale : np.ndarray
        ``(features,)`` each.

    Returns
    -------
    np.ndarray
        ``(moments, features) float32``, limited to the range of a byte.
    """
    return np.clip((numbers - mean) / scale, -127 * FEATURE_STEP, 127 * FEATURE_STEP).astype(np.float32)


def prior_of(odds: np.ndarray, names: Sequence[str], instruments: Sequence[str], only: bool) -> np.ndarray:
    """Return the model's log odds of sounds at moments.

    Parameters
    ----------
    odds : np.ndarray
        ``(moments, instruments)``, the model's log odds beyond the threshold of a hit.
    names : sequence of str
        The sounds.
    instruments : sequence of str
        The model's instruments.
    only : bool
        Whether to ignore the model.

    Returns
    -------
    np.ndarray
        ``(moments, sounds) float32``; 0, which is no evidence, for sounds that the model does not know.
    """
    prior = np.zeros((len(odds), len(names)), np.float32)
    for i, name in enumerate(names):
        if name in ARTICULATION_BY_NAME and not only:
            prior[:, i] = odds[:, list(instruments).index(ARTICULATION_BY_NAME[name].instrument)]
    return prior
