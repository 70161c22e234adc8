"""Hits to rhythm: pulses (`tracking`), their reading in quarters and bars (`bars`), and the tempo map (`fitting`)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import RhythmError
from .bars import Reading, list_readings, score_readings
from .beats_file import Beats
from .fitting import PlacedHits, fit_changing, fit_steady, follow_beats, is_steady, place_hits
from .loops import bar_line_odds, fit_loop, repetitions
from .options import RhythmOptions
from .patterns import METERS, Tables, classify, load_tables, measure_accents
from .tempo_map import Meter, TempoMap

if TYPE_CHECKING:
    from ..hits import Transcription

TEMPO_RANGE = (40.0, 300.0)
"""Tempi considered, in quarters per minute."""
PULSE_RANGE = (66.0, 140.0)
"""Tempi that pulses are tracked at: every tempo has a multiple there."""
_PULSE_RANGES = (PULSE_RANGE, (60.0, 105.0), (95.0, 165.0))
"""More of them: too narrow to take pulses for half as many, they follow where the tempo leaves `PULSE_RANGE`."""
_GIVEN = 1.2
"""How far off a given tempo may be, as a factor."""
_SAME = 0.04
"""Tempi that differ less, as a share, are the same."""
_ROUNDING = 1.001
"""How far a tempo may leave the range that is asked for, as a factor, and be its end."""
_FEWEST = 8
"""Hits without which there is no telling."""
_AHEAD = 0.1
"""Seconds by which hits may come before the first beat, or after the last, and be on it."""
_Hits = tuple[np.ndarray, np.ndarray, np.ndarray]
"""The times of hits, their classes, and their accents, each ``(hits,)``."""
_Found = tuple[Reading, np.ndarray, float]
"""A reading, the pulses that it reads, and the probability of its tempo."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The rhythm of a recording.

    Attributes
    ----------
    tempo_map : beats and bars, or None for playing in free time, or too little of it to tell.
    confidence : how sure the tempo is, its octave included, 0 to 1: a probability on simulated transcriptions that
        nothing was learnt from; in free time, how sure that is. The README says how far it holds.
    steady : whether one tempo holds throughout.
    remark : in a line, how it differs from what was asked for or given; empty if it does not.
    """

    tempo_map: TempoMap | None
    confidence: float
    steady: bool
    remark: str = ""

    @property
    def tempo(self) -> float | None:
        """Quarters per minute where there is one tempo, else None."""
        return self.tempo_map.tempo if self.tempo_map is not None and self.steady else None

    @property
    def meter(self) -> Meter | None:
        """The meter that the recording begins in, or None in free time."""
        return self.tempo_map.meters[0].meter if self.tempo_map is not None else None

    def __str__(self) -> str:
        if self.tempo_map is None:
            return "free time"
        if self.steady:
            return f"{self.tempo:.5g} BPM, {self.meter}"
        tempos = self.tempo_map.tempos()
        return f"{tempos.min():.0f} to {tempos.max():.0f} BPM, {self.meter}"


def analyse_rhythm(transcription: "Transcription", options: RhythmOptions | None = None) -> Rhythm:
    """The rhythm of what was played.

    Playing that fits no beat is said to be in free time, unless a tempo or beats are given; so is playing that fits
    no tempo of a range that is given.

    Raises
    ------
    RhythmError : where all the beats lie outside the recording, or before its first hit.
    """
    options = options or RhythmOptions()
    if options.beats is not None:
        return _follow(transcription, options)
    rhythm = _find_rhythm(transcription, options)
    return replace(rhythm, remark=_remark(rhythm, options))


def _remark(rhythm: Rhythm, options: RhythmOptions) -> str:
    """In a line, how a rhythm differs from what was asked for; empty if it does not."""
    tempo_map, tempo_range = rhythm.tempo_map, options.tempo_range
    if tempo_range is not None:
        asked = "{:g} to {:g} BPM".format(*tempo_range)
        if tempo_map is None:
            return f"no tempo from {asked} fits the playing"
        if not all(_within(tempo, tempo_range) for tempo in tempo_map.tempos()):
            return f"asked for {asked}, heard {rhythm}"
    if options.tempo is None or tempo_map is None:
        return ""
    near = options.tempo / _GIVEN, options.tempo * _GIVEN
    same = abs(_average(tempo_map) / options.tempo - 1.0) <= _SAME
    if same and all(_within(tempo, near) for tempo in tempo_map.tempos()):
        return ""
    return f"asked for {options.tempo:g} BPM, heard {rhythm}"


def _within(tempo: float, tempo_range: tuple[float, float]) -> bool:
    return tempo_range[0] / _ROUNDING <= tempo <= tempo_range[1] * _ROUNDING


def _average(tempo_map: TempoMap) -> float:
    """Quarters per minute from the first anchor to the last."""
    return 60.0 * (tempo_map.quarters[-1] - tempo_map.quarters[0]) / (tempo_map.seconds[-1] - tempo_map.seconds[0])


def _find_rhythm(transcription: "Transcription", options: RhythmOptions) -> Rhythm:
    hits, duration = transcription.hits, transcription.duration
    if (times := repetitions([hit.time for hit in hits], duration)) > 1:
        rhythm, is_loop = _analyse(_hits_of(transcription), duration, options, times)
        if is_loop:
            return rhythm
    if len(hits) < _FEWEST or hits[-1].time - hits[0].time < 2.0:
        if options.tempo is None:
            return Rhythm(None, 0.0, False)
        first = hits[0].time if hits else 0.0
        return Rhythm(TempoMap.steady(options.tempo, first, options.meter), 1.0, True)
    return _weigh(_hits_of(transcription), duration, options)


def _weigh(hits: _Hits, duration: float, options: RhythmOptions) -> Rhythm:
    """The rhythm of hits; where a tempo or range is given, one tempo goes before a changing one.

    Pulses that have to be faster than what is played find enough to follow between the hits, however steady these are.
    Where they do, and the playing is steady if nothing is asked of it, its quarters are counted as is asked.
    """
    found, _ = _analyse(hits, duration, options)
    if found.steady or (options.tempo is None and options.tempo_range is None):
        return found
    usual, _ = _analyse(hits, duration, replace(options, tempo=None, tempo_range=None))
    if not usual.steady:
        return found
    # No reading is more than three times as fast as its pulses.
    step = 0.5 if _ranges(options)[0][0] > 2.0 * usual.tempo else 1.0
    first, last = usual.tempo_map.quarters_at(hits[0][[0, -1]])
    starts = usual.tempo_map.seconds_at(np.arange(np.floor(first), last + 2.0, step))
    steady, _ = _analyse(hits, duration, replace(options, fixed_tempo=True), tracks=[starts])
    return steady if steady.steady else found


def _analyse(
    hits: _Hits, duration: float, options: RhythmOptions, times: int = 1, tracks: list[np.ndarray] | None = None
) -> tuple[Rhythm, bool]:
    """The rhythm of hits, heard so many times over, and whether it is that of a loop as long as the recording.

    Pulses are tracked unless they are given.
    """
    seconds, *what = hits
    rounds = duration * np.arange(times)[:, None]
    heard = (rounds + seconds).ravel(), *(np.tile(values, times) for values in what)
    tables = load_tables()
    tempo_range, pulse_ranges = _ranges(options)
    if tracks is None:
        from .tracking import track_pulses

        tracks = [track_pulses(*heard[:2], tables.phases, 60.0 / r[1], 60.0 / r[0]) for r in pulse_ranges]
    rhythm, is_loop = Rhythm(None, 0.0, False), False
    for found in _read(heard, duration, tracks, tables, tempo_range, options):
        rhythm, is_loop = _count(seconds, duration, found, tables, options)
        if is_loop:
            break
    return rhythm, is_loop


def _count(
    seconds: np.ndarray, duration: float, found: _Found, tables: Tables, options: RhythmOptions
) -> tuple[Rhythm, bool]:
    """The rhythm of hits by a reading of the pulses, and whether it is that of a loop."""
    reading, starts, certainty = found
    pulses = np.interp(seconds, starts, np.arange(len(starts)))
    metrical = _metrical(reading, starts, tables)
    given = options.tempo is not None or options.fixed_tempo
    # Pulses that have to be this slow are even whatever is played: there, bars must repeat themselves.
    slow = options.tempo_range is not None and options.tempo_range[1] < PULSE_RANGE[0]
    if (metrical < 0.5 or (slow and reading.repetition < 0.0)) and not given:
        return Rhythm(None, 1.0 - metrical, False), False
    confidence = certainty * (1.0 if given else metrical)
    quarters = _from_first_downbeat((pulses - reading.downbeat) / reading.pulses_per_quarter, reading.meter)
    placed = place_hits(seconds, quarters)
    steady = options.fixed_tempo or is_steady(placed)
    loop = fit_loop(placed, reading.meter, duration) if steady else None
    tempo_map = loop or (fit_steady if steady else fit_changing)(placed, reading.meter)
    if options.tempo_range is not None and not _within(_average(tempo_map), options.tempo_range):
        return Rhythm(None, 0.0, False), False
    return Rhythm(tempo_map, confidence, steady), loop is not None


def _hits_of(transcription: "Transcription") -> _Hits:
    """The times of the hits, their classes, and their accents."""
    hits = transcription.hits
    velocities = np.array([hit.velocity for hit in hits])
    classes = classify([hit.stand_in for hit in hits], velocities)
    return np.array([hit.time for hit in hits]), classes, measure_accents(classes, velocities)


def _ranges(options: RhythmOptions) -> tuple[tuple[float, float], tuple[tuple[float, float], ...]]:
    """The tempi to consider, and those to track pulses at, each range for itself."""
    if options.tempo is not None:
        pulses = options.tempo / _GIVEN, options.tempo * _GIVEN
        return _with_a_frame(*pulses), (pulses,)
    if options.tempo_range is None:
        return TEMPO_RANGE, _PULSE_RANGES
    wanted = options.tempo_range[0] / _ROUNDING, options.tempo_range[1] * _ROUNDING
    narrow = wanted[1] / wanted[0] < PULSE_RANGE[1] / PULSE_RANGE[0]
    return wanted, (_with_a_frame(*wanted),) if narrow else _PULSE_RANGES


def _with_a_frame(slowest: float, fastest: float) -> tuple[float, float]:
    """A range of tempi whose pulses may last a frame longer or shorter: in frames they miss its ends."""
    from .tracking import FRAME

    return 60.0 / (60.0 / slowest + FRAME), 60.0 / (60.0 / fastest - FRAME)


def _read(
    hits: _Hits, duration: float, tracks, tables: Tables, tempo_range, options: RhythmOptions
) -> Iterator[_Found]:
    """The likeliest reading if the recording is cut at bar lines, and the likeliest if not; none if no tempo fits."""
    (seconds, *what), meters = hits, (options.meter,) if options.meter else METERS
    readings: list[Reading] = []
    ends: list[float] = []
    read: list[tuple[np.ndarray, float]] = []
    for starts in tracks:
        pulses = np.interp(seconds, starts, np.arange(len(starts)))
        # Exactly, where it decides whether a tempo is in the range asked for.
        length = np.median(np.diff(starts)) if options.tempo_range is None else _slope(starts)
        pulse_tempo = 60.0 / float(length)
        found = list_readings(pulses, *what, pulse_tempo, tables, tempo_range, meters)
        if not found:
            continue
        readings += found
        ends += bar_line_odds(found, starts, duration).tolist()
        read += [(starts, pulse_tempo / reading.pulses_per_quarter) for reading in found]
    if not readings:
        return
    scores = score_readings(readings, tables)
    cut = scores + np.array(ends)
    for likely in (cut, scores) if np.argmax(cut) != np.argmax(scores) else (scores,):
        best = int(np.argmax(likely))
        odds = np.exp(likely - likely[best])
        starts, tempo = read[best]
        same = np.array([abs(other / tempo - 1.0) < _SAME for _, other in read])
        yield readings[best], starts, float(odds[same].sum() / odds.sum())


def _slope(starts: np.ndarray) -> float:
    """Seconds from one pulse to the next: those of the straight line through them."""
    return float(np.polyfit(np.arange(len(starts)), starts, 1)[0])


def unevenness(starts: np.ndarray) -> float:
    """The mean change of length from one pulse to the next, as a logarithm."""
    return float(np.log(np.mean(np.abs(np.diff(np.log(np.diff(starts))))) + 0.005))


def _metrical(reading: Reading, starts: np.ndarray, tables: Tables) -> float:
    """The probability that there is a beat: bars repeat themselves, and pulses are even."""
    odds = tables.metrical_weights @ np.array([unevenness(starts), reading.repetition, 1.0])
    return float(1.0 / (1.0 + np.exp(-odds)))


def _from_first_downbeat(quarters: np.ndarray, meter: Meter) -> np.ndarray:
    """Count from the first bar line that is not before the first hit."""
    return quarters - np.ceil((quarters[0] - 0.15) / meter.bar_quarters) * meter.bar_quarters


def _follow(transcription: "Transcription", options: RhythmOptions) -> Rhythm:
    """The rhythm of beats that are given."""
    beats, meter = options.beats, options.meter
    _check_span(transcription, beats)
    first = 0
    if not beats.downbeats:
        meter, first = _bars_of_beats(transcription, options)
    tempo_map = follow_beats(beats, meter, first)
    outside = sum(not tempo_map.seconds[0] <= hit.time <= tempo_map.seconds[-1] for hit in transcription.hits)
    of = f"{outside} of {len(transcription.hits)} hits lie outside the beats given"
    remark = f"{beats.name}: {of}: the tempo of the nearest beats holds on" if outside else ""
    if options.fixed_tempo:
        times = np.array(beats.times)
        hits = PlacedHits(times, tempo_map.quarters_at(times), np.ones(len(times)))
        tempo_map = fit_steady(hits, tempo_map.meters[0].meter)
    return Rhythm(tempo_map, 1.0, tempo_map.tempo is not None, remark)


def _check_span(transcription: "Transcription", beats: Beats) -> None:
    """Refuse beats of another recording."""
    hits, duration = transcription.hits, transcription.duration
    advice = "give those of this recording, in seconds from its beginning"
    if beats.times[0] >= duration:
        raise RhythmError(f"{beats.name}: all beats are after the recording's end, at {duration:.3f} s: {advice}")
    if hits and beats.times[-1] < hits[0].time - _AHEAD:
        raise RhythmError(f"{beats.name}: all beats are before the first hit, at {hits[0].time:.3f} s: {advice}")


def _bars_of_beats(transcription: "Transcription", options: RhythmOptions) -> tuple[Meter, int]:
    """The meter, and the first beat that begins a bar, where the file of beats does not tell."""
    times, meter = np.array(options.beats.times), options.meter
    seconds, classes, accents = _hits_of(transcription)
    inside = (seconds >= times[0] - _AHEAD) & (seconds <= times[-1] + _AHEAD)
    if inside.sum() < _FEWEST:
        return meter or Meter(), 0
    pulses = np.interp(seconds[inside], times, np.arange(len(times)))
    tables = load_tables()
    everything = (0.0, np.inf)
    hits, meters = (pulses, classes[inside], accents[inside]), (meter,) if meter else METERS
    readings = [
        reading
        for reading in list_readings(*hits, 100.0, tables, everything, meters)
        if abs(reading.pulses_per_quarter * reading.meter.beat_quarters - 1.0) < 1e-9
    ]
    best = readings[int(np.argmax(score_readings(readings, tables)))]
    return best.meter, round(best.downbeat) % best.meter.beats_per_bar
