"""Find the rhythm of hits: `pulses`, their `readings` in quarters and bars, and the tempo map (`tempo_fitting`)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..music.rhythm_choice import choose
from ..music.tempo_map import Meter, TempoMap
from ..music.transcription import Rhythm, Transcription
from .alternatives import with_alternatives, with_changes
from .bar_lines import Chooser, find_changes
from .given_beats import rhythm_of_beats
from .hypotheses import Hypothesis, Track, weigh
from .loops import bar_line_odds, beginning_odds, fit_loop, repetitions
from .one_at_a_time import are_alone, weigh_anew
from .options import RhythmOptions
from .patterns import CELLS, METERS, MIN_HITS, Strokes, Tables, load_tables, strokes_of
from .readings import Reading, list_readings, score_readings
from .remarks import TEMPO_FREEDOM, TEMPO_TOLERANCE, average_tempo, is_within, remark_on
from .tempo_fitting import PICKUP_QUARTERS, fit_changing, fit_steady, is_steady, place_hits

TEMPO_RANGE = (40.0, 300.0)
"""Slowest and fastest tempo considered, in quarters per minute (by hand)."""
PULSE_RANGE = (66.0, 140.0)
"""Slowest and fastest pulse tracked, per minute: wider than an octave, so that every tempo has a multiple there."""
_PULSE_RANGES = (PULSE_RANGE, (60.0, 105.0), (95.0, 165.0))
"""Further ranges, each narrower than an octave, which follow a tempo that leaves `PULSE_RANGE` (by hand)."""
_MIN_SECONDS = 2.0
"""Minimum time from the first to the last hit for rhythm analysis (by hand)."""
_SAME_TEMPO_FACTOR = 1.05
"""Tempi within this factor are the same; no two ratios of pulses to quarters are that near (by hand)."""
_SAME_PULSE_S = 0.02
"""Pulses at most this far apart, in seconds, are the same (by hand)."""


def analyse_rhythm(transcription: Transcription, options: RhythmOptions | None = None) -> Rhythm:
    """Find tempo, beats and bars of a transcription.

    Playing that fits no beat is reported as free time, unless a tempo or beats are given. Playing that fits no tempo of
    a given range is reported as free time, too.

    Parameters
    ----------
    transcription : Transcription
        The hits and the duration of a recording.
    options : RhythmOptions, optional
        Constraints; none by default.

    Returns
    -------
    Rhythm
        The rhythm, with a remark if it differs from the options.

    Raises
    ------
    RhythmError
        If all given beats lie outside the recording, or before its first hit; or if there is no reading of the
        requested number.
    """
    options = options or RhythmOptions()
    if options.beats is not None:
        return choose(rhythm_of_beats(transcription, options.beats, options), options.choice)
    rhythm = _find_rhythm(transcription, options)
    return choose(replace(rhythm, remark=remark_on(rhythm, options)), options.choice)


def _find_rhythm(transcription: Transcription, options: RhythmOptions) -> Rhythm:
    hits, duration = transcription.hits, transcription.duration
    if (times := repetitions([hit.time for hit in hits], duration)) > 1:
        rhythm, is_loop = _analyse(strokes_of(transcription), duration, options, times)
        if is_loop:
            return rhythm
    if len(hits) < MIN_HITS or hits[-1].time - hits[0].time < _MIN_SECONDS:
        if options.tempo is None:
            return Rhythm(None, 0.0, False)
        first = hits[0].time if hits else 0.0
        return Rhythm(TempoMap.steady(options.tempo, first, options.meter), 1.0, True)
    return _prefer_steady(strokes_of(transcription), duration, options)


def _prefer_steady(strokes: Strokes, duration: float, options: RhythmOptions) -> Rhythm:
    """Find the rhythm; if a tempo or range is given, prefer one tempo to a changing one.

    If pulses have to be faster than the playing, they can drift between the hits, even if these are steady. If the
    tempo of the result changes, but the playing is steady without the restriction, the quarters of the unrestricted
    result are divided until they fit the restriction.
    """
    found, _ = _analyse(strokes, duration, options)
    if found.steady or (options.tempo is None and options.tempo_range is None):
        return found
    usual, _ = _analyse(strokes, duration, replace(options, tempo=None, tempo_range=None))
    if not usual.steady or usual.tempo_map is None or usual.tempo is None:
        return found
    # No reading is more than three times as fast as its pulses.
    step = 0.5 if _ranges(options)[0][0] > 2.0 * usual.tempo else 1.0
    first, last = usual.tempo_map.quarters_at(strokes.seconds[[0, -1]])
    starts = usual.tempo_map.seconds_at(np.arange(np.floor(first), last + 2.0, step))
    steady, _ = _analyse(strokes, duration, replace(options, fixed_tempo=True), tracks=[starts])
    return steady if steady.steady else found


def _analyse(
    strokes: Strokes,
    duration: float,
    options: RhythmOptions,
    times: int = 1,
    tracks: Sequence[np.ndarray] | None = None,
) -> tuple[Rhythm, bool]:
    """Find the rhythm of a recording repeated this many times, and whether the recording is a loop.

    Track pulses, unless `tracks` gives their starts.
    """
    repeated = strokes.repeated(times, duration)
    tables = load_tables()
    tempo_range, pulse_ranges = _ranges(options)
    if tracks is None:
        tracks = _track(repeated, tables, pulse_ranges)
    rhythm, is_loop = Rhythm(None, 0.0, False), False
    for found in _likeliest_hypotheses(repeated, duration, tracks, tables, tempo_range, options):
        rhythm, is_loop = _rhythm_of(found, strokes, duration, tables, options)
        if is_loop:
            break
    return rhythm, is_loop


def _track(strokes: Strokes, tables: Tables, pulse_ranges: Sequence[tuple[float, float]]) -> list[np.ndarray]:
    """Track pulses in each range of pulses per minute; drop tracks with the same pulses as the first, or with every
    second one."""
    from .pulses import track_pulses

    tracks: list[np.ndarray] = []
    for slowest, fastest in pulse_ranges:
        starts = track_pulses(strokes.seconds, strokes.classes, tables.phases, 60.0 / fastest, 60.0 / slowest)
        if not any(_is_multiple(starts, other) for other in tracks):
            tracks.append(starts)
    return tracks


def _is_multiple(starts: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two tracks have the same pulses, or one has every second of the other."""
    few, many = sorted((starts[1:-1], other), key=len)
    middles = (many[1:] + many[:-1]) / 2.0
    nearest = np.searchsorted(middles, few)
    steps = np.unique(np.diff(nearest))
    return len(steps) == 1 and steps[0] in (1, 2) and bool(np.abs(many[nearest] - few).max() < _SAME_PULSE_S)


