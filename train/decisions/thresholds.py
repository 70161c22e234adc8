"""Detection thresholds: one for the five drums and one for the side stick.

They are those with the best F-measure at +-50 ms on sound made of held-out kits and grooves.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from drumscribe.hearing.evidence import probability, weigh
from drumscribe.network.model_card import Columns

from .weights import TOLERANCE, HeardClip, count_matches

GRID = np.round(np.arange(0.06, 0.95, 0.02), 2)


@dataclass(frozen=True)
class Score:
    """Counts of one instrument at one threshold.

    Attributes
    ----------
    instrument : str
        The instrument.
    threshold : float
        Probability.
    true_positives, false_positives, false_negatives : int
        Numbers of hits.
    """

    instrument: str
    threshold: float
    true_positives: int
    false_positives: int
    false_negatives: int

    @property
    def f_measure(self) -> float:
        """F-measure, 2 TP / (2 TP + FP + FN); 0 if there is nothing to find."""
        total = 2 * self.true_positives + self.false_positives + self.false_negatives
        return 2 * self.true_positives / total if total else 0.0


def sweep(
    clips: Iterable[HeardClip], columns: Columns, weights: tuple[tuple[float, ...], ...], retrigger: float = 0.0
) -> list[list[Score]]:
    """Score each instrument along a grid of thresholds.

    Parameters
    ----------
    clips : Iterable[HeardClip]
        The candidates.
    columns : Columns
        Columns of the answers.
    weights : tuple[tuple[float, ...], ...]
        See `learn_weights`.
    retrigger : float, default 0.0
        Minimum time in seconds between two hits of one instrument.

    Returns
    -------
    list[list[Score]]
        For each instrument, a score per threshold.
    """
    constants, slopes = np.array(weights)[:, 0], np.array(weights)[:, 1:]
    counts = np.zeros((len(columns.instruments), len(GRID), 3), int)
    for clip in clips:
        likely = probability(constants[clip.of] + weigh(clip.evidence, clip.of, slopes))
        for i in range(len(columns.instruments)):
            times, audible = clip.stroke_times[clip.stroke_of == i], clip.audible[clip.stroke_of == i]
            for t, threshold in enumerate(GRID):
                at = _apart(clip.times[(clip.of == i) & (likely >= threshold)], retrigger)
                found, used = count_matches(times, at, TOLERANCE)
                counts[i, t] += (found & audible).sum(), (~used).sum(), (~found & audible).sum()
    return [
        [Score(name, float(threshold), *(int(n) for n in row)) for threshold, row in zip(GRID, rows, strict=True)]
        for name, rows in zip(columns.instruments, counts, strict=True)
    ]


def _apart(times: np.ndarray, gap: float) -> np.ndarray:
    """Drop the times that follow, or precede, another one too soon; they are in order, up to single frames."""
    if gap == 0.0:
        return times
    kept, last = [], -np.inf
    for time in times.tolist():
        if time - last > gap - 1e-9:
            kept.append(time)
            last = time
    return np.array(kept)


def best_thresholds(scores: list[list[Score]]) -> list[Score]:
    """Return the score of each instrument at its best threshold."""
    return [max(rows, key=lambda score: score.f_measure) for rows in scores]


def choose_thresholds(scores: list[list[Score]]) -> tuple[float, ...]:
    """Choose one threshold for the five drums, that of their best micro F, and one for the side stick.

    The best threshold of each drum by itself is partly chance: it does worse on other clips than one for all. That of
    the side stick, which the micro F leaves out, is lower on all sound.

    Parameters
    ----------
    scores : list[list[Score]]
        For each instrument, a score per threshold of the grid.

    Returns
    -------
    tuple[float, ...]
        A threshold per instrument.
    """
    shared = max((list(at_one) for at_one in zip(*scores, strict=True)), key=micro_f)
    own = best_thresholds(scores)
    return tuple(
        alone.threshold if alone.instrument == "side_stick" else together.threshold
        for alone, together in zip(own, shared, strict=True)
    )


def at_thresholds(scores: list[list[Score]], thresholds: tuple[float, ...]) -> list[Score]:
    """Return the score of each instrument at a given threshold.

    Parameters
    ----------
    scores : list[list[Score]]
        For each instrument, a score per threshold of the grid.
    thresholds : tuple[float, ...]
        For each instrument, one of the grid.

    Returns
    -------
    list[Score]
        A score per instrument.
    """
    return [
        min(rows, key=lambda score: abs(score.threshold - threshold))
        for rows, threshold in zip(scores, thresholds, strict=True)
    ]


def micro_f(scores: list[Score]) -> float:
    """Return the F-measure of the summed counts of all instruments except the side stick."""
    five = [score for score in scores if score.instrument != "side_stick"]
    hits = sum(score.true_positives for score in five)
    return 2 * hits / max(1, sum(2 * s.true_positives + s.false_positives + s.false_negatives for s in five))
