"""Fold hits into one bar, and measure how well patterns fit this bar from each possible downbeat.

Few cells of a folded bar have hits, and each cell occurred n or n + 1 times. So sums over the hits and over arcs of the
bar fit all patterns from all downbeats.
"""

import math
from dataclasses import dataclass

import numpy as np

from ..compiling import compiled
from ..music.tempo_map import Meter
from .patterns import CELLS, CLASSES, Tables

# By hand.
_MIN_RATE = 0.0015
"""Hits per bar expected in any cell, whatever the pattern."""
_PRIOR_BARS = 2.0
"""Pseudo-count: a known pattern counts as this many bars."""
_DOWNBEATS = 3
"""Downbeats considered per bar length, besides those at eighths from the likeliest."""
_MIN_DISTANCE_CELLS = 4
"""Minimum distance between these downbeats."""
_TEMPER = 0.3
"""Exponent of the likelihood when downbeats are ranked: the hits of one player are far from independent."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of a meter.

    Attributes
    ----------
    logarithms : np.ndarray
        ``(patterns, classes, 2 * cells)`` of the hits per bar, backwards from the first cell, twice.
    means : np.ndarray
        ``(patterns, classes, cells)``, hits per bar.
    sums : np.ndarray
        ``(patterns, classes, 2 * cells + 1)``, hits per bar before each cell of two bars.
    totals : np.ndarray
        ``(patterns, 2 * cells + 1)``, the same of all classes.
    log_shares : np.ndarray
        ``(patterns,)``.
    """

    logarithms: np.ndarray
    means: np.ndarray
    sums: np.ndarray
    totals: np.ndarray
    log_shares: np.ndarray

    @classmethod
    def of(cls, tables: Tables, meter: Meter) -> "Patterns":
        """Prepare the patterns of a meter.

        Parameters
        ----------
        tables : Tables
            Drum patterns.
        meter : Meter
            The meter.

        Returns
        -------
        Patterns
            Its patterns.
        """
        means = np.ascontiguousarray(tables.rates_of(meter), np.float64) + _MIN_RATE
        back = np.log(means)[..., (-np.arange(2 * means.shape[-1])) % means.shape[-1]]
        sums = np.zeros((*means.shape[:2], 2 * means.shape[-1] + 1))
        np.cumsum(np.concatenate([means, means], axis=-1), axis=-1, out=sums[..., 1:])
        shares = tables.shares_of(meter).astype(np.float64)
        return cls(np.ascontiguousarray(back, np.float32), means, sums, sums.sum(axis=1), np.log(shares))


