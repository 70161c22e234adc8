"""Where the ticks of a MIDI file lie in the time of the recording.

A file has whole ticks, and whole microseconds per quarter. So the tempo of each segment is chosen such that the segment
ends when it should whatever the rounding before it, and notes are placed by the tempi that the file really holds: they
fall within half a tick of their hits however long the file is.

The file begins with the recording's first sample, and a bar line falls on every downbeat. What is before the first one
is a shorter bar, or some bars, in whole beats or at least sixteenths; that takes another tempo as long as nothing is
played, or for a beat where a hit comes before the first sixteenth in the recording. With `start_at_bar`, the file
begins with a bar line instead, and `Timeline.start` says where that is.
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ..hits import Hit, Transcription
from ..rhythm.tempo_map import NEAR, Meter, MeterChange, TempoMap

TICKS_PER_QUARTER = 960
FREE_TEMPO = 120.0
"""The nominal tempo of what has none."""
_COARSEST_TICK = 0.0016  # seconds; slower music gets more ticks, so that half of one stays below a millisecond
_SLOWEST_TEMPO = 0xFFFFFF  # microseconds per quarter, of which MIDI has three bytes
_FASTEST = 900.0  # quarters per minute that all common sequencers take


@dataclass(frozen=True, slots=True)
class Timeline:
    """The tempi and meters of a MIDI file.

    Attributes
    ----------
    division : ticks per quarter.
    ticks : ``(segments,) int64``, where each tempo begins; the first is 0.
    tempos : ``(segments,) int64``, microseconds per quarter.
    meters : the tick from which each meter holds, and the meter.
    start : the time in the recording, in seconds, at which the file begins.
    first_bar : the tick of the first bar line on a downbeat.
    shift : what is added to quarters of the tempo map to have those of the file.
    end : the tick at which the recording ends.
    """

    division: int
    ticks: np.ndarray
    tempos: np.ndarray
    meters: tuple[tuple[int, Meter], ...]
    start: float = 0.0
    first_bar: int = 0
    shift: float = 0.0
    end: int = 0

    def ticks_of(self, quarters: np.ndarray) -> np.ndarray:
        """The ticks of positions in quarters of the tempo map; before the file's beginning it is the first."""
        return np.maximum(0, np.rint((np.asarray(quarters) + self.shift) * self.division).astype(np.int64))

    def ticks_at(self, seconds: np.ndarray) -> np.ndarray:
        """The nearest ticks to times in the recording, in seconds; before the file's beginning it is the first."""
        wanted = (np.asarray(seconds, np.float64) - self.start) * (1e6 * self.division)
        origins = self._origins()
        i = np.clip(np.searchsorted(origins, wanted, side="right") - 1, 0, None)
        return np.maximum(0, self.ticks[i] + np.rint((wanted - origins[i]) / self.tempos[i]).astype(np.int64))

    def seconds_at(self, ticks: np.ndarray) -> np.ndarray:
        """The times of ticks, in seconds from the beginning of the file."""
        ticks = np.asarray(ticks, np.int64)
        i = np.clip(np.searchsorted(self.ticks, ticks, side="right") - 1, 0, None)
        return (self._origins()[i] + (ticks - self.ticks[i]) * self.tempos[i]) / (1e6 * self.division)

    def _origins(self) -> np.ndarray:
        """Where each segment begins, in microseconds divided by the division: integers, so that nothing adds up."""
        return np.concatenate([[0], np.cumsum(np.diff(self.ticks) * self.tempos[:-1])])


