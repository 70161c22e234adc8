"""Tempi of a MIDI file, which are whole microseconds per quarter."""

import math
from itertools import pairwise

SLOWEST_TEMPO = 0xFFFFFF
"""The slowest tempo, in microseconds per quarter: the largest number in the three bytes that MIDI has for it."""


def whole_tempos(points: list[tuple[float, int]], division: int) -> tuple[list[int], list[int]]:
    """Choose whole ticks and microseconds per quarter that stay within a quarter of a tick of the points.

    If no single tempo fits between two points, two neighbouring tempi alternate.

    Parameters
    ----------
    points : list[tuple[float, int]]
        Times in microseconds multiplied by the division, and ticks.
    division : int
        Ticks per quarter.

    Returns
    -------
    tuple[list[int], list[int]]
        Ticks, and microseconds per quarter.
    """
    ticks, tempos = [], []
    now = 0  # sum of the whole tempi so far
    for (began, tick), (ends, last) in pairwise(points):
        while tick < last:
            slope, needed = (ends - began) / (last - tick), (ends - now) / (last - tick)
            off, span = now - began, last - tick
            fitting = (t for t in (round(slope), round(needed)) if abs(off + (t - slope) * span) <= slope / 4)
            tempo = next(fitting, None)
            if tempo is None:
                tempo = round(slope) if off == 0 else math.floor(slope) if off > 0 else math.ceil(slope)
                steps = (math.copysign(slope / 4, tempo - slope) - off) / (tempo - slope)
                span = min(span, max(division, int(steps) // division * division))
            tempo = min(max(1, tempo), SLOWEST_TEMPO)
            ticks.append(tick)
            tempos.append(tempo)
            tick, began, now = tick + span, began + slope * span, now + tempo * span
    return ticks, tempos
