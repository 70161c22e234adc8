"""Tempo fitting: one tempo if it explains the hits, otherwise a tempo that follows them."""

from dataclasses import dataclass

import numpy as np

from ..music.tempo_map import Meter, MeterChange, TempoMap

# By hand, where no source is named.
PICKUP_QUARTERS = 0.15
"""A first hit up to this many quarters before a bar line is on it."""
_STEPS_PER_QUARTER = (1, 2, 4, 3)
"""Quarters, eighths, sixteenths and triplets."""
_STEP_COSTS = np.array([0.0, 0.005, 0.01, 0.015])
"""Distance in quarters added for each of these when the nearest step is chosen: coarse steps are likelier."""
_STEP_WEIGHTS = np.array([1.0, 0.7, 0.3, 0.3])
"""Weight of a hit on each of these in the fit of the tempo."""
_MATCH_WINDOW_QUARTERS = 0.07
"""Maximum distance of a hit from its step; hits farther away are left out."""
_STEADY_S = 0.025
"""Maximum lead or lag in seconds, averaged over two bars, of steady playing."""
_STEADY_SHARE = 0.05
"""The same as a share of a quarter, for slow tempi: timing errors grow with the time between strokes (A. M. Wing, A. B.
Kristofferson: Response delays and the timing of discrete motor responses. Perception & Psychophysics 14, 1973)."""
_BLOCK_QUARTERS = 8.0
"""Length of the blocks over which lead and lag are averaged."""
_BLOCK_HITS = 4
"""Minimum number of hits in a block, or in a window around a beat."""
_WINDOW_QUARTERS = 6.0
"""Length of the windows in which a beat is placed if the tempo changes."""
_SIMPLIFY_TOLERANCE_S = 0.006
"""Maximum error in seconds of a simplified tempo map."""
_ROUNDING_S = 0.01
"""Maximum error in seconds of a rounded tempo at either end of a recording."""


@dataclass(frozen=True, slots=True)
class PlacedHits:
    """Hits, each with its step of the grid.

    Attributes
    ----------
    seconds : np.ndarray
        ``(hits,)`` times.
    quarters : np.ndarray
        ``(hits,)`` positions of the steps.
    weights : np.ndarray
        ``(hits,)`` weights in the fit.
    """

    seconds: np.ndarray
    quarters: np.ndarray
    weights: np.ndarray


def place_hits(seconds: np.ndarray, quarters: np.ndarray) -> PlacedHits:
    """Assign hits to quarters, eighths, sixteenths or triplets; drop hits that are not near any of these.

    Parameters
    ----------
    seconds : np.ndarray
        ``(hits,)`` times.
    quarters : np.ndarray
        ``(hits,)`` approximate positions.

    Returns
    -------
    PlacedHits
        The hits kept; coarser steps weigh more.
    """
    steps = np.stack([np.rint(quarters * parts) / parts for parts in _STEPS_PER_QUARTER])
    distances = np.abs(quarters - steps)
    chosen = np.argmin(distances + _STEP_COSTS[:, None], axis=0)
    index = np.arange(len(quarters))
    near = distances[chosen, index] < _MATCH_WINDOW_QUARTERS
    return PlacedHits(seconds[near], steps[chosen, index][near], _STEP_WEIGHTS[chosen][near])


def fit_line(hits: PlacedHits) -> tuple[float, float, np.ndarray]:
    """Fit a line through hits by least squares with Huber's weights.

    Parameters
    ----------
    hits : PlacedHits
        At least two.

    Returns
    -------
    tuple[float, float, np.ndarray]
        Seconds at quarter 0, seconds per quarter, and residuals, ``(hits,)`` in seconds.
    """
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
    """Return whether one tempo explains the hits, up to the looseness of playing."""
    _, period, residuals = fit_line(hits)
    blocks = np.floor(hits.quarters / _BLOCK_QUARTERS).astype(int)
    order = np.argsort(blocks, kind="stable")
    parts = np.split(residuals[order], np.flatnonzero(np.diff(blocks[order])) + 1)
    lags = np.abs([np.median(part) for part in parts if len(part) >= _BLOCK_HITS] or [0.0])
    return bool(np.percentile(lags, 90) < max(_STEADY_S, _STEADY_SHARE * period))


def fit_steady(hits: PlacedHits, meter: Meter) -> TempoMap:
    """Fit one tempo, rounded to a whole number of quarters per minute if that fits the recording as well.

    Parameters
    ----------
    hits : PlacedHits
        At least two.
    meter : Meter
        The meter throughout.

    Returns
    -------
    TempoMap
        The map.
    """
    origin, period, residuals = fit_line(hits)
    length = np.ptp(hits.quarters)
    tempo = 60.0 / period
    whole = max(1.0, np.rint(tempo))
    # Lead and lag change slowly, so the hits of one block count as one; 3.5 is about sqrt(12).
    error = np.std(residuals) / np.sqrt(max(length / _BLOCK_QUARTERS, 1.0)) * 3.5 / max(length, 1.0)
    change = abs(60.0 / whole - period)
    if change * length / 2 <= _ROUNDING_S or change <= min(error, 0.002 * period):
        centre = np.average(hits.quarters, weights=hits.weights)
        origin += (period - 60.0 / whole) * centre
        tempo = whole
    return TempoMap.steady(float(tempo), float(origin), meter)


def fit_changing(hits: PlacedHits, meter: Meter) -> TempoMap:
    """Fit a tempo that follows the playing.

    Each beat is placed by the straightest of three windows of playing, before, around and after it, which keeps sudden
    changes sharp; then beats that lie on a line between others are removed (Ramer, 1972; Douglas and Peucker, 1973).

    Parameters
    ----------
    hits : PlacedHits
        Hits in any order.
    meter : Meter
        The meter throughout.

    Returns
    -------
    TempoMap
        The map.
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


def _place_beat(hits: PlacedHits, beat: float) -> float | None:
    best = None
    for start in (beat - _WINDOW_QUARTERS, beat - _WINDOW_QUARTERS / 2, beat):
        first, last = np.searchsorted(hits.quarters, [start - 0.01, start + _WINDOW_QUARTERS + 0.01])
        if last - first < _BLOCK_HITS or hits.quarters[last - 1] - hits.quarters[first] < 1.9:
            continue
        part = PlacedHits(hits.seconds[first:last], hits.quarters[first:last], hits.weights[first:last])
        origin, period, residuals = fit_line(part)
        spread = float(np.mean(np.abs(residuals))) * (1.0 if start == beat - _WINDOW_QUARTERS / 2 else 1.3)
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
        if last - first > 1 and np.max(off := np.abs(y[inner] - chord)) > _SIMPLIFY_TOLERANCE_S:
            middle = first + 1 + int(np.argmax(off))
            keep[middle] = True
            spans += [(first, middle), (middle, last)]
    return np.flatnonzero(keep)
