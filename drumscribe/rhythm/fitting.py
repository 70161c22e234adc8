"""Hits whose place is roughly known to a tempo map: one tempo where it explains them, else one that follows."""

from dataclasses import dataclass

import numpy as np

from .beats_file import Beats
from .tempo_map import Meter, MeterChange, TempoMap

_NEAR = 0.07
"""Hits so far from a step of the grid, in quarters, say nothing of it."""
_STEADY = 0.025
"""Seconds that the playing may lead or lag one tempo, over two bars, and still be steady."""
_STEADY_SHARE = 0.05
"""Of a quarter that it may at slow tempi: how far players stray grows with the time between strokes (A. M. Wing, A. B.
Kristofferson: Response delays and the timing of discrete motor responses. Perception & Psychophysics 14, 1973)."""
_BLOCK = 8.0
"""Quarters over which lead and lag are averaged."""
_WINDOW = 6.0
"""Quarters of playing that a beat is placed by where the tempo changes."""
_SIMPLE = 0.006
"""Seconds that a simplified tempo map may be off."""
_SNAP = 0.01
"""Seconds that a round tempo may be off at either end of a recording."""
_EXACT = 0.002
"""Seconds that beats which are given may be off one tempo and have it: those of a click are rounded when written."""
_WRITTEN = 0.0002
"""Seconds that they may be further off a whole tempo than off their own."""
_OUTERMOST = 8
"""Distances of beats that tell the tempo before the first beat that is given, and after the last."""


@dataclass(frozen=True, slots=True)
class PlacedHits:
    """Hits with the step of the grid that each is meant for: ``(hits,)`` seconds, quarters, and weights."""

    seconds: np.ndarray
    quarters: np.ndarray
    weights: np.ndarray


def place_hits(seconds: np.ndarray, quarters: np.ndarray) -> PlacedHits:
    """The hits that are near a sixteenth or a triplet; the coarser the step, the more they weigh."""
    steps = np.stack([np.rint(quarters * parts) / parts for parts in (1, 2, 4, 3)])
    distances = np.abs(quarters - steps)
    chosen = np.argmin(distances + np.array([0.0, 0.005, 0.01, 0.015])[:, None], axis=0)
    index = np.arange(len(quarters))
    near = distances[chosen, index] < _NEAR
    weights = np.array([1.0, 0.7, 0.3, 0.3])[chosen]
    return PlacedHits(seconds[near], steps[chosen, index][near], weights[near])


def fit_line(hits: PlacedHits) -> tuple[float, float, np.ndarray]:
    """Seconds at quarter 0, seconds per quarter, and residuals: least squares with Huber's weights."""
    weights, middle = hits.weights, len(hits.weights) // 2
    for _ in range(5):
        total = weights.sum()
        centre, mean = weights @ hits.quarters / total, weights @ hits.seconds / total
        x = hits.quarters - centre
        weighted = weights * x
        slope = weighted @ (hits.seconds - mean) / max(weighted @ x, 1e-9)
        residuals = hits.seconds - mean - slope * x
        distances = np.abs(residuals)
        scale = 1.5 * max(float(np.partition(distances, middle)[middle]), 0.002)
        weights = hits.weights * np.minimum(1.0, scale / np.maximum(distances, 1e-9))
    return float(mean - slope * centre), float(slope), residuals


def is_steady(hits: PlacedHits) -> bool:
    """Whether one tempo explains the hits but for the looseness of playing."""
    _, period, residuals = fit_line(hits)
    blocks = np.floor(hits.quarters / _BLOCK).astype(int)
    order = np.argsort(blocks, kind="stable")
    parts = np.split(residuals[order], np.flatnonzero(np.diff(blocks[order])) + 1)
    lags = np.abs([np.median(part) for part in parts if len(part) >= 4] or [0.0])
    return bool(np.percentile(lags, 90) < max(_STEADY, _STEADY_SHARE * period))


def fit_steady(hits: PlacedHits, meter: Meter) -> TempoMap:
    """One tempo; a whole number of quarters per minute where the recording cannot tell it from one."""
    origin, period, residuals = fit_line(hits)
    length = np.ptp(hits.quarters)
    tempo = 60.0 / period
    whole = max(1.0, np.rint(tempo))
    # Lead and lag change slowly, so that hits of one block count as one when the error of the tempo is judged.
    error = np.std(residuals) / np.sqrt(max(length / _BLOCK, 1.0)) * 3.5 / max(length, 1.0)
    if abs(60.0 / whole - period) * length / 2 <= _SNAP or abs(60.0 / whole - period) <= min(error, 0.002 * period):
        centre = np.average(hits.quarters, weights=hits.weights)
        origin += (period - 60.0 / whole) * centre
        tempo = whole
    return TempoMap.steady(float(tempo), float(origin), meter)


