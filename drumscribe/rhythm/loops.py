"""Recordings cut at bar lines, as loops are: where a file begins and ends says what the hits leave open.

A loop of a bar or two repeats nothing within itself, and half of a bar often sounds like the other half; but it begins
on a downbeat, and its length over the number of its bars is its tempo, to the sample.
"""

import math
from collections.abc import Sequence

import numpy as np

from .bars import Reading
from .fitting import PlacedHits, fit_line
from .tempo_map import Meter, TempoMap

_CUT = 0.02
"""Seconds by which pulses that are right miss the ends of a loop: standard deviation."""
_ODDS = 0.01
"""Of a recording being cut at bar lines, whatever is played."""
_LAG = 0.04
"""Seconds by which playing may be ahead of the click, or late."""
_CLOSE = 0.006
"""Seconds by which a loop may be cut too long or too short."""
_SURE, _UNSURE = 5.0, 0.06
"""Standard errors, and seconds at most, by which hits may miss the end of the last bar: players drift."""
_SNAP = 0.001
"""Seconds that a round tempo may move the end of a loop."""
_AT_ONCE = 0.05
"""Seconds in which a loop begins to sound."""
_FEWEST = 6
"""Hits that a loop has at least."""
_ENOUGH = 12.0
"""Seconds after which a loop need not be heard again."""


def repetitions(seconds: Sequence[float], duration: float) -> int:
    """How often a recording is to be heard, if it is a loop: as often as it takes to know one's way about in it.

    Once, if it is none, as it does not begin with a hit, or hardly has any, or ends in silence; `seconds` are their
    times, ascending.
    """
    if len(seconds) < _FEWEST or seconds[0] > _AT_ONCE or seconds[-1] < duration / 2:
        return 1
    return max(1, math.ceil(_ENOUGH / duration))


def bar_line_odds(readings: list[Reading], starts: np.ndarray, duration: float) -> np.ndarray:
    """``(readings,)``: log odds that both ends of a recording speak for each reading of the pulses from `starts` on."""
    period, origin = np.polyfit(np.arange(len(starts)), starts, 1)
    bars = np.array([reading.pulses_per_quarter * reading.meter.bar_quarters for reading in readings])[:, None]
    downbeats = np.array([reading.downbeat for reading in readings])[:, None]
    ends = ((np.array([0.0, duration]) - origin) / period - downbeats) / bars  # in bars
    lines, lengths = np.rint(ends), bars * period
    misses = np.abs(ends - lines) * lengths
    nearer = np.exp(-0.5 * (misses / _CUT) ** 2) * lengths / (_CUT * np.sqrt(2.0 * np.pi))
    return np.log1p(_ODDS * nearer.prod(axis=1) * (lines[:, 1] > lines[:, 0]))


def fit_loop(hits: PlacedHits, meter: Meter, duration: float) -> TempoMap | None:
    """One tempo at which whole bars fill the recording, or None where the hits know better.

    Bars as the hits have them must end with the recording, as far as the hits can tell, and begin about when it does: a
    player may be ahead of the click, or late, and stay so.
    """
    origin, period, residuals = fit_line(hits)
    bar = period * meter.bar_quarters
    bars = round(duration / bar)
    ahead = origin - bar * round(origin / bar)
    # Errors of neighbouring hits are alike, so that two count as one.
    error = float(np.std(residuals)) * math.sqrt(12.0 * 2.0 / len(residuals))
    if bars < 1 or abs(ahead) > _LAG or abs(bars * bar - duration) > min(max(_SURE * error, _CLOSE), _UNSURE):
        return None
    tempo = bars * meter.bar_quarters * 60.0 / duration
    whole = round(tempo)
    return TempoMap.steady(float(whole if abs(tempo / whole - 1.0) * duration <= _SNAP else tempo), 0.0, meter)
