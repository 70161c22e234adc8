"""The head of a kit: for each sound a logistic regression that begins as the model's own judgement.

The log odds of a sound at a moment are those of the model, where it knows the instrument, times a weight that is 1 to
begin with, plus a weighed sum of the moment's features. The squares of those weights cost: where samples say nothing,
the model is believed.
"""

from dataclasses import dataclass

import numpy as np

_RIDGE = 0.001
"""Cost of the squares of the weights of features, against the mean loss of a moment."""
_DOUBT = 0.001
"""Cost of the square of how far the weight of the model's judgement departs from 1."""
_ITERATIONS = 100


@dataclass(frozen=True)
class Examples:
    """Moments to learn from.

    Attributes
    ----------
    features : ``(moments, features) float32``, standardised.
    prior : ``(moments, sounds) float32``, the log odds that the model gives to each sound.
    labels : ``(moments, sounds) float32``, 1 where it is struck, 0 where not, NaN where that is not known.
    weights : ``(moments,) float32``.
    folds : ``(moments,) int``: what shares samples is in one fold.
    """

    features: np.ndarray
    prior: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    folds: np.ndarray

    def __len__(self) -> int:
        return len(self.weights)

    def __getitem__(self, chosen: np.ndarray) -> "Examples":
        return Examples(
            self.features[chosen], self.prior[chosen], self.labels[chosen], self.weights[chosen], self.folds[chosen]
        )


def fit(examples: Examples) -> np.ndarray:
    """Weights of the features, after them a constant and the weight of the prior: ``(sounds, features + 2) float32``.

    A sound that is never or always struck goes by the model alone.
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
        value += 0.5 * _RIDGE * (both[:-2] @ both[:-2]) + 0.5 * _DOUBT * doubt**2
        gradient = np.append(rows.T @ slope, slope @ prior).astype(float)
        gradient[:-2] += _RIDGE * both[:-2]
        gradient[-1] += _DOUBT * doubt
        return float(value), gradient

    start = np.zeros(rows.shape[1] + 1)
    start[-1] = 1.0
    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS}).x


def cross_validate(examples: Examples) -> np.ndarray:
    """The log odds of each moment by a head that has not learned from its fold: ``(moments, sounds) float32``."""
    out = np.zeros_like(examples.prior)
    for fold in np.unique(examples.folds):
        held_out = examples.folds == fold
        own = examples[held_out]
        out[held_out] = log_odds_of(own.features @ (weights := fit(examples[~held_out]))[:, :-2].T, own.prior, weights)
    return out


def log_odds_of(weighed: np.ndarray, prior: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The log odds of sounds, of features that have been weighed: all ``(moments, sounds)``."""
    return weighed + weights[:, -2] + prior * weights[:, -1]


def best_threshold(odds: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> float:
    """From which log odds on a sound is heard, for the best F-measure."""
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