def fit_changing(hits: PlacedHits, meter: Meter) -> TempoMap:
    """A tempo that follows the playing.

    Each beat is placed by the straightest of three stretches of playing, before, around and after it, which keeps
    sudden changes sharp; then beats that lie on a line between others are left out (Ramer, 1972; Douglas and
    Peucker, 1973).
    """
    beats = np.arange(np.floor(hits.quarters[0]), np.ceil(hits.quarters[-1]) + 1)
    order = np.argsort(hits.quarters, kind="stable")
    ordered = PlacedHits(hits.seconds[order], hits.quarters[order], hits.weights[order])
    placed = [(beat, second) for beat in beats if (second := _place_beat(ordered, beat)) is not None]
    kept: list[tuple[float, float]] = []
    for beat, second in placed:
        if not kept or second > kept[-1][1] + 0.1 * (beat - kept[-1][0]):
            kept.append((float(beat), float(second)))
    if len(kept) < 2:
        return fit_steady(hits, meter)
    quarters, seconds = np.array(kept).T
    chosen = _simplify(quarters, seconds)
    return TempoMap(tuple(seconds[chosen].tolist()), tuple(quarters[chosen].tolist()), (MeterChange(0.0, meter),))


def follow_beats(beats: Beats, meter: Meter | None, first: int) -> TempoMap:
    """The map that goes through beats that are given, from one beat before them to one after them.

    Where one tempo is nowhere off by more than `_EXACT`, it is that, and a whole one if the beats say the same of it.

    Parameters
    ----------
    meter : of all bars; None where the downbeats tell, a bar of n beats being n/4.
    first : the beat that begins a bar, where no downbeats are given.
    """
    downbeats = np.searchsorted(beats.times, beats.downbeats) if beats.downbeats else np.array([first])
    if meter is None:
        lengths = beats.bar_lengths()
        lengths = np.array([*lengths, lengths[-1] if lengths else beats.highest or 4])
        changes = np.flatnonzero(np.diff(lengths, prepend=0))
        meters = tuple(MeterChange(float(downbeats[i] - downbeats[0]), Meter(int(lengths[i]), 4)) for i in changes)
    else:
        meters = (MeterChange(0.0, meter),)
    step = 1.0 if meter is None else meter.bar_quarters / (beats.per_bar(meter) or meter.beats_per_bar)
    gaps = np.diff(beats.times)
    before, after = (float(np.median(nearest)) for nearest in (gaps[:_OUTERMOST], gaps[-_OUTERMOST:]))
    seconds = (beats.times[0] - before, *beats.times, beats.times[-1] + after)
    quarters = (np.arange(-1, len(beats.times) + 1) - downbeats[0]) * step
    tempo = 60.0 / np.polyfit(quarters[1:-1], beats.times, 1)[0]
    whole = max(1.0, np.rint(tempo))
    origins, others = (np.array(beats.times) - 60.0 / t * quarters[1:-1] for t in (tempo, whole))
    if np.ptp(origins) <= 2.0 * _EXACT:
        if np.ptp(others) <= np.ptp(origins) + _WRITTEN:
            tempo, origins = whole, others
        quarters = quarters[[0, -1]]
        seconds = ((origins.min() + origins.max()) / 2.0 + 60.0 / tempo * quarters).tolist()
    return TempoMap(tuple(seconds), tuple(quarters.tolist()), meters)


def _place_beat(hits: PlacedHits, beat: float) -> float | None:
    best = None
    for start in (beat - _WINDOW, beat - _WINDOW / 2, beat):
        first, last = np.searchsorted(hits.quarters, [start - 0.01, start + _WINDOW + 0.01])
        if last - first < 4 or hits.quarters[last - 1] - hits.quarters[first] < 1.9:
            continue
        part = PlacedHits(hits.seconds[first:last], hits.quarters[first:last], hits.weights[first:last])
        origin, period, residuals = fit_line(part)
        spread = float(np.mean(np.abs(residuals))) * (1.0 if start == beat - _WINDOW / 2 else 1.3)
        if period > 0 and (best is None or spread < best[0]):
            best = spread, origin + period * beat
    return None if best is None else best[1]


def _simplify(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    keep = np.zeros(len(x), bool)
    keep[[0, -1]] = True
    spans = [(0, len(x) - 1)]
    while spans:
        first, last = spans.pop()
        inner = slice(first + 1, last)
        chord = y[first] + (y[last] - y[first]) * (x[inner] - x[first]) / (x[last] - x[first])
        if last - first > 1 and np.max(off := np.abs(y[inner] - chord)) > _SIMPLE:
            middle = first + 1 + int(np.argmax(off))
            keep[middle] = True
            spans += [(first, middle), (middle, last)]
    return np.flatnonzero(keep)
