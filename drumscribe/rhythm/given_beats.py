"""Rhythm from given beats."""

import numpy as np

from ..errors import RhythmError
from ..music.tempo_map import Meter, MeterChange, TempoMap
from ..music.transcription import Rhythm, Transcription
from .beats_file import Beats
from .options import RhythmOptions
from .patterns import METERS, MIN_HITS, load_tables, strokes_of
from .readings import list_readings, score_readings
from .tempo_fitting import PlacedHits, fit_steady

# By hand.
_HIT_TOLERANCE_S = 0.1
"""A hit up to this many seconds before the first beat or after the last one counts as on it."""
_STEADY_S = 0.002
"""Maximum error in seconds of beats with one tempo: the beats of a click are rounded in the file."""
_ROUNDING_S = 0.0002
"""Maximum increase of that error in seconds when the tempo is rounded."""
_END_INTERVALS = 8
"""The median of this many intervals at either end is the tempo outside the given beats."""


def rhythm_of_beats(transcription: Transcription, beats: Beats, options: RhythmOptions) -> Rhythm:
    """Build the rhythm from given beats.

    Parameters
    ----------
    transcription : Transcription
        The hits and the duration of a recording.
    beats : Beats
        The beats.
    options : RhythmOptions
        The meter, if known, and whether to fit one tempo.

    Returns
    -------
    Rhythm
        The rhythm, with a remark if hits lie outside the beats.

    Raises
    ------
    RhythmError
        If all beats lie outside the recording, or before its first hit.
    """
    meter, first = options.meter, 0
    _check_span(transcription, beats)
    if not beats.downbeats:
        meter, first = _bars_of_beats(transcription, np.array(beats.times), meter)
    tempo_map = follow_beats(beats, meter, first)
    outside = sum(not tempo_map.seconds[0] <= hit.time <= tempo_map.seconds[-1] for hit in transcription.hits)
    of = f"{outside} of {len(transcription.hits)} hits lie outside the beats given"
    remark = f"{beats.name}: {of}: the tempo of the nearest beats continues there" if outside else ""
    if options.fixed_tempo:
        times = np.array(beats.times)
        hits = PlacedHits(times, tempo_map.quarters_at(times), np.ones(len(times)))
        tempo_map = fit_steady(hits, tempo_map.meters[0].meter)
    return Rhythm(tempo_map, 1.0, tempo_map.tempo is not None, remark)


def _check_span(transcription: Transcription, beats: Beats) -> None:
    """Refuse beats that belong to another recording."""
    hits, duration = transcription.hits, transcription.duration
    advice = "give those of this recording, in seconds from its beginning"
    if beats.times[0] >= duration:
        raise RhythmError(f"{beats.name}: all beats are after the recording's end, at {duration:.3f} s: {advice}")
    if hits and beats.times[-1] < hits[0].time - _HIT_TOLERANCE_S:
        raise RhythmError(f"{beats.name}: all beats are before the first hit, at {hits[0].time:.3f} s: {advice}")


def _bars_of_beats(transcription: Transcription, times: np.ndarray, meter: Meter | None) -> tuple[Meter, int]:
    """Find the meter, and the first beat that begins a bar, if the file of beats does not give them."""
    strokes = strokes_of(transcription)
    seconds = strokes.seconds
    inside = (seconds >= times[0] - _HIT_TOLERANCE_S) & (seconds <= times[-1] + _HIT_TOLERANCE_S)
    if inside.sum() < MIN_HITS:
        return meter or Meter(), 0
    pulses = np.interp(seconds[inside], times, np.arange(len(times)))
    tables, any_tempo, meters = load_tables(), (0.0, np.inf), (meter,) if meter else METERS
    found = list_readings(pulses, strokes.classes[inside], strokes.accents[inside], 100.0, tables, any_tempo, meters)
    beats = found.ratios * [meter.beat_quarters for meter in found.meters]
    best = found[int(np.argmax(np.where(np.abs(beats - 1.0) < 1e-9, score_readings(found, tables), -np.inf)))]
    return best.meter, round(best.downbeat) % best.meter.beats_per_bar


def follow_beats(beats: Beats, meter: Meter | None, first: int) -> TempoMap:
    """Build the tempo map through given beats, from one beat before them to one after them.

    If all beats are within `_STEADY_S` of one tempo, the map has that tempo, rounded if the beats allow it.

    Parameters
    ----------
    beats : Beats
        The beats.
    meter : Meter | None
        The meter of all bars; None to take it from the downbeats, a bar of n beats being n/4.
    first : int
        Number of a beat that begins a bar, used if no downbeats are given.

    Returns
    -------
    TempoMap
        The map.
    """
    downbeats = np.searchsorted(beats.times, beats.downbeats) if beats.downbeats else np.array([first])
    if meter is None:
        whole_bars = beats.bar_lengths()
        lengths = np.array([*whole_bars, whole_bars[-1] if whole_bars else beats.highest or 4])
        changes = np.flatnonzero(np.diff(lengths, prepend=0))
        meters = tuple(MeterChange(float(downbeats[i] - downbeats[0]), Meter(int(lengths[i]), 4)) for i in changes)
    else:
        meters = (MeterChange(0.0, meter),)
    step = 1.0 if meter is None else meter.bar_quarters / (beats.per_bar(meter) or meter.beats_per_bar)
    gaps = np.diff(beats.times)
    before, after = (float(np.median(nearest)) for nearest in (gaps[:_END_INTERVALS], gaps[-_END_INTERVALS:]))
    seconds = (beats.times[0] - before, *beats.times, beats.times[-1] + after)
    quarters = (np.arange(-1, len(beats.times) + 1) - downbeats[0]) * step
    tempo = 60.0 / np.polyfit(quarters[1:-1], beats.times, 1)[0]
    whole = max(1.0, np.rint(tempo))
    origins, others = (np.array(beats.times) - 60.0 / t * quarters[1:-1] for t in (tempo, whole))
    if np.ptp(origins) <= 2.0 * _STEADY_S:
        if np.ptp(others) <= np.ptp(origins) + _ROUNDING_S:
            tempo, origins = whole, others
        quarters = quarters[[0, -1]]
        seconds = ((origins.min() + origins.max()) / 2.0 + 60.0 / tempo * quarters).tolist()
    return TempoMap(tuple(seconds), tuple(quarters.tolist()), meters)
