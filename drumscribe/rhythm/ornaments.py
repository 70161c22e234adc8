"""Flams, drags and rolls: strokes that belong to another one rather than to a place in the bar.

A grace note comes before its main stroke on the same drum, so shortly that nobody would write it as a note of its own:
within 25 ms, or within 60 ms if it is softer. A roll is a run of strokes on one drum that is faster than the grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_CLOSE, _SOFT_CLOSE, _SOFTER = 0.025, 0.060, 0.7
_ROLL_HITS = 4


@dataclass(frozen=True, slots=True)
class Ornaments:
    """What belongs to another stroke, as arrays of a value per hit.

    Attributes
    ----------
    main : the index of the stroke that a grace note leads to; its own for all other hits.
    in_roll : whether it is within a roll, of which the first stroke is not: it has a place.
    """

    main: np.ndarray
    in_roll: np.ndarray


def find_ornaments(seconds: np.ndarray, velocities: np.ndarray, drums: Sequence[str], steps: np.ndarray) -> Ornaments:
    """Find grace notes and rolls.

    Parameters
    ----------
    seconds : ``(hits,)``, ascending.
    velocities : ``(hits,)``.
    drums : what each was played on.
    steps : ``(hits,)``, how far the lines of the grid are apart there, in seconds.
    """
    main, in_roll = np.arange(len(seconds)), np.zeros(len(seconds), bool)
    names = np.array(drums)
    for drum in dict.fromkeys(drums):
        own = np.flatnonzero(names == drum)
        gaps, step = np.diff(seconds[own]), steps[own][:-1]
        fast = gaps < 0.8 * step
        roll = np.zeros(len(own), bool)
        for begin, end in _runs(fast):  # gaps from begin to end: hits from begin to end inclusive
            if end - begin + 1 >= _ROLL_HITS and gaps[begin:end].mean() < 0.7 * step[begin:end].mean():
                roll[begin : end + 1] = True
                in_roll[own[begin + 1 : end + 1]] = True
        soft = velocities[own][:-1] < _SOFTER * velocities[own][1:]
        grace = (gaps < 0.6 * step) & ((gaps < _CLOSE) | (soft & (gaps < _SOFT_CLOSE)))
        for i in reversed(np.flatnonzero(grace & ~(roll[:-1] & roll[1:]))):
            main[own[i]] = main[own[i + 1]]
    return Ornaments(main, in_roll)


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Begin and end of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
