"""Formulations of the task: which drum is struck (multi-class), each drum or not (binary), any drums (multi-label).

Labels and targets are ``(windows, classes) bool`` in all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_NEVER = 1e-6


@dataclass(frozen=True)
class Formulation:
    """A formulation: the output layer, the loss, and the interpretation of the answers.

    Attributes
    ----------
    activation : str
        Activation of the last layer.
    loss : str
        Name of the loss in Keras.
    separate : bool
        Whether each class has its own network.
    simultaneous : bool
        Whether several classes may sound at once.
    decode : Callable[[np.ndarray], np.ndarray]
        Turns answers ``(windows, classes) float32`` into the probability of each class, in the same shape.
    """

    activation: str
    loss: str
    separate: bool
    simultaneous: bool
    decode: Callable[[np.ndarray], np.ndarray]

    def decide(self, probabilities: np.ndarray) -> np.ndarray:
        """Decide which classes sound, ``(windows, classes) bool``: the likeliest one, or all with at least 0.5."""
        if self.simultaneous:
            return probabilities >= 0.5
        return np.arange(probabilities.shape[1]) == probabilities.argmax(axis=1)[:, None]


def _as_they_are(answers: np.ndarray) -> np.ndarray:
    return answers


def _one_of_all(answers: np.ndarray) -> np.ndarray:
    """Return the probability of each class if exactly one is true and the answers are independent: its odds over their
    sum."""
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
