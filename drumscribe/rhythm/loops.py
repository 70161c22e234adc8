"""Loops: recordings cut at bar lines, whose ends decide between readings that the hits leave open.

A loop of one or two bars has no repetition within itself, and the halves of a bar often resemble each other. But a loop
begins on a downbeat, and its length divided by its number of bars gives its tempo, to the sample.
"""

import math
from collections.abc import Sequence

import numpy as np

from ..music.tempo_map import Meter, TempoMap
from .readings import Readings
from .tempo_fitting import PlacedHits, fit_line

# By hand.
_CUT_SIGMA_S = 0.02
"""Standard deviation in seconds between the true pulses and the ends of a loop."""
_LOOP_ODDS = 0.01
"""Prior odds that a recording is cut at bar lines."""
_BEGUN_SHARE, _BEAT_SHARE = 0.5, 0.8
"""Share of the recordings that begin with a stroke that begin with a bar, too; share of the others that begin with any
beat. Of the takes and pieces to learn from, 328 of 453 begin with a bar, and 60 of the others with a beat; half of the
recordings are taken to be excerpts, cut at any beat."""
_MAX_BEGUN_S = 0.1
"""Maximum silence in seconds before such a stroke: a lossy encoder puts up to half of it in front."""
_MAX_LAG_S = 0.04
"""Maximum lead or lag of the playing against the click, in seconds."""
_CUT_TOLERANCE_S = 0.006
"""Maximum error in seconds of the cut of a loop."""
_MAX_ERRORS, _MAX_MISS_S = 5.0, 0.06
"""Maximum distance between the last bar line and the end of the loop, in standard errors and in seconds: players
drift."""
_ROUNDING_S = 0.001
"""Maximum shift in seconds of the end of a loop when its tempo is rounded."""
_MAX_SILENCE_S = 0.05
"""Maximum silence in seconds before the first hit of a loop."""
_MIN_HITS = 6
"""Minimum number of hits in a loop."""
_REPEATED_S = 12.0
"""A shorter loop is repeated up to this length in seconds."""


def repetitions(seconds: Sequence[float], duration: float) -> int:
    """Return how often to repeat a recording for rhythm analysis: several times for a short loop, else once.

    A recording is not a loop if it does not begin with a hit, has hardly any hits, or ends in silence.

    Parameters
    ----------
    seconds : Sequence[float]
        Times of the hits, ascending.
    duration : float
        Length of the recording in seconds.

    Returns
    -------
    int
        The number of repetitions, at least 1.
    """
    if len(seconds) < _MIN_HITS or seconds[0] > _MAX_SILENCE_S or seconds[-1] < duration / 2:
        return 1
    return max(1, math.ceil(_REPEATED_S / duration))


def bar_line_odds(readings: Readings, starts: np.ndarray, duration: float) -> np.ndarray:
    """Return the log odds for each reading from how near its bar lines are to the ends of the recording.

    Parameters
    ----------
    readings : Readings
        Readings of the pulses.
    starts : np.ndarray
        ``(pulses,)`` start times in seconds.
    duration : float
        Length of the recording in seconds.

    Returns
    -------
    np.ndarray
        ``(readings,)`` log odds.
    """
    period, origin = np.polyfit(np.arange(len(starts)), starts, 1)
    bars = (readings.ratios * [meter.bar_quarters for meter in readings.meters])[:, None]
    downbeats = readings.downbeats[:, None]
    ends = ((np.array([0.0, duration]) - origin) / period - downbeats) / bars  # in bars
    lines, lengths = np.rint(ends), bars * period
    misses = np.abs(ends - lines) * lengths
    nearer = np.exp(-0.5 * (misses / _CUT_SIGMA_S) ** 2) * lengths / (_CUT_SIGMA_S * np.sqrt(2.0 * np.pi))
    return np.log1p(_LOOP_ODDS * nearer.prod(axis=1) * (lines[:, 1] > lines[:, 0]))


def beginning_odds(readings: Readings, starts: np.ndarray, first: float) -> np.ndarray:
    """Return the log odds for each reading from whether a bar begins with the recording.

    A recording that begins with a stroke was cut there, mostly at the beginning of a bar.

    Parameters
    ----------
    readings : Readings
        Readings of the pulses.
    starts : np.ndarray
        ``(pulses,)`` start times in seconds.
    first : float
        Time of the first hit in seconds.

    Returns
    -------
    np.ndarray
        ``(readings,)`` log odds, all 0 if the first hit comes later.
    """
    if first > _MAX_BEGUN_S:
        return np.zeros(len(readings))
    beats = np.array([meter.beats_per_bar for meter in readings.meters])
    bars = readings.ratios * [meter.bar_quarters for meter in readings.meters]
    at = (np.interp(first, starts, np.arange(len(starts))) - readings.downbeats) / bars
    lengths = bars * float(np.median(np.diff(starts)))
    begun, on_beat = (
        np.exp(-0.5 * ((at - np.rint(at * lines) / lines) * lengths / _CUT_SIGMA_S) ** 2)
        * (lengths / lines / (_CUT_SIGMA_S * np.sqrt(2.0 * np.pi)))
        for lines in (1, beats)
    )
    others = _BEAT_SHARE * on_beat + 1.0 - _BEAT_SHARE
    return np.log(_BEGUN_SHARE * begun + (1.0 - _BEGUN_SHARE) * others)


def fit_loop(hits: PlacedHits, meter: Meter, duration: float) -> TempoMap | None:
    """Fit one tempo at which whole bars fill the recording, if the hits agree.

    The last bar of the hits must end with the recording, within the precision of the hits. The first bar must begin
    about when the recording begins: a player may be consistently ahead of the click, or behind it.

    Parameters
    ----------
    hits : PlacedHits
        Hits on the steps of the grid.
    meter : Meter
        The meter throughout.
    duration : float
        Length of the recording in seconds.

    Returns
    -------
    TempoMap | None
        The map, or None if the recording is not a loop.
    """
    origin, period, residuals = fit_line(hits)
    bar = period * meter.bar_quarters
    bars = round(duration / bar)
    ahead = origin - bar * round(origin / bar)
    # The errors of neighbouring hits are correlated, so that two count as one.
    error = float(np.std(residuals)) * math.sqrt(12.0 * 2.0 / len(residuals))
    tolerance = min(max(_MAX_ERRORS * error, _CUT_TOLERANCE_S), _MAX_MISS_S)
    if bars < 1 or abs(ahead) > _MAX_LAG_S or abs(bars * bar - duration) > tolerance:
        return None
    tempo = bars * meter.bar_quarters * 60.0 / duration
    whole = round(tempo)
    return TempoMap.steady(float(whole if abs(tempo / whole - 1.0) * duration <= _ROUNDING_S else tempo), 0.0, meter)