def _rhythm_of(
    found: list[Hypothesis], strokes: Strokes, duration: float, tables: Tables, options: RhythmOptions
) -> tuple[Rhythm, bool]:
    """Fit a tempo map to hits by the first of the hypotheses; also return whether they are a loop.

    The others become its alternatives.
    """
    best, seconds = found[0], strokes.seconds
    reading, starts = best.reading, best.starts
    pulses = np.interp(seconds, starts, np.arange(len(starts)))
    metrical = _metrical(reading, starts, tables)
    given = options.tempo is not None or options.fixed_tempo
    # Pulses forced to be this slow are even in any playing: there, bars must repeat themselves.
    slow = options.tempo_range is not None and options.tempo_range[1] < PULSE_RANGE[0]
    if (metrical < 0.5 or (slow and reading.repetition < 0.0)) and not given:
        return Rhythm(None, 1.0 - metrical, False), False
    sure = 1.0 if given else metrical
    quarters = _from_first_downbeat((pulses - reading.downbeat) / reading.pulses_per_quarter, reading.meter)
    placed = place_hits(seconds, quarters)
    steady = options.fixed_tempo or is_steady(placed)
    loop = fit_loop(placed, reading.meter, duration) if steady else None
    tempo_map = loop or (fit_steady if steady else fit_changing)(placed, reading.meter)
    if options.tempo_range is not None and not is_within(average_tempo(tempo_map), options.tempo_range):
        return Rhythm(None, 0.0, False), False
    rhythm = Rhythm(tempo_map, best.certainty * sure, steady, probability=best.probability)
    rhythm = with_alternatives(rhythm, found, seconds[0], sure)
    if loop is None and options.meter is None:
        bars = find_changes(quarters, strokes.classes, reading.meter, _chooser(strokes, best.tempo, tables))
        rhythm = with_changes(rhythm, bars) if bars is not None else rhythm
    return rhythm, loop is not None