def lay_out(transcription: Transcription, start_at_bar: bool = False) -> Timeline:
    """The time line of a transcription's MIDI file.

    Parameters
    ----------
    start_at_bar : begin with the bar of the first hit, not with the recording; in free time this changes nothing.
    """
    tempo_map = transcription.rhythm.tempo_map if transcription.rhythm is not None else None
    if tempo_map is None:
        tempo = np.array([round(60e6 / FREE_TEMPO)])
        timeline = Timeline(TICKS_PER_QUARTER, np.zeros(1, np.int64), tempo, ((0, Meter()),))
    else:
        first = transcription.hits[0] if transcription.hits else None
        layout = (_begin_with_bar if start_at_bar else _begin_with_recording)(tempo_map, first)
        timeline = _round(layout, tempo_map, transcription.duration)
    return replace(timeline, end=int(timeline.ticks_at(transcription.duration)))


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a file begins: the times of its first points in seconds, and which quarters of the tempo map they are.

    The file's own quarters count from its beginning: they are the tempo map's plus `shift`, except before the second
    point. `pickup` is the file's quarter that has the first bar line.
    """

    seconds: tuple[float, ...]
    quarters: tuple[float, ...]
    shift: float
    pickup: float


def _meter_at(tempo_map: TempoMap, quarter: float) -> MeterChange:
    return [m for i, m in enumerate(tempo_map.meters) if i == 0 or m.quarter <= quarter + 1e-9][-1]


def _played(tempo_map: TempoMap, first: Hit) -> float:
    """The quarter that the first hit is at, at the latest."""
    return float(tempo_map.quarters_at(first.time + NEAR)) if first.quarter is None else first.quarter + 1e-6


def _begin_with_bar(tempo_map: TempoMap, first: Hit | None) -> _Layout:
    at = float(tempo_map.quarters_at(0.0)) if first is None else _played(tempo_map, first)
    change = _meter_at(tempo_map, at)
    bar = change.meter.bar_quarters
    line = change.quarter + bar * math.floor((at - change.quarter) / bar + 1e-9)
    time = float(tempo_map.seconds_at(line))
    if first is not None and first.time < time:
        return _stretched_beat(tempo_map, first.time, line, change.meter)
    return _Layout((time,), (line,), -line, 0.0)


def _begin_with_recording(tempo_map: TempoMap, first: Hit | None) -> _Layout:
    began, earliest = (float(quarter) for quarter in tempo_map.quarters_at(np.array([0.0, -NEAR])))
    change = _meter_at(tempo_map, earliest)
    bar, beat = change.meter.bar_quarters, change.meter.beat_quarters
    line = change.quarter + bar * math.ceil((earliest - change.quarter) / bar - 1e-6)
    line = min([line] + [m.quarter for m in tempo_map.meters if m.quarter > earliest])
    played = line if first is None else min(line, _played(tempo_map, first))
    for unit in (beat, 0.5, 0.25):  # the coarsest step of which there is one in between
        held = line - unit * math.ceil((line - played) / unit - 1e-6)  # from here on the tempo is its own
        if held >= earliest - 1e-6:
            break
    time = float(tempo_map.seconds_at(held))
    if time < -NEAR:
        return _stretched_beat(tempo_map, 0.0, held, change.meter, line - held)
    if time < 1e-6:
        return _Layout((0.0,), (held,), -held, line - held)
    lead = _lead(held - began, time, beat)
    if not lead:
        return _stretched_beat(tempo_map, 0.0, held, change.meter, line - held)
    return _Layout((0.0, time), (held - lead, held), lead - held, lead + line - held)


def _lead(quarters: float, seconds: float, beat: float) -> float:
    """The quarters that the file gives to what is before its first beat: the coarsest that is near enough to them.

    0 where even a sixteenth would be too fast for a sequencer: the file begins with the beat then.
    """
    for unit in (beat, 0.5, 0.25):
        lead = unit * max(1, round(quarters / unit))
        if 2 / 3 <= lead / quarters <= 4 / 3:
            return lead
    return 0.25 if 0.25 * 60.0 / seconds <= _FASTEST else 0.0


def _stretched_beat(tempo_map: TempoMap, start: float, line: float, meter: Meter, pickup: float = 0.0) -> _Layout:
    """A beat begins with the file, a little before its time or after it, and is as much longer or shorter.

    It ends with the bar, if that is sooner.
    """
    following = line + min(meter.beat_quarters, pickup or np.inf)
    return _Layout((start, float(tempo_map.seconds_at(following))), (line, following), -line, pickup)


def _round(layout: _Layout, tempo_map: TempoMap, duration: float) -> Timeline:
    """The time line in whole ticks and microseconds."""
    seconds, quarters = _points(layout, tempo_map, duration)
    quarters = quarters + layout.shift
    longest = np.diff(quarters) * (_SLOWEST_TEMPO / 1e6)
    if np.any(np.diff(seconds) > longest):  # bar lines come too early then; notes are placed by the tempi of the file
        seconds = seconds[0] + np.concatenate([[0.0], np.cumsum(np.minimum(np.diff(seconds), longest))])
    division = TICKS_PER_QUARTER  # 15360 at the slowest tempo: MIDI holds up to 32767
    while np.max(np.diff(seconds) / np.diff(quarters)) > _COARSEST_TICK * division:
        division *= 2
    points = zip(
        (seconds - seconds[0]) * 1e6 * division, np.rint(quarters * division).astype(int).tolist(), strict=True
    )
    ticks, tempos = _whole_tempos(list(points), division)
    return Timeline(
        division,
        np.array(ticks, np.int64),
        np.array(tempos, np.int64),
        _signatures(layout, tempo_map, division),
        float(seconds[0]),
        round(layout.pickup * division),
        layout.shift,
    )


def _whole_tempos(points: list[tuple[float, int]], division: int) -> tuple[list[int], list[int]]:
    """Ticks and microseconds per quarter, whole numbers that stray from the points by a quarter of a tick at most.

    Where one tempo would not do for the whole way between two points, two neighbouring ones take turns.

    Parameters
    ----------
    points : times in microseconds multiplied by the division, and ticks.
    """
    ticks, tempos = [], []
    now = 0  # what the whole tempi have added up to
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
            tempo = min(max(1, tempo), _SLOWEST_TEMPO)
            ticks.append(tick)
            tempos.append(tempo)
            tick, began, now = tick + span, began + slope * span, now + tempo * span
    return ticks, tempos


def _points(layout: _Layout, tempo_map: TempoMap, duration: float) -> tuple[np.ndarray, np.ndarray]:
    """Seconds and quarters of all points between which the tempo is constant, from the file's beginning to its end."""
    anchors = np.array([tempo_map.seconds, tempo_map.quarters])
    own = anchors[:, (anchors[0] > layout.seconds[-1]) & (anchors[0] < duration)]
    seconds = np.concatenate([layout.seconds, own[0]])
    quarters = np.concatenate([layout.quarters, own[1]])
    # The end is a whole number of quarters off, so that rounding it to a tick does not touch the last tempo.
    last = quarters[-1] + math.ceil(float(tempo_map.quarters_at(max(duration, seconds[-1]) + 1.0)) - quarters[-1])
    seconds = np.append(seconds, float(tempo_map.seconds_at(last)))
    quarters = np.append(quarters, last)
    slopes = np.diff(seconds) / np.diff(quarters)
    turns = np.abs(np.diff(slopes)) > 1e-7 * slopes[1:]
    kept = np.concatenate([[True], turns, [True]])
    return seconds[kept], quarters[kept]


def _signatures(layout: _Layout, tempo_map: TempoMap, division: int) -> tuple[tuple[int, Meter], ...]:
    """The meters, after a shorter bar where the file begins within one."""
    line = layout.pickup - layout.shift
    meter = _meter_at(tempo_map, line).meter
    bars = math.floor(layout.pickup / meter.bar_quarters + 1e-6)
    rest = layout.pickup - bars * meter.bar_quarters
    meters = [(0, _short_bar(rest, meter))] if rest > 1e-6 else []
    meters.append((round(rest * division), meter))
    for change in tempo_map.meters:
        if change.quarter > line + 1e-6 and change.meter != meters[-1][1]:
            meters.append((round((change.quarter + layout.shift) * division), change.meter))
    return tuple(meters)


def _short_bar(quarters: float, meter: Meter) -> Meter:
    """The meter of a bar that lasts so many quarters, in the denominator of the music if that is possible."""
    for denominator in (meter.denominator, 4, 8, 16, 32):
        count = quarters * denominator / 4
        if abs(count - round(count)) < 1e-6:
            return Meter(round(count), denominator)
    raise ValueError(f"no meter has a bar of {quarters:g} quarters")
