"""Beats folded into bars: how often each class is struck at each step of each beat of a bar, and what that tells."""

from dataclasses import dataclass

import numpy as np

from .patterns import CLASSES

# By hand.
STEPS = 12
"""Steps of a beat, fine enough for sixteenths and triplets; a hit belongs to the nearest step."""
_PRIOR_BARS = 1.0
"""Pseudo-count: the shares of any beat count as this many bars."""
_MIN_SHARE = 0.003
"""Minimum share of the beats in which a class is struck at a step."""


@dataclass(frozen=True, slots=True)
class FoldedBeats:
    """Hits by their beats, of which any can be folded together.

    Attributes
    ----------
    slots : np.ndarray
        ``(strokes,) int64`` numbers of the beats from the first, ascending.
    kinds : np.ndarray
        ``(strokes,) int64``, class and step within the beat as one number.
    count : int
        Number of beats.
    any_beat : np.ndarray
        ``(classes * steps,)`` shares of the beats.
    """

    slots: np.ndarray
    kinds: np.ndarray
    count: int
    any_beat: np.ndarray

    @classmethod
    def of(cls, steps: np.ndarray, classes: np.ndarray) -> "FoldedBeats":
        """Collect the hits of each beat.

        Parameters
        ----------
        steps : np.ndarray
            ``(hits,) int64`` positions in steps, ascending.
        classes : np.ndarray
            ``(hits,) int64`` indices into `patterns.CLASSES`.

        Returns
        -------
        FoldedBeats
            The beats.
        """
        slots = steps // STEPS
        slots = slots - slots[0]
        count = int(slots[-1]) + 1
        kinds = len(CLASSES) * STEPS
        struck = np.unique(slots * kinds + classes * STEPS + steps % STEPS)  # twice in a step is once
        shares = np.bincount(struck % kinds, minlength=kinds) / count
        return cls(struck // kinds, struck % kinds, count, np.clip(shares, _MIN_SHARE, 1.0 - _MIN_SHARE))

    def folded(self, positions: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Count strokes and beats at each position of a bar.

        Parameters
        ----------
        positions : np.ndarray
            ``(beats,) int64`` position of each beat; -1 does not count.
        length : int
            Number of positions.

        Returns
        -------
        tuple[np.ndarray, np.ndarray]
            Strokes, ``(length, kinds)``, and beats, ``(length,)``.
        """
        at = positions[self.slots]
        inside = at >= 0
        flat = at[inside] * len(self.any_beat) + self.kinds[inside]
        counts = np.bincount(flat, minlength=length * len(self.any_beat)).reshape(length, -1)
        return counts.astype(np.float64), np.bincount(positions[positions >= 0], minlength=length).astype(np.float64)

    def fit(self, counts: np.ndarray, bars: np.ndarray) -> np.ndarray:
        """Fit each beat to each position.

        Parameters
        ----------
        counts, bars : np.ndarray
            Strokes and beats at each position, see `folded`.

        Returns
        -------
        np.ndarray
            ``(beats, positions)`` log likelihoods, relative to any beat.
        """
        shares = (_PRIOR_BARS * self.any_beat + counts) / (_PRIOR_BARS + bars)[:, None]
        silent = np.log((1.0 - shares) / (1.0 - self.any_beat))
        gains = np.log(shares / self.any_beat) - silent
        fits = np.zeros((self.count, len(bars)))
        starts = np.flatnonzero(np.diff(self.slots, prepend=-1))
        fits[self.slots[starts]] = np.add.reduceat(gains[:, self.kinds], starts, axis=1).T
        return fits + silent.sum(axis=1)

    def evidence(self, positions: np.ndarray, length: int) -> float:
        """Weigh positions by all strokes, the shares integrated out (Beta-binomial).

        Parameters
        ----------
        positions : np.ndarray
            ``(beats,) int64`` position of each beat; -1 does not count.
        length : int
            Number of positions.

        Returns
        -------
        float
            The log likelihood.
        """
        counts, bars = self.folded(positions, length)
        hit, missed = _PRIOR_BARS * self.any_beat, _PRIOR_BARS * (1.0 - self.any_beat)
        gained = _log_gamma(hit + counts) + _log_gamma(missed + bars[:, None] - counts)
        prior = (_log_gamma(hit) + _log_gamma(missed)).sum()
        totals = len(self.any_beat) * (_log_gamma(_PRIOR_BARS + bars) - _log_gamma(np.array(_PRIOR_BARS)))
        return float(gained.sum() - length * prior - totals.sum())


def _log_gamma(x: np.ndarray) -> np.ndarray:
    """Approximate log gamma to 1e-7 by Stirling's series; loading scipy's takes longer than the whole analysis."""
    y = x + 4.0
    series = (y - 0.5) * np.log(y) - y + 0.5 * np.log(2 * np.pi) + 1 / (12 * y) - 1 / (360 * y**3) + 1 / (1260 * y**5)
    return series - np.log(x * (x + 1.0) * (x + 2.0) * (x + 3.0))