def _chooser(strokes: Strokes, tempo: float, tables: Tables) -> Chooser:
    """Return a function that chooses the first beat of the bars of some hits."""

    def choose(hits: np.ndarray, quarters: np.ndarray, meter: Meter) -> tuple[int, float]:
        near = tempo / _SAME_TEMPO_FACTOR, tempo * _SAME_TEMPO_FACTOR
        read = list_readings(quarters, strokes.classes[hits], strokes.accents[hits], tempo, tables, near, (meter,))
        on_beats = np.abs(read.downbeats - np.rint(read.downbeats)) < 1.5 / CELLS
        odds = np.where(on_beats, score_readings(read, tables), -np.inf)
        best = int(np.argmax(odds))
        return round(read[best].downbeat), float(odds[best])

    return choose


def _ranges(options: RhythmOptions) -> tuple[tuple[float, float], tuple[tuple[float, float], ...]]:
    """Return the range of tempi to consider, and the ranges in which to track pulses."""
    if options.tempo is not None:
        pulses = options.tempo / TEMPO_FREEDOM, options.tempo * TEMPO_FREEDOM
        return _with_a_frame(*pulses), (pulses,)
    if options.tempo_range is None:
        return TEMPO_RANGE, _PULSE_RANGES
    wanted = options.tempo_range[0] / TEMPO_TOLERANCE, options.tempo_range[1] * TEMPO_TOLERANCE
    narrow = wanted[1] / wanted[0] < PULSE_RANGE[1] / PULSE_RANGE[0]
    return wanted, (_with_a_frame(*wanted),) if narrow else _PULSE_RANGES


def _with_a_frame(slowest: float, fastest: float) -> tuple[float, float]:
    """Widen a range of tempi by one frame of pulse length: pulses last whole frames, which may miss the ends of the
    range."""
    from .pulses import FRAME

    return 60.0 / (60.0 / slowest + FRAME), 60.0 / (60.0 / fastest - FRAME)


def _likeliest_hypotheses(
    strokes: Strokes,
    duration: float,
    tracks: Sequence[np.ndarray],
    tables: Tables,
    tempo_range: tuple[float, float],
    options: RhythmOptions,
) -> Iterator[list[Hypothesis]]:
    """Yield the hypotheses of a loop cut at bar lines, then those of any recording; nothing if no tempo fits."""
    meters = (options.meter,) if options.meter else METERS
    found: list[Track] = []
    ends: list[np.ndarray] = []
    begun: list[np.ndarray] = []
    for starts in tracks:
        pulses = np.interp(strokes.seconds, starts, np.arange(len(starts)))
        # Exactly, if it decides whether a tempo is within the given range.
        length = np.median(np.diff(starts)) if options.tempo_range is None else _slope(starts)
        tempo = 60.0 / float(length)
        readings = list_readings(pulses, strokes.classes, strokes.accents, tempo, tables, tempo_range, meters)
        if len(readings):
            found.append(Track(starts, tempo, readings))
            ends.append(bar_line_odds(readings, starts, duration))
            begun.append(beginning_odds(readings, starts, float(strokes.seconds[0])))
    if not found:
        return
    scored = [score_readings(track.readings, tables) for track in found]
    if are_alone(strokes):
        scored = [weigh_anew(own, track.readings, track.tempo) for own, track in zip(scored, found, strict=True)]
    scores = np.concatenate(scored)
    cut, begins = scores + np.concatenate(ends), scores + np.concatenate(begun)
    middle = float(strokes.seconds[len(strokes.seconds) // 2])
    for likely in (cut, begins) if np.argmax(cut) != np.argmax(begins) else (begins,):
        yield weigh(found, likely, middle)


def _slope(starts: np.ndarray) -> float:
    """Return the seconds per pulse of the straight line through the starts of pulses."""
    return float(np.polyfit(np.arange(len(starts)), starts, 1)[0])


def unevenness(starts: np.ndarray) -> float:
    """Return the logarithm of the mean change, in nepers, from one pulse length to the next."""
    return float(np.log(np.mean(np.abs(np.diff(np.log(np.diff(starts))))) + 0.005))


def logistic(log_odds: np.ndarray) -> np.ndarray:
    """Convert log odds to probabilities, of the same shape."""
    return 1.0 / (1.0 + np.exp(-log_odds))


def _metrical(reading: Reading, starts: np.ndarray, tables: Tables) -> float:
    """Return the probability that the playing has a beat, from the repetition of bars and the evenness of pulses."""
    return float(logistic(tables.metrical_weights @ np.array([unevenness(starts), reading.repetition, 1.0])))


def _from_first_downbeat(quarters: np.ndarray, meter: Meter) -> np.ndarray:
    """Count quarters from the first bar line that is not before the first hit."""
    return quarters - np.ceil((quarters[0] - PICKUP_QUARTERS) / meter.bar_quarters) * meter.bar_quarters
