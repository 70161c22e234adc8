"""How right a model of windows is, and how far its probabilities can be believed.

Where every window holds one sound, the likeliest class is the answer, whatever the formulation, so that formulations
can be compared; where windows hold several, every class from 0.5 on is.
"""

from dataclasses import dataclass

import numpy as np

_BINS = 15


@dataclass(frozen=True)
class Evaluation:
    """What was measured.

    Attributes
    ----------
    classes : names, in the order of what follows.
    windows : how many there were.
    accuracy : share of the windows whose classes were all told, and no other.
    f_measures : of each class, 2 TP / (2 TP + FP + FN); 0 where there is nothing to count.
    calibration_error : see `calibration_error`; of the likeliest class, or of every class where there are several.
    confusion : windows by class (rows) and answer (columns); empty where windows hold several sounds.
    """

    classes: tuple[str, ...]
    windows: int
    accuracy: float
    f_measures: tuple[float, ...]
    calibration_error: float
    confusion: tuple[tuple[int, ...], ...]

    @property
    def macro_f(self) -> float:
        """The mean F of the classes."""
        return float(np.mean(self.f_measures))

    def lines(self) -> list[str]:
        """For people to read."""
        width = max(map(len, self.classes)) + 2
        told = f"{self.windows} windows: accuracy {self.accuracy:.3f}, macro F {self.macro_f:.3f}"
        lines = [f"{told}, calibration error {self.calibration_error:.3f}"]
        header = "".join(name.rjust(width) for name in self.classes) if self.confusion else ""
        lines.append(" " * width + "F".rjust(7) + header)
        for i, name in enumerate(self.classes):
            counts = "".join(str(n).rjust(width) for n in self.confusion[i]) if self.confusion else ""
            lines.append(name.ljust(width) + f"{self.f_measures[i]:7.3f}" + counts)
        return lines


def calibration_error(probabilities: np.ndarray, outcomes: np.ndarray) -> float:
    """Expected calibration error (Guo et al., "On calibration of modern neural networks", ICML 2017), in 15 bins.

    Parameters
    ----------
    probabilities : ``(answers,)`` from 0 to 1.
    outcomes : ``(answers,) bool``, whether each came true.
    """
    bins = np.minimum((probabilities * _BINS).astype(int), _BINS - 1)
    said = np.bincount(bins, probabilities, _BINS)
    true = np.bincount(bins, outcomes.astype(float), _BINS)
    return float(np.abs(said - true).sum() / max(1, len(probabilities)))


def evaluate(probabilities: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> Evaluation:
    """Hold ``(windows, classes)`` probabilities against labels of the same shape, bool."""
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
