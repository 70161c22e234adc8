"""The head of a kit: for each sound a logistic regression that begins as the model's own judgement.

The log odds of a sound at a moment are those of the model, where it knows the instrument, times a weight that is 1 to
begin with, plus a weighted sum of the moment's features. The squares of those weights cost: where samples tell nothing,
the model is believed.
"""

from dataclasses import dataclass

import numpy as np

from ..kits.scoring import log_odds_of
from ..tables import Table

# By hand.
_RIDGE = 0.001
"""L2 penalty on the weights of features, against the mean loss of a moment."""
_PRIOR_PENALTY = 0.001
"""L2 penalty on (prior weight - 1)."""
_MAX_ITERATIONS = 100


@dataclass(frozen=True, eq=False)
class Examples(Table):
    """Moments to learn from.

    Attributes
    ----------
    features : np.ndarray
        ``(moments, features) float32``, standardised.
    prior : np.ndarray
        ``(moments, sounds) float32``, the log odds that the model gives to each sound.
    labels : np.ndarray
        ``(moments, sounds) float32``, 1 where it is struck, 0 where not, NaN where that is not known.
    weights : np.ndarray
        ``(moments,) float32``.
    folds : np.ndarray
        ``(moments,) int``: moments that share samples are in one fold.
    """

    features: np.ndarray
    prior: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    folds: np.ndarray


def fit(examples: Examples) -> np.ndarray:
    """Fit a head; a sound that is never or always struck goes by the model alone.

    Parameters
    ----------
    examples : Examples
        All moments.

    Returns
    -------
    np.ndarray
        ``(sounds, features + 2) float32``: weights of the features, a constant, and the weight of the prior.
    """
    root = np.float32(np.sqrt(examples.features.shape[1]))
    rows = np.hstack([examples.features / root, np.ones((len(examples.features), 1), np.float32)])
    out = np.zeros((examples.labels.shape[1], rows.shape[1] + 1), np.float32)
    for sound, labels in enumerate(examples.labels.T):
        known = np.isfinite(labels)
        out[sound, -1] = 1.0
        if len(set(labels[known].tolist())) == 2:
            out[sound] = _regressed(
                rows[known], examples.prior[known, sound], labels[known] > 0.5, examples.weights[known]
            )
    out[:, :-2] /= root
    return out


def _regressed(rows: np.ndarray, prior: np.ndarray, struck: np.ndarray, weights: np.ndarray) -> np.ndarray:
    from scipy.optimize import minimize

    sides = np.where(struck, 1.0, -1.0).astype(np.float32)
    balanced = weights.astype(np.float32) / weights.sum()
    share = float(balanced[struck].sum())
    balanced *= np.where(struck, max(1.0, 0.5 / share), 1.0).astype(np.float32)  # rare strokes count as much
    balanced /= balanced.sum()

    def loss(both: np.ndarray) -> tuple[float, np.ndarray]:
        own = both.astype(np.float32)
        margins = sides * (rows @ own[:-1] + prior * own[-1])
        slope = -sides * balanced / (1.0 + np.exp(np.clip(margins, -30.0, 30.0)))
        doubt = both[-1] - 1.0
        value = balanced @ np.logaddexp(0.0, -margins)
        value += 0.5 * _RIDGE * (both[:-2] @ both[:-2]) + 0.5 * _PRIOR_PENALTY * doubt**2
        gradient = np.append(rows.T @ slope, slope @ prior).astype(float)
        gradient[:-2] += _RIDGE * both[:-2]
        gradient[-1] += _PRIOR_PENALTY * doubt
        return float(value), gradient

    start = np.zeros(rows.shape[1] + 1)
    start[-1] = 1.0
    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _MAX_ITERATIONS}).x


def cross_validate(examples: Examples) -> np.ndarray:
    """Judge each moment by a head that has not learned from its fold.

    Parameters
    ----------
    examples : Examples
        All moments.

    Returns
    -------
    np.ndarray
        ``(moments, sounds) float32``, log odds.
    """
    out = np.zeros_like(examples.prior)
    for fold in np.unique(examples.folds):
        held_out = examples.folds == fold
        own = examples[held_out]
        out[held_out] = log_odds_of(own.features @ (weights := fit(examples[~held_out]))[:, :-2].T, own.prior, weights)
    return out


def best_threshold(odds: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> float:
    """Choose the log odds that a sound needs, for the best F-measure.

    Parameters
    ----------
    odds, labels, weights : np.ndarray
        ``(moments,)`` each, those of the sound; labels as in `Examples`.

    Returns
    -------
    float
        Halfway between the weakest moment that is to be a hit and the next.
    """
    known = np.isfinite(labels)
    order = np.argsort(-odds[known], kind="stable")
    sorted_odds = odds[known][order]
    struck = (labels[known][order] > 0.5) * weights[known][order]
    silent = (labels[known][order] <= 0.5) * weights[known][order]
    hits, false = np.cumsum(struck), np.cumsum(silent)
    f = 2.0 * hits / np.maximum(hits + false + struck.sum(), 1e-9)
    best = int(np.argmax(f))
    below = sorted_odds[best + 1] if best + 1 < len(sorted_odds) else sorted_odds[best] - 1.0
    return float(0.5 * (sorted_odds[best] + below))
