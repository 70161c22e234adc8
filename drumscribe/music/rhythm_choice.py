"""Choose another reading of a rhythm: one of its alternatives, a multiple of its tempo, or bars that begin later."""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ..errors import RhythmError
from .rhythm import Rhythm, RhythmChoice
from .tempo_map import TEMPO_LIMITS, MeterChange, TempoMap, meters_of_bar


def choose(rhythm: Rhythm, choice: RhythmChoice) -> Rhythm:
    """Return the chosen reading of a rhythm.

    Parameters
    ----------
    rhythm : Rhythm
        The likeliest reading, with its alternatives.
    choice : RhythmChoice
        The choice.

    Returns
    -------
    Rhythm
        The reading of that number, with the tempo multiplied and the bars shifted. Its alternatives are the other
        readings, unchanged.

    Raises
    ------
    RhythmError
        If the reading does not exist, or the choice makes no sense in free time or at that tempo.
    """
    if choice.reading != 1:
        rhythm = _numbered(rhythm, choice.reading)
    if choice.tempo_factor != 1.0:
        rhythm = replace(rhythm, tempo_map=_faster(_map_of(rhythm, "tempo to multiply"), choice.tempo_factor))
    if choice.shift_bar:
        rhythm = replace(rhythm, tempo_map=_later(_map_of(rhythm, "bars to shift"), choice.shift_bar))
    return rhythm


def _numbered(rhythm: Rhythm, number: int) -> Rhythm:
    readings = rhythm.readings
    if not 1 <= number <= len(readings):
        there = "is only 1 reading" if len(readings) == 1 else f"are {len(readings)} readings"
        raise RhythmError(f"there {there} of this rhythm, none with the number {number}")
    others = [replace(reading, alternatives=()) for reading in readings if reading is not readings[number - 1]]
    return replace(readings[number - 1], relation="", alternatives=tuple(others))


def _map_of(rhythm: Rhythm, asked: str) -> TempoMap:
    if rhythm.tempo_map is None:
        raise RhythmError(f"the playing is in free time: it has no {asked}")
    return rhythm.tempo_map


def _faster(tempo_map: TempoMap, factor: float) -> TempoMap:
    """Multiply the tempo. A bar keeps its number of beats; bars of other lengths keep their ratio to it."""
    tempos = tempo_map.tempos() * factor
    if not (math.isfinite(factor) and factor > 0 and np.all((tempos >= TEMPO_LIMITS[0]) & (tempos <= TEMPO_LIMITS[1]))):
        limits = "{:g} to {:g} quarters per minute".format(*TEMPO_LIMITS)
        raise RhythmError(f"{factor:g} times the tempo is {tempos.min():g} to {tempos.max():g}, outside {limits}")
    quarters = tuple(factor * quarter for quarter in tempo_map.quarters)
    meters = [MeterChange(factor * change.quarter, change.meter) for change in tempo_map.meters]
    return TempoMap(tempo_map.seconds, quarters, tuple(_with_whole_bars(meters)))


def _with_whole_bars(changes: list[MeterChange]) -> Iterator[MeterChange]:
    """Yield changes of meter; the rest of a bar before a change is a bar with a meter of its own."""
    begin = changes[0].quarter
    for change, following in pairwise(changes):
        bar = change.meter.bar_quarters
        whole = math.floor((following.quarter - begin) / bar + 1e-6)
        if whole:
            yield MeterChange(begin, change.meter)
        at = begin + whole * bar
        rest = meters_of_bar(following.quarter - at, 4)
        for meter in rest:
            yield MeterChange(at, meter)
            at += meter.bar_quarters
        begin = following.quarter if whole or rest else begin  # a change after nothing takes its place
    yield MeterChange(begin, changes[-1].meter)


def _later(tempo_map: TempoMap, beats: int) -> TempoMap:
    """Shift all bar lines by this many beats, less whole bars."""
    meter = tempo_map.meters[0].meter
    beats %= meter.beats_per_bar
    shift = beats * meter.beat_quarters
    return replace(tempo_map, quarters=tuple(quarter - shift for quarter in tempo_map.quarters))
