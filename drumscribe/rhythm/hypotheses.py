"""Hypotheses: what the readings of all tracks of pulses say of tempo, beats and bars, each once, with its probability.

Two readings, of the same pulses or of others, may have the same bars. Their probabilities add up, and the rhythm is
chosen in steps: first the tempo, then the beats, then the bars that are likeliest given what was chosen before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .readings import Reading, Readings
from .remarks import SAME_TEMPO_SHARE

# By hand.
_SAME_S = 0.07
"""Maximum distance in seconds of lines that are the same, as in the field's F-measure of beats."""
_CONSIDERED = 200
"""Number of readings considered, the likeliest ones."""
_MIN_ODDS = 1e-5
"""Minimum odds of a reading, relative to the likeliest, for it to be considered."""


@dataclass(frozen=True, slots=True)
class Track:
    """Pulses and their readings.

    Attributes
    ----------
    starts : np.ndarray
        ``(pulses,)`` start times in seconds.
    tempo : float
        Pulses per minute.
    readings : Readings
        The readings.
    """

    starts: np.ndarray
    tempo: float
    readings: Readings


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A tempo with beats and bars.

    Attributes
    ----------
    reading : Reading
        The likeliest reading with this tempo and these bars.
    starts : np.ndarray
        ``(pulses,)`` start times of its pulses in seconds.
    tempo : float
        Quarters per minute.
    line : float
        Time in seconds of a bar line near the middle of the recording.
    probability : float
        Probability of tempo, beats and bars together.
    certainty : float
        Probability of its tempo, whatever the beats and bars.
    """

    reading: Reading
    starts: np.ndarray
    tempo: float
    line: float
    probability: float
    certainty: float

    @property
    def beat(self) -> float:
        """Seconds per beat."""
        return self.reading.meter.beat_quarters * 60.0 / self.tempo

    @property
    def bar(self) -> float:
        """Seconds per bar."""
        return self.reading.meter.bar_quarters * 60.0 / self.tempo


def weigh(tracks: Sequence[Track], scores: np.ndarray, middle: float) -> list[Hypothesis]:
    """Collect the hypotheses of readings.

    Parameters
    ----------
    tracks : sequence of Track
        Tracks with readings.
    scores : np.ndarray
        ``(readings,)`` log odds of the readings of all tracks, one after the other.
    middle : float
        A time near the middle of the recording, in seconds.

    Returns
    -------
    list of Hypothesis
        The chosen hypothesis, then the others, the likeliest first; none if there is no reading.
    """
    sources = np.repeat(np.arange(len(tracks)), [len(track.readings) for track in tracks])
    firsts = np.cumsum([0, *(len(track.readings) for track in tracks)])
    if not len(scores):
        return []
    odds = np.exp(scores - scores.max())
    order = np.argsort(-odds)[:_CONSIDERED]
    order = order[odds[order] > _MIN_ODDS]
    found = [
        _hypothesis(tracks[sources[i]], int(i - firsts[sources[i]]), float(odds[i] / odds.sum()), middle) for i in order
    ]
    alike = _Alike(found)
    apart: list[int] = []
    probabilities = np.zeros(len(found))
    for i, hypothesis in enumerate(found):
        same = next((first for first in apart if alike.bars[first, i]), None)
        if same is None:
            apart.append(i)
        probabilities[i if same is None else same] += hypothesis.probability
    return _ranked(found, alike, np.array(apart), probabilities)


def _hypothesis(track: Track, index: int, probability: float, middle: float) -> Hypothesis:
    reading = track.readings[index]
    numbers = np.arange(len(track.starts))
    bar = reading.pulses_per_quarter * reading.meter.bar_quarters
    at = reading.downbeat + bar * round((np.interp(middle, track.starts, numbers) - reading.downbeat) / bar)
    line = float(np.interp(at, numbers, track.starts))
    return Hypothesis(reading, track.starts, track.tempo / reading.pulses_per_quarter, line, probability, 0.0)


class _Alike:
    """Which hypotheses say the same, in tables of one and the other.

    Parameters
    ----------
    found : sequence of Hypothesis
        The hypotheses.

    Attributes
    ----------
    tempo, beats, bars : np.ndarray
        ``(hypotheses, hypotheses) bool``.
    """

    def __init__(self, found: Sequence[Hypothesis]) -> None:
        tempi, lines = np.array([one.tempo for one in found]), np.array([one.line for one in found])
        beats = np.array([one.reading.meter.beat_quarters for one in found])
        meters = [one.reading.meter for one in found]
        kinds = np.array([meters.index(meter) for meter in meters])
        distances = lines - lines[:, None]
        self.tempo = np.abs(tempi / tempi[:, None] - 1.0) < SAME_TEMPO_SHARE
        self.beats = self.tempo & (beats == beats[:, None]) & _multiples(distances, [one.beat for one in found])
        self.bars = self.tempo & (kinds == kinds[:, None]) & _multiples(distances, [one.bar for one in found])


def _multiples(distances: np.ndarray, steps: Sequence[float]) -> np.ndarray:
    """Which distances in seconds are those of lines so many seconds apart, one for each row, as far as F tolerates."""
    step = np.array(steps)[:, None]
    return np.abs(distances - step * np.round(distances / step)) < np.minimum(_SAME_S, 0.2 * step)


def _ranked(
    found: Sequence[Hypothesis], alike: _Alike, apart: np.ndarray, probabilities: np.ndarray
) -> list[Hypothesis]:
    """Put first the likeliest bars on the likeliest beats at the likeliest tempo; then by probability."""
    shares = probabilities[apart]
    tempo, beats = (same[np.ix_(apart, apart)] for same in (alike.tempo, alike.beats))
    certainties = tempo @ shares
    at_tempo = np.flatnonzero(tempo[np.argmax(certainties)])
    on_beats = np.flatnonzero(beats[at_tempo[np.argmax((beats @ shares)[at_tempo])]])
    chosen = on_beats[np.argmax(shares[on_beats])]
    total = shares.sum()
    ranked = sorted(range(len(apart)), key=lambda i: (i != chosen, -shares[i]))
    return [
        replace(found[apart[i]], probability=float(shares[i] / total), certainty=float(certainties[i] / total))
        for i in ranked
    ]
