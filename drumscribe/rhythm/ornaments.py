"""Flams, drags, rolls and runs: strokes that belong to others rather than to a line of the grid.

A grace note comes before its main stroke on the same drum, so shortly that nobody would write it as a note of its own:
within 25 ms, or within 60 ms if it is softer. A run is four strokes or more on one drum that are faster than the grid.
If it meets the lines, as eighths do that are quantised to quarters, its other strokes are between the lines; if not, it
is a roll, of which the first stroke alone has a place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .grid import Grid, bar_starts
from .tempo_map import TempoMap

if TYPE_CHECKING:
    from ..hits import Hit

_CLOSE, _SOFT_CLOSE, _SOFTER = 0.025, 0.060, 0.7
_RUN_HITS = 4
_MEETS = 0.16
"""Distance of strokes from the lines that they meet, as a share of the gaps of a run: of a roll it is .29 (uniform)."""


@dataclass(frozen=True, slots=True)
class Ornaments:
    """What belongs to another stroke, as arrays of a value per hit.

    Attributes
    ----------
    main : the index of the stroke that a grace note leads to; its own for all other hits.
    in_roll : whether it is within a roll, of which the first stroke is not: it has a place.
    between : whether it is between the lines, in a run that is faster than the grid.
    """

    main: np.ndarray
    in_roll: np.ndarray
    between: np.ndarray


def drum_of(hit: "Hit") -> str:
    """What strokes on one thing have in common: toms and cymbals are several, the rest one each."""
    return hit.articulation if hit.instrument in ("tom", "cymbal") else hit.instrument


def find_ornaments(
    seconds: np.ndarray, velocities: np.ndarray, drums: Sequence[str], tempo_map: TempoMap, grid: Grid
) -> Ornaments:
    """Find grace notes, rolls, and what is between the lines of a grid.

    Parameters
    ----------
    seconds : ``(hits,)``, ascending.
    velocities : ``(hits,)``.
    drums : what each was played on.
    """
    at, finest = tempo_map.quarters_at(seconds), min(subdivision.step for subdivision in grid.subdivisions)
    steps = tempo_map.seconds_at(at + finest) - seconds
    starts = bar_starts(tempo_map, float(at.min()), float(at.max())) if len(at) else np.zeros(1)
    lines = (at - starts[np.searchsorted(starts, at, side="right") - 1]) / finest
    distances = np.abs(lines - np.rint(lines))
    main, in_roll, between = np.arange(len(seconds)), np.zeros(len(seconds), bool), np.zeros(len(seconds), bool)
    names = np.array(drums)
    for drum in dict.fromkeys(drums):
        own = np.flatnonzero(names == drum)
        gaps, step = np.diff(seconds[own]), steps[own][:-1]
        run = np.zeros(len(own), bool)
        for begin, end in _runs(gaps < 0.8 * step):  # gaps from begin to end: hits from begin to end inclusive
            share = gaps[begin:end].mean() / step[begin:end].mean()
            if end - begin + 1 < _RUN_HITS or share >= 0.7:
                continue
            run[begin : end + 1] = True
            members = own[begin : end + 1]
            meets = distances[members] < share / 2
            if meets.any() and np.sqrt(np.mean(distances[members[meets]] ** 2)) < _MEETS * share:
                between[members[~meets]] = True
            else:
                in_roll[members[1:]] = True
        soft = velocities[own][:-1] < _SOFTER * velocities[own][1:]
        grace = (gaps < 0.6 * step) & ((gaps < _CLOSE) | (soft & (gaps < _SOFT_CLOSE)))
        for i in reversed(np.flatnonzero(grace & ~(run[:-1] & run[1:]))):
            main[own[i]] = main[own[i + 1]]
    return Ornaments(main, in_roll, between)


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Begin and end of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
