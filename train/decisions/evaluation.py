"""Evaluation of models of windows: accuracy, and calibration of their probabilities.

If every window holds one sound, the likeliest class is the answer, whatever the formulation, so that formulations can
be compared; if windows hold several, every class from 0.5 is.
"""

from dataclasses import dataclass
from typing import final

import numpy as np

_BINS = 15


@final
@dataclass(frozen=True)
class Evaluation:
    """Results of a model on some windows.

    Attributes
    ----------
    classes : tuple[str, ...]
        Names, in the order of the other results.
    windows : int
        Number of windows.
    accuracy : float
        Share of the windows with exactly the right classes.
    f_measures : tuple[float, ...]
        F-measure of each class; 0 if there is nothing to count.
    calibration_error : float
        See `calibration_error`; of the likeliest class, or of every class if windows hold several.
    confusion : tuple[tuple[int, ...], ...]
        Windows by class (rows) and answer (columns); empty if windows hold several sounds.
    """

    classes: tuple[str, ...]
    windows: int
    accuracy: float
    f_measures: tuple[float, ...]
    calibration_error: float
    confusion: tuple[tuple[int, ...], ...]

    @property
    def macro_f(self) -> float:
        """Mean F-measure of the classes."""
        return float(np.mean(self.f_measures))

    def lines(self) -> list[str]:
        """Format the results for people."""
        width = max(map(len, self.classes)) + 2
        figures = f"{self.windows} windows: accuracy {self.accuracy:.3f}, macro F {self.macro_f:.3f}"
        lines = [f"{figures}, calibration error {self.calibration_error:.3f}"]
        header = "".join(name.rjust(width) for name in self.classes) if self.confusion else ""
        lines.append(" " * width + "F".rjust(7) + header)
        for i, name in enumerate(self.classes):
            counts = "".join(str(n).rjust(width) for n in self.confusion[i]) if self.confusion else ""
            lines.append(name.ljust(width) + f"{self.f_measures[i]:7.3f}" + counts)
        return lines


def calibration_error(probabilities: np.ndarray, outcomes: np.ndarray) -> float:
    """Compute the expected calibration error (Guo et al., "On calibration of modern neural networks", ICML 2017).

    Parameters
    ----------
    probabilities : np.ndarray
        ``(answers,)`` from 0 to 1.
    outcomes : np.ndarray
        ``(answers,) bool``, whether each was right.

    Returns
    -------
    float
        Mean difference of probability and accuracy, over 15 bins.
    """
    bins = np.minimum((probabilities * _BINS).astype(int), _BINS - 1)
    said = np.bincount(bins, probabilities, _BINS)
    true = np.bincount(bins, outcomes.astype(float), _BINS)
    return float(np.abs(said - true).sum() / max(1, len(probabilities)))


def evaluate(probabilities: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> Evaluation:
    """Compare probabilities with labels.

    Parameters
    ----------
    probabilities : np.ndarray
        ``(windows, classes)`` from 0 to 1.
    labels : np.ndarray
        ``(windows, classes) bool``.
    classes : tuple[str, ...]
        Names of the classes.

    Returns
    -------
    Evaluation
        The results.
    """
    single = bool((labels.sum(axis=1) == 1).all())
    if single:
        answers, truth = probabilities.argmax(axis=1), labels.argmax(axis=1)
        decided = np.arange(len(classes)) == answers[:, None]
        confusion = np.zeros((len(classes), len(classes)), int)
        np.add.at(confusion, (truth, answers), 1)
        error = calibration_error(probabilities.max(axis=1), answers == truth)
    else:
        decided, confusion = probabilities >= 0.5, np.zeros((0, 0), int)
        error = calibration_error(probabilities.ravel(), labels.ravel())
    hits = (decided & labels).sum(axis=0)
    wrong = (decided ^ labels).sum(axis=0)
    return Evaluation(
        classes,
        len(labels),
        float((decided == labels).all(axis=1).mean()),
        tuple((2 * hits / np.maximum(1, 2 * hits + wrong)).tolist()),
        error,
        tuple(tuple(row) for row in confusion.tolist()),
    )