def fold(cells: np.ndarray, classes: np.ndarray, patterns: Patterns) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fold hits into one bar, and find its likeliest downbeats.

    These are the downbeats that fit best, and all at a distance of eighths from the best one.

    Parameters
    ----------
    cells : np.ndarray
        ``(hits,) int64`` positions in cells, ascending.
    classes : np.ndarray
        ``(hits,) int64`` indices into `patterns.CLASSES`.
    patterns : Patterns
        The patterns of the meter.

    Returns
    -------
    tuple[np.ndarray, np.ndarray, np.ndarray]
        The downbeats, ``(downbeats,)`` in cells, and ``(downbeats, classes)`` log likelihoods, of the closest pattern
        and of a bar that repeats itself: there the rate of each class in each cell has a Gamma prior around the closest
        pattern and is integrated out.
    """
    count, kinds, per_bar = patterns.means.shape
    most = per_bar // (CELLS // 2) + _DOWNBEATS
    downbeats, fits = np.zeros(most, np.int64), np.zeros((2, most, len(CLASSES)))
    counts = np.zeros((kinds, per_bar))
    np.add.at(counts, (classes, cells % per_bar), 1.0)
    tempered, known = np.zeros((count, per_bar), np.float32), np.zeros(per_bar)
    first, total = int(cells[0]) % per_bar, int(cells[-1] - cells[0]) + 1
    found = _fold(
        counts,
        np.stack(np.nonzero(counts), axis=1),
        patterns.logarithms,
        patterns.means,
        patterns.sums,
        patterns.totals,
        patterns.log_shares,
        first,
        total,
        CELLS // 2,
        _MIN_DISTANCE_CELLS,
        _TEMPER,
        _PRIOR_BARS,
        tempered,
        known,
        downbeats,
        fits,
    )
    return downbeats[:found], fits[0, :found], fits[1, :found]


@compiled(
    "f8[:,:], i8[:,:], f4[:,:,:], f8[:,:,:], f8[:,:,:], f8[:,:], f8[:], i8, i8, i8, i8, f8, f8, "
    "f4[:,:], f8[:], i8[:], f8[:,:,:] -> i8"
)
def _fold(
    counts: np.ndarray,
    places: np.ndarray,
    logarithms: np.ndarray,
    means: np.ndarray,
    sums: np.ndarray,
    totals: np.ndarray,
    log_shares: np.ndarray,
    first: int,
    total: int,
    eighth: int,
    distance: int,
    temper: float,
    prior: float,
    tempered: np.ndarray,
    known: np.ndarray,
    downbeats: np.ndarray,
    fits: np.ndarray,
) -> int:
    """Fill `downbeats` and `fits`, and return the number of downbeats; the other arguments are those of `fold`.

    `counts` has the hits of each class in each cell, `places` the cells with hits, `first` the cell of the first hit,
    and `total` the number of cells from the first hit to the last. `tempered` and `known` are arrays of zeros to work
    in.
    """
    count, kinds, per_bar = means.shape
    base, more = float(total // per_bar), total % per_bar  # each cell occurred so often, so many cells once more
    highest = -np.inf
    for p in range(count):
        row = tempered[p]
        for i in range(len(places)):
            times = np.float32(counts[places[i, 0], places[i, 1]])
            logs = logarithms[p, places[i, 0], per_bar - places[i, 1] : 2 * per_bar - places[i, 1]]
            for s in range(per_bar):
                row[s] += times * logs[s]
        for s in range(per_bar):
            start = (first - s) % per_bar
            expected = base * totals[p, per_bar] + totals[p, start + more] - totals[p, start]
            row[s] = temper * (row[s] - expected) + log_shares[p]
            highest = max(highest, row[s])
    for s in range(per_bar):
        for p in range(count):
            if tempered[p, s] > highest - 30.0:
                known[s] += math.exp(tempered[p, s] - highest)
        if known[s] == 0.0:
            for p in range(count):
                known[s] = max(known[s], 1e-14 / (1.0 + highest - tempered[p, s]))
    best, found = 0, 0
    for s in range(1, per_bar):
        if known[s] > known[best]:
            best = s
    for start in range(0, per_bar, eighth):
        downbeats[found] = (best + start) % per_bar
        found += 1
    for d in range(found):
        for near in range(1 - distance, distance):
            known[(downbeats[d] + near) % per_bar] = -1.0
    while found < len(downbeats):
        best = 0
        for s in range(1, per_bar):
            if known[s] > known[best]:
                best = s
        if known[best] < 0.0:
            break
        downbeats[found] = best
        found += 1
        for near in range(1 - distance, distance):
            known[(best + near) % per_bar] = -1.0
    for d in range(found):
        downbeat = downbeats[d]
        closest = 0
        for p in range(1, count):
            if tempered[p, downbeat] > tempered[closest, downbeat]:
                closest = p
        start = (first - downbeat) % per_bar
        for kind in range(kinds):
            whole = sums[closest, kind, per_bar]
            arc = sums[closest, kind, start + more] - sums[closest, kind, start]
            fits[0, d, kind] = -base * whole - arc
            fits[1, d, kind] = -prior * (
                math.log1p(base / prior) * (whole - arc) + math.log1p((base + 1.0) / prior) * arc
            )
        for i in range(len(places)):
            kind, cell = places[i, 0], places[i, 1]
            times = counts[kind, cell]
            bars = base + (1.0 if (cell - first) % per_bar < more else 0.0)
            mean = means[closest, kind, (cell - downbeat) % per_bar]
            fits[0, d, kind] += times * math.log(mean)
            rises = math.lgamma(prior * mean + times) - math.lgamma(prior * mean)
            fits[1, d, kind] += rises - times * math.log(prior + bars)
    return found
