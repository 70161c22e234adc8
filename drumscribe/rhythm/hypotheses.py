"""Hypotheses: what the readings of all tracks of pulses say of tempo, beats and bars, each once, with its probability.

Two readings, of the same pulses or of others, may have the same bars. Their probabilities add up, and the rhythm is
chosen in steps: first the tempo, then the beats, then the bars that are likeliest given what was chosen before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
        The likeliest reading that says so.
    starts : np.ndarray
        ``(pulses,)`` start times of its pulses in seconds.
    tempo : float
        Quarters per minute.
    line : float
        Time in seconds of a bar line near the middle of the recording.
    probability : float
        Of all of it.
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
        The one that is chosen, then the others, the likeliest first; none if there is no reading.
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
    apart: list[list[Hypothesis]] = []
    for hypothesis in found:
        same = next((group for group in apart if _same_bars(group[0], hypothesis)), None)
        if same is None:
            apart.append([hypothesis])
        else:
            same.append(hypothesis)
    return _ranked([(group[0], sum(one.probability for one in group)) for group in apart])


def _hypothesis(track: Track, index: int, probability: float, middle: float) -> Hypothesis:
    reading = track.readings[index]
    numbers = np.arange(len(track.starts))
    bar = reading.pulses_per_quarter * reading.meter.bar_quarters
    at = reading.downbeat + bar * round((np.interp(middle, track.starts, numbers) - reading.downbeat) / bar)
    line = float(np.interp(at, numbers, track.starts))
    return Hypothesis(reading, track.starts, track.tempo / reading.pulses_per_quarter, line, probability, 0.0)


def _ranked(apart: list[tuple[Hypothesis, float]]) -> list[Hypothesis]:
    """Put first the likeliest bars on the likeliest beats at the likeliest tempo; then by probability."""

    def weight(same: Callable[[Hypothesis, Hypothesis], bool], one: Hypothesis) -> float:
        return sum(probability for other, probability in apart if same(one, other))

    tempo_of = max((one for one, _ in apart), key=lambda one: weight(_same_tempo, one))
    at_tempo = [one for one, _ in apart if _same_tempo(tempo_of, one)]
    beats_of = max(at_tempo, key=lambda one: weight(_same_beats, one))
    on_beats = [(p, i) for i, (one, p) in enumerate(apart) if _same_beats(beats_of, one)]
    chosen = max(on_beats, key=lambda pair: pair[0])[1]
    total = sum(probability for _, probability in apart)
    ranked = sorted(range(len(apart)), key=lambda i: (i != chosen, -apart[i][1]))
    return [
        Hypothesis(one.reading, one.starts, one.tempo, one.line, probability / total, weight(_same_tempo, one) / total)
        for one, probability in (apart[i] for i in ranked)
    ]


def _same_tempo(one: Hypothesis, other: Hypothesis) -> bool:
    return abs(other.tempo / one.tempo - 1.0) < SAME_TEMPO_SHARE


def _same_beats(one: Hypothesis, other: Hypothesis) -> bool:
    alike = one.reading.meter.beat_quarters == other.reading.meter.beat_quarters
    return alike and _same_tempo(one, other) and _is_multiple(other.line - one.line, one.beat)


def _same_bars(one: Hypothesis, other: Hypothesis) -> bool:
    alike = one.reading.meter == other.reading.meter
    return alike and _same_tempo(one, other) and _is_multiple(other.line - one.line, one.bar)


def _is_multiple(distance: float, step: float) -> bool:
    """Return whether a distance in seconds is that of lines `step` seconds apart, up to what F-measures tolerate."""
    return abs(distance - step * round(distance / step)) < min(_SAME_S, 0.2 * step)
