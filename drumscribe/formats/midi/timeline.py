"""Timeline: ticks of a MIDI file and times in the recording.

A file has whole ticks, and whole microseconds per quarter. So the tempo of each segment makes up for the rounding
before it, and the segment ends at the right time. Notes are placed by the tempi in the file, and so are within half a
tick of their hits, however long the file is.

The file begins with the first sample of the recording, and a bar line falls on every downbeat. The time before the
first downbeat is a shorter bar, or several, in whole beats or at least sixteenths; its tempo differs from that of the
music until the first hit, or for one beat if a hit precedes the first sixteenth in the recording. With `start_at_bar`,
the file begins with a bar line instead, at the time `Timeline.start`.

With `one_tempo`, the file has exactly one tempo, and no lead-in. It begins with the last bar line before the start of
the recording, or with `start_at_bar` with the last bar line before the first hit. In the first case, the silence before
the first hit stays, and `Timeline.start` is negative: the recording has to begin that much later than the file.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from ...music.tempo_map import NEAR, Meter, MeterChange, TempoMap, meters_of_bar
from ...music.transcription import Hit, Transcription
from .whole_tempos import SLOWEST_TEMPO, whole_tempos

TICKS_PER_QUARTER = 960
FREE_TEMPO = 120.0
"""The nominal tempo of free time, in quarters per minute."""
_COARSEST_TICK_S = 0.0016  # slower music gets more ticks, so that half a tick stays below a millisecond
_FASTEST_TEMPO = 900.0  # quarters per minute that all common sequencers accept


@dataclass(frozen=True, slots=True)
class Timeline:
    """Tempi and meters of a MIDI file.

    Attributes
    ----------
    division : int
        Ticks per quarter.
    ticks : np.ndarray
        ``(segments,) int64``, the beginning of each tempo; the first is 0.
    tempos : np.ndarray
        ``(segments,) int64``, microseconds per quarter.
    meters : tuple[tuple[int, Meter], ...]
        Pairs of the tick at which a meter begins, and the meter.
    start : float, default 0.0
        Time in the recording, in seconds, at which the file begins.
    first_bar : int, default 0
        The tick of the first bar line on a downbeat.
    shift : float, default 0.0
        Quarters to add to those of the tempo map for those of the file.
    end : int, default 0
        The tick at which the recording ends.
    """

    division: int
    ticks: np.ndarray
    tempos: np.ndarray
    meters: tuple[tuple[int, Meter], ...]
    start: float = 0.0
    first_bar: int = 0
    shift: float = 0.0
    end: int = 0

    def ticks_of(self, quarters: ArrayLike) -> np.ndarray:
        """Convert positions in quarters of the tempo map to ticks; positions before the file become 0."""
        return np.maximum(0, np.rint((np.asarray(quarters) + self.shift) * self.division).astype(np.int64))

    def ticks_at(self, seconds: ArrayLike) -> np.ndarray:
        """Convert times in seconds in the recording to the nearest ticks; times before the file become 0."""
        wanted = (np.asarray(seconds, np.float64) - self.start) * (1e6 * self.division)
        origins = self._origins()
        i = np.clip(np.searchsorted(origins, wanted, side="right") - 1, 0, None)
        return np.maximum(0, self.ticks[i] + np.rint((wanted - origins[i]) / self.tempos[i]).astype(np.int64))

    def seconds_at(self, ticks: ArrayLike) -> np.ndarray:
        """Convert ticks to times in seconds from the beginning of the file."""
        ticks = np.asarray(ticks, np.int64)
        i = np.clip(np.searchsorted(self.ticks, ticks, side="right") - 1, 0, None)
        return (self._origins()[i] + (ticks - self.ticks[i]) * self.tempos[i]) / (1e6 * self.division)

    def _origins(self) -> np.ndarray:
        """Return the start of each segment in microseconds times the division: integers, which add up exactly."""
        return np.concatenate([[0], np.cumsum(np.diff(self.ticks) * self.tempos[:-1])])


def lay_out(transcription: Transcription, start_at_bar: bool = False, one_tempo: bool = False) -> Timeline:
    """Lay out the timeline of a transcription's MIDI file.

    Parameters
    ----------
    transcription : Transcription
        Hits, rhythm and duration.
    start_at_bar : bool, default False
        Whether to begin with the bar of the first hit instead of the recording; no effect in free time.
    one_tempo : bool, default False
        Whether to write one tempo without a lead-in; no effect if the tempo changes.

    Returns
    -------
    Timeline
        The timeline.
    """
    tempo_map = transcription.rhythm.tempo_map if transcription.rhythm is not None else None
    if tempo_map is None:
        tempo = np.array([round(60e6 / FREE_TEMPO)])
        timeline = Timeline(TICKS_PER_QUARTER, np.zeros(1, np.int64), tempo, ((0, Meter()),))
    elif one_tempo and tempo_map.tempo is not None:
        timeline = _lay_out_steadily(tempo_map, transcription, start_at_bar)
    else:
        first = transcription.hits[0] if transcription.hits else None
        layout = (_begin_with_bar if start_at_bar else _begin_with_recording)(tempo_map, first)
        timeline = _round(layout, tempo_map, transcription.duration)
    return replace(timeline, end=int(timeline.ticks_at(transcription.duration)))


def _lay_out_steadily(tempo_map: TempoMap, transcription: Transcription, start_at_bar: bool) -> Timeline:
    """Lay out a file of one tempo, which begins with a bar line."""
    first = transcription.hits[0] if transcription.hits else None
    earliest = NEAR if first is None or first.time > NEAR else max(0.0, first.time)
    at = float(tempo_map.quarters_at(earliest)) if first is None or not start_at_bar else _played(tempo_map, first)
    change = _meter_at(tempo_map, at)
    bar = change.meter.bar_quarters
    line = change.quarter + bar * math.floor((at - change.quarter) / bar + 1e-9)
    if first is not None and first.time < float(tempo_map.seconds_at(line)) - _COARSEST_TICK_S:
        line -= bar
    layout = _Layout((float(tempo_map.seconds_at(line)),), (line,), -line, 0.0)
    quarter_s = float(np.diff(tempo_map.seconds_at(np.array([line, line + 1.0])))[0])
    division = TICKS_PER_QUARTER
    while quarter_s > _COARSEST_TICK_S * division:
        division *= 2
    tempo = min(SLOWEST_TEMPO, max(1, round(1e6 * quarter_s)))
    meters = _signatures(layout, tempo_map, division)
    ticks, tempos = np.zeros(1, np.int64), np.array([tempo], np.int64)
    return Timeline(division, ticks, tempos, meters, layout.seconds[0], 0, layout.shift)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Beginning of a file: the times of its first points in seconds, and their quarters of the tempo map.

    The file's own quarters count from its beginning: they are the tempo map's plus `shift`, except before the second
    point. `pickup` is the file's quarter of the first bar line.
    """

    seconds: tuple[float, ...]
    quarters: tuple[float, ...]
    shift: float
    pickup: float


