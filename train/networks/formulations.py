"""Ways to put the question which drums are struck: one of several, each one or not, any of them at once.

Labels are ``(windows, classes) bool`` for all of them, and so are the targets.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_NEVER = 1e-6


@dataclass(frozen=True)
class Formulation:
    """How a question is put to a network, and how its answer is read.

    Attributes
    ----------
    activation : of the last layer.
    loss : by its name in Keras.
    separate : whether each class has a network of its own.
    simultaneous : whether several classes may sound at once.
    decode : answers ``(windows, classes) float32`` to the probability of each class, in the same shape.
    """

    activation: str
    loss: str
    separate: bool
    simultaneous: bool
    decode: Callable[[np.ndarray], np.ndarray]

    def decide(self, probabilities: np.ndarray) -> np.ndarray:
        """Which classes are taken to sound, ``(windows, classes) bool``: the likeliest, or all from 0.5 on."""
        if self.simultaneous:
            return probabilities >= 0.5
        return np.arange(probabilities.shape[1]) == probabilities.argmax(axis=1)[:, None]


def _as_they_are(answers: np.ndarray) -> np.ndarray:
    return answers


def _one_of_all(answers: np.ndarray) -> np.ndarray:
    """The probability of each class if exactly one is true, the answers being independent: odds over their sum."""
    certain = np.clip(answers, _NEVER, 1.0 - _NEVER)
    odds = certain / (1.0 - certain)
    return odds / odds.sum(axis=1, keepdims=True)


FORMULATIONS = {
    "multi-class": Formulation("softmax", "categorical_crossentropy", False, False, _as_they_are),
    "binary": Formulation("sigmoid", "binary_crossentropy", True, False, _one_of_all),
    "multi-label": Formulation("sigmoid", "binary_crossentropy", False, True, _as_they_are),
}
"""Multi-class: which drum is it? Binary: kick or not, snare or not, ..., a network each (one against the rest).
Multi-label: which drums are in it? One network, trained on mixtures too."""
