"""Recordings cut at bar lines, as loops are: where a file begins and ends says what the hits leave open.

A loop of a bar or two repeats nothing within itself, and half of a bar often sounds like the other half; but it begins
on a downbeat, and its length over the number of its bars is its tempo, to the sample.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .bars import Reading
from .tempo_map import TempoMap

if TYPE_CHECKING:
    from ..hits import Hit

_CUT = 0.02
"""Seconds by which pulses that are right miss the ends of a loop: standard deviation."""
_ODDS = 0.01
"""Of a recording being cut at bar lines, whatever is played."""
_FAR = 3.0
"""Standard deviations at which an end is no bar line."""
_SNAP = 0.005
"""Seconds that a round tempo may move the end of a loop."""
_AT_ONCE = 0.05
"""Seconds in which a loop begins to sound."""
_FEWEST = 6
"""Hits that a loop has at least."""
_ENOUGH = 12.0
"""Seconds after which a loop need not be heard again."""


def repetitions(hits: Sequence["Hit"], duration: float) -> int:
    """How often a recording is to be heard, if it is a loop: as often as it takes to know one's way about in it.

    Once, if it is none, as it does not begin with a hit, or hardly has any, or ends in silence.
    """
    if len(hits) < _FEWEST or hits[0].time > _AT_ONCE or hits[-1].time < duration / 2:
        return 1
    return max(1, math.ceil(_ENOUGH / duration))


def bar_line_odds(readings: list[Reading], starts: np.ndarray, duration: float) -> np.ndarray:
    """``(readings,)``: log odds that both ends of a recording speak for each reading of the pulses from `starts` on."""
    misses, lengths, bars = (np.array(x) for x in zip(*(_ends(r, starts, duration) for r in readings), strict=True))
    nearer = np.exp(-0.5 * (misses / _CUT) ** 2) * lengths[:, None] / (_CUT * np.sqrt(2.0 * np.pi))
    return np.log1p(_ODDS * nearer.prod(axis=1) * (bars > 0))


def fit_loop(reading: Reading, starts: np.ndarray, duration: float) -> TempoMap | None:
    """One tempo at which whole bars fill the recording, or None where its ends are no bar lines of the reading."""
    misses, _, bars = _ends(reading, starts, duration)
    if bars < 1 or max(misses) > _FAR * _CUT:
        return None
    tempo = bars * reading.meter.bar_quarters * 60.0 / duration
    whole = np.rint(tempo)
    if abs(tempo / whole - 1.0) * duration <= _SNAP:
        tempo = whole
    return TempoMap.steady(float(tempo), 0.0, reading.meter)


def _ends(reading: Reading, starts: np.ndarray, duration: float) -> tuple[tuple[float, float], float, int]:
    """Seconds from each end to the nearest bar line, those of a bar, and how many bars there are in between."""
    period, origin = np.polyfit(np.arange(len(starts)), starts, 1)
    pulses = reading.pulses_per_quarter * reading.meter.bar_quarters
    ends = ((np.array([0.0, duration]) - origin) / period - reading.downbeat) / pulses
    lines = np.rint(ends)
    misses = np.abs(ends - lines) * pulses * period
    return tuple(misses.tolist()), float(pulses * period), int(lines[1] - lines[0])
