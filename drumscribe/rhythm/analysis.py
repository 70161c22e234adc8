"""Hits to rhythm: pulses (`tracking`), their reading in quarters and bars (`bars`), and the tempo map (`fitting`)."""

import warnings
from dataclasses import dataclass
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
_PULSE_RANGES = ((60.0, 105.0), (95.0, 165.0))
"""More of them: too narrow to take pulses for half as many, they follow where the tempo leaves `PULSE_RANGE`."""
_GIVEN = 1.2
"""How far off a given tempo may be, as a factor."""
_SAME = 0.04
"""Tempi that differ less, as a share, are the same."""
_FEWEST = 8
"""Hits without which there is no telling."""
_AHEAD = 0.1
"""Seconds by which hits may come before the first beat, or after the last, and be on it."""
_Hits = tuple[np.ndarray, np.ndarray, np.ndarray]
"""The times of hits, their classes, and their accents, each ``(hits,)``."""


class RhythmWarning(UserWarning):
    """What was said of a rhythm fits the recording only in part."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The rhythm of a recording.

    Attributes
    ----------
    tempo_map : beats and bars, or None for playing in free time, or too little of it to tell.
    confidence : how sure the tempo is, its octave included, 0 to 1: a probability on simulated transcriptions that
        nothing was learnt from; in free time, how sure that is. The README says how far it holds.
    steady : whether one tempo holds throughout.
    """

    tempo_map: TempoMap | None
    confidence: float
    steady: bool

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

    Playing that fits no beat is said to be in free time, unless a tempo or beats are given. Where hits lie outside the
    beats, a `RhythmWarning` says how many.

    Raises
    ------
    RhythmError : where all the beats lie outside the recording, or before its first hit.
    """
    options = options or RhythmOptions()
    if options.beats is not None:
        return _follow(transcription, options)
    hits, duration = transcription.hits, transcription.duration
    if (times := repetitions(hits, duration)) > 1:
        rhythm, is_loop = _analyse(_repeated(_hits_of(transcription), times, duration), duration, options)
        if is_loop:
            return rhythm
    if len(hits) < _FEWEST or hits[-1].time - hits[0].time < 2.0:
        if options.tempo is None:
            return Rhythm(None, 0.0, False)
        first = hits[0].time if hits else 0.0
        return Rhythm(TempoMap.steady(options.tempo, first, options.meter), 1.0, True)
    return _analyse(_hits_of(transcription), duration, options)[0]


def _analyse(hits: _Hits, duration: float, options: RhythmOptions) -> tuple[Rhythm, bool]:
    """The rhythm of hits, and whether it is that of a loop which lasts as long as the recording."""
    seconds, classes, _ = hits
    tables = load_tables()
    tempo_range, pulse_ranges = _ranges(options)

    from .tracking import track_pulses

    tracks = [track_pulses(seconds, classes, tables.phases, 60.0 / r[1], 60.0 / r[0]) for r in pulse_ranges]
    reading, starts, certainty = _read(hits, duration, tracks, tables, tempo_range, options.meter)
    pulses = np.interp(seconds, starts, np.arange(len(starts)))
    metrical = _metrical(reading, starts, tables)
    given = options.tempo is not None or options.fixed_tempo
    if metrical < 0.5 and not given:
        return Rhythm(None, 1.0 - metrical, False), False
    confidence = certainty * (1.0 if given else metrical)
    quarters = _from_first_downbeat((pulses - reading.downbeat) / reading.pulses_per_quarter, reading.meter)
    placed = place_hits(seconds, quarters)
    if not (options.fixed_tempo or is_steady(placed)):
        return Rhythm(fit_changing(placed, reading.meter), confidence, False), False
    loop = fit_loop(reading, starts, duration)
    return Rhythm(loop or fit_steady(placed, reading.meter), confidence, True), loop is not None


def _repeated(hits: _Hits, times: int, duration: float) -> _Hits:
    """The hits of a loop that is heard several times."""
    seconds, classes, accents = hits
    rounds = duration * np.arange(times)[:, None]
    return (rounds + seconds).ravel(), np.tile(classes, times), np.tile(accents, times)


def _hits_of(transcription: "Transcription") -> _Hits:
    """The times of the hits, their classes, and their accents."""
    hits = transcription.hits
    velocities = np.array([hit.velocity for hit in hits])
    classes = classify([hit.stand_in for hit in hits], velocities)
    return np.array([hit.time for hit in hits]), classes, measure_accents(classes, velocities)


def _ranges(options: RhythmOptions) -> tuple[tuple[float, float], tuple[tuple[float, float], ...]]:
    """The tempi to consider, and those to track pulses at, each range for itself."""
    if options.tempo is not None:
        wanted = options.tempo / _GIVEN, options.tempo * _GIVEN
    else:
        wanted = options.tempo_range or TEMPO_RANGE
    narrow = wanted[1] / wanted[0] < PULSE_RANGE[1] / PULSE_RANGE[0]
    return wanted, (wanted,) if narrow else (PULSE_RANGE, *_PULSE_RANGES)


def _read(
    hits: _Hits, duration: float, tracks, tables: Tables, tempo_range, meter: Meter | None
) -> tuple[Reading, np.ndarray, float]:
    """The likeliest reading, the pulses that it reads, and the probability of its tempo."""
    (seconds, *what), meters = hits, (meter,) if meter else METERS
    readings: list[Reading] = []
    ends: list[float] = []
    read: list[tuple[np.ndarray, float]] = []
    for starts in tracks:
        pulses = np.interp(seconds, starts, np.arange(len(starts)))
        pulse_tempo = 60.0 / float(np.median(np.diff(starts)))
        found = list_readings(pulses, *what, pulse_tempo, tables, tempo_range, meters)
        readings += found
        ends += bar_line_odds(found, starts, duration).tolist()
        read += [(starts, pulse_tempo / reading.pulses_per_quarter) for reading in found]
    scores = score_readings(readings, tables) + np.array(ends)
    best = int(np.argmax(scores))
    odds = np.exp(scores - scores[best])
    starts, tempo = read[best]
    same = np.array([abs(other / tempo - 1.0) < _SAME for _, other in read])
    return readings[best], starts, float(odds[same].sum() / odds.sum())


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
    if outside:
        what = f"{outside} of {len(transcription.hits)} hits lie outside the beats given"
        warnings.warn(f"{beats.name}: {what}: the tempo of the nearest beats holds on", RhythmWarning, stacklevel=3)
    if options.fixed_tempo:
        times = np.array(beats.times)
        hits = PlacedHits(times, tempo_map.quarters_at(times), np.ones(len(times)))
        tempo_map = fit_steady(hits, tempo_map.meters[0].meter)
    return Rhythm(tempo_map, 1.0, tempo_map.tempo is not None)


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