def _meter_at(tempo_map: TempoMap, quarter: float) -> MeterChange:
    return [m for i, m in enumerate(tempo_map.meters) if i == 0 or m.quarter <= quarter + 1e-9][-1]


def _played(tempo_map: TempoMap, first: Hit) -> float:
    """Return the quarter of the first hit, or an earlier one."""
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
    for unit in (beat, 0.5, 0.25):  # the coarsest step that fits between
        held = line - unit * math.ceil((line - played) / unit - 1e-6)  # the music's own tempo begins here
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
    """Return the quarters of the time before the first beat: the coarsest value that is near enough.

    0 if even a sixteenth would be too fast for a sequencer: then the file begins with the beat.
    """
    for unit in (beat, 0.5, 0.25):
        lead = unit * max(1, round(quarters / unit))
        if 2 / 3 <= lead / quarters <= 4 / 3:
            return lead
    return 0.25 if 0.25 * 60.0 / seconds <= _FASTEST_TEMPO else 0.0


def _stretched_beat(tempo_map: TempoMap, start: float, line: float, meter: Meter, pickup: float = 0.0) -> _Layout:
    """Begin the file with a beat, a little before or after its time, and make the beat longer or shorter accordingly.

    The beat ends with the bar if the bar ends first.
    """
    following = line + min(meter.beat_quarters, pickup or np.inf)
    return _Layout((start, float(tempo_map.seconds_at(following))), (line, following), -line, pickup)


def _round(layout: _Layout, tempo_map: TempoMap, duration: float) -> Timeline:
    """Round the timeline to whole ticks and microseconds."""
    seconds, quarters = _points(layout, tempo_map, duration)
    quarters = quarters + layout.shift
    longest = np.diff(quarters) * (SLOWEST_TEMPO / 1e6)
    if np.any(np.diff(seconds) > longest):  # bar lines are too early then; notes follow the tempi of the file
        seconds = seconds[0] + np.concatenate([[0.0], np.cumsum(np.minimum(np.diff(seconds), longest))])
    division = TICKS_PER_QUARTER  # 15360 at the slowest tempo: MIDI holds up to 32767
    while np.max(np.diff(seconds) / np.diff(quarters)) > _COARSEST_TICK_S * division:
        division *= 2
    points = zip(
        (seconds - seconds[0]) * 1e6 * division, np.rint(quarters * division).astype(int).tolist(), strict=True
    )
    ticks, tempos = whole_tempos(list(points), division)
    return Timeline(
        division,
        np.array(ticks, np.int64),
        np.array(tempos, np.int64),
        _signatures(layout, tempo_map, division),
        float(seconds[0]),
        round(layout.pickup * division),
        layout.shift,
    )


def _points(layout: _Layout, tempo_map: TempoMap, duration: float) -> tuple[np.ndarray, np.ndarray]:
    """Return seconds and quarters of all points between which the tempo is constant, up to the end of the file."""
    anchors = np.array([tempo_map.seconds, tempo_map.quarters])
    own = anchors[:, (anchors[0] > layout.seconds[-1]) & (anchors[0] < duration)]
    seconds = np.concatenate([layout.seconds, own[0]])
    quarters = np.concatenate([layout.quarters, own[1]])
    # The end is a whole number of quarters away, so that rounding it to a tick does not change the last tempo.
    last = quarters[-1] + math.ceil(float(tempo_map.quarters_at(max(duration, seconds[-1]) + 1.0)) - quarters[-1])
    seconds = np.append(seconds, float(tempo_map.seconds_at(last)))
    quarters = np.append(quarters, last)
    slopes = np.diff(seconds) / np.diff(quarters)
    turns = np.abs(np.diff(slopes)) > 1e-7 * slopes[1:]
    kept = np.concatenate([[True], turns, [True]])
    return seconds[kept], quarters[kept]


def _signatures(layout: _Layout, tempo_map: TempoMap, division: int) -> tuple[tuple[int, Meter], ...]:
    """Return the meters, after a shorter bar if the file begins within one."""
    line = layout.pickup - layout.shift
    meter = _meter_at(tempo_map, line).meter
    bars = math.floor(layout.pickup / meter.bar_quarters + 1e-6)
    rest = layout.pickup - bars * meter.bar_quarters
    meters, at = [], 0.0
    for short in meters_of_bar(rest, meter.denominator):
        meters.append((round(at * division), short))
        at += short.bar_quarters
    meters.append((round(rest * division), meter))
    for change in tempo_map.meters:
        if change.quarter > line + 1e-6 and change.meter != meters[-1][1]:
            meters.append((round((change.quarter + layout.shift) * division), change.meter))
    return tuple(meters)
