"""Alignment: find the grid line that each hit is meant for.

Rounding to the nearest line errs where lines are close. Here a coarse position has a higher prior probability (Cemgil
and Kappen, "Monte Carlo methods for tempo tracking and rhythm quantization", JAIR 18, 2003), hits deviate from their
line by a normal error whose width is estimated from the recording, drums struck together are decided together, and the
likeliest sequence of lines is chosen, which keeps the order of strokes and gives no two strokes of a drum one line
unless everything else is far less likely. The habits of a drum in other bars count as evidence. Each bar has the
subdivision under which its hits are most likely, and a change of subdivision costs. Swing is the warp of pairs of notes
that makes all hits most likely.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..music.tempo_map import TempoMap
from .grid import Grid, Subdivision, Swing, bar_starts
from .paths import likeliest_lines, likeliest_states

# By hand; nats are differences of log likelihood.
_DEPTH_COST = 0.6  # nats per halving of the position
_SWITCH_COST = 2.0  # nats for a bar whose subdivision differs from the previous bar's
_SWING_SAMPLE = 5000  # maximum number of strokes on which swing is measured
_OUTLIER_NATS = -8.0  # log likelihood of a hit that is on no line
_TRIPLET_NATS = -1.0  # the same of a triplet, relative to a binary line, while swing is measured
_TOGETHER_S = 0.030  # maximum time in seconds between the drums of one stroke
_SHARED_ERROR = 0.4  # share of the timing error's variance that is common to the drums of a stroke
_FIRST_SIGMA_S, _MIN_SIGMA_S, _MAX_SIGMA_S = 0.012, 0.001, 0.025  # standard deviation of timing errors
_MIN_SWING_SIGMA_S = 0.005  # the same while swing is measured
_SWING_SHARES = np.arange(0.50, 0.7051, 0.005)  # shares of the first note of a pair that are tried
_REFINEMENTS = 5  # iterations that refine the best of them
_MIN_SWING = 0.525  # smaller shares are straight notes, loosely played
_MIN_SWUNG = 0.06  # minimum share of strokes that are second notes of pairs
_SWING_GAIN, _SWING_GAIN_EACH = 5.0, 0.015  # minimum gain by swing in nats, constant and per stroke
_PRIOR_BARS, _PRIOR_SHARE = 3.0, 0.2  # pseudo-count of bars, and the share of them with a stroke at any place
_BEFORE_BAR_S = 0.05  # a stroke up to this many seconds before a bar line belongs to the next bar


@dataclass(frozen=True, slots=True)
class Placement:
    """Positions of hits as in a score.

    Attributes
    ----------
    bars : np.ndarray
        ``(hits,)``, the quarter at which the bar of each hit begins.
    lines : np.ndarray
        ``(hits,)``, the straight position of each hit in its bar, in quarters.
    triplet : np.ndarray
        ``(hits,) bool``, whether the bar is divided in triplets.
    swing : Swing
        The swing of the other bars.
    """

    bars: np.ndarray
    lines: np.ndarray
    triplet: np.ndarray
    swing: Swing

    def quarters(self, swing: Swing | None = None) -> np.ndarray:
        """Return the positions of the lines, ``(hits,)`` in quarters, with the measured or another swing."""
        swung = (swing or self.swing).apply(self.lines)
        return self.bars + np.where(self.triplet, self.lines, swung)


def measure_swing(seconds: np.ndarray, drums: Sequence[str], tempo_map: TempoMap, grid: Grid) -> Swing:
    """Measure how hits swing, on the finest binary subdivision of a grid.

    Parameters
    ----------
    seconds : np.ndarray
        ``(hits,)`` times, ascending, at least one.
    drums : Sequence[str]
        The drum of each hit.
    tempo_map : TempoMap
        Beats and bars.
    grid : Grid
        The lines.

    Returns
    -------
    Swing
        The swing; none if straight playing is about as likely.
    """
    binary = [s for s in grid.subdivisions if not s.triplet]
    if not binary:
        return Swing()
    some = slice(None) if len(seconds) <= _SWING_SAMPLE else slice((len(seconds) - _SWING_SAMPLE) // 2, None)
    sample = _Playing(seconds[some][:_SWING_SAMPLE], list(drums)[some][:_SWING_SAMPLE], tempo_map)
    return sample.measure_swing(min(binary, key=lambda s: s.step), grid)


def place(
    seconds: np.ndarray, drums: Sequence[str], tempo_map: TempoMap, grid: Grid, swing: Swing | None = None
) -> Placement:
    """Find the lines that hits are meant for.

    Parameters
    ----------
    seconds : np.ndarray
        ``(hits,)`` times, ascending, at least one.
    drums : Sequence[str]
        The drum of each hit.
    tempo_map : TempoMap
        Beats and bars.
    grid : Grid
        The lines.
    swing : Swing, optional
        The swing, if known; measured if None.

    Returns
    -------
    Placement
        The position of each hit.
    """
    playing = _Playing(seconds, drums, tempo_map)
    swing = swing or measure_swing(seconds, drums, tempo_map, grid)
    chosen = playing.choose_subdivisions(grid, swing, _FIRST_SIGMA_S)
    lines = playing.choose_lines(grid, chosen, swing, _FIRST_SIGMA_S, None)
    for _ in range(2):
        sigma = _width(playing.deviations(lines, chosen, grid, swing))
        chosen = playing.choose_subdivisions(grid, swing, sigma)
        lines = playing.choose_lines(grid, chosen, swing, sigma, lines)
    return playing.placement(lines, chosen, grid, swing)


def _width(deviations: np.ndarray) -> float:
    """Estimate the standard deviation of normal errors among outliers."""
    return float(np.clip(1.4826 * np.median(np.abs(deviations)), _MIN_SIGMA_S, _MAX_SIGMA_S))


class _Playing:
    """Hits grouped into strokes that sound together, and the positions of these in their bars."""

    def __init__(self, seconds: np.ndarray, drums: Sequence[str], tempo_map: TempoMap) -> None:
        quarters = tempo_map.quarters_at(seconds)
        self._hit_stroke, self._drums = _gather(seconds, drums)
        names = list(dict.fromkeys(drums))
        self._hit_drum = np.array([names.index(drum) for drum in drums])
        count = np.bincount(self._hit_stroke)
        at = np.bincount(self._hit_stroke, quarters) / count
        # The timing errors of drums struck together are correlated.
        self._narrower = 1 / np.sqrt(_SHARED_ERROR + (1 - _SHARED_ERROR) / count)
        self._pace = (tempo_map.seconds_at(at + 0.25) - tempo_map.seconds_at(at - 0.25)) / 0.5  # seconds per quarter
        starts = bar_starts(tempo_map, float(at.min()) - 0.1, float(at.max()) + 0.1)
        ahead = _BEFORE_BAR_S / self._pace
        self._bar = np.clip(np.searchsorted(starts, at + ahead, side="right") - 1, 0, None)
        self._starts, self._bars, self._lengths = starts, len(starts), np.diff(starts, append=starts[-1] + 4)
        self._at = at - starts[self._bar]

    def measure_swing(self, subdivision: Subdivision, grid: Grid) -> Swing:
        """Find the swing under which the hits are most likely; none if the gain is small."""
        even = np.rint(self._at / subdivision.step) * subdivision.step
        sigma = max(_MIN_SWING_SIGMA_S, _width((self._at - even) * self._pace))
        straight = self._fit(subdivision, grid, Swing(), sigma)
        best, found = straight + _SWING_GAIN + _SWING_GAIN_EACH * len(self._at), Swing()
        for pair in (1.0, 0.5):
            if subdivision.step > pair / 2 + 1e-9:
                continue
            fits = [self._fit(subdivision, grid, Swing(float(share), pair), sigma) for share in _SWING_SHARES]
            if max(fits) > best:
                best, found = max(fits), Swing(float(_SWING_SHARES[int(np.argmax(fits))]), pair)
        return self._refine(subdivision, found)

    def _fit(self, subdivision: Subdivision, grid: Grid, swing: Swing, sigma: float) -> float:
        likely = self._likelihood(subdivision, swing, sigma)
        for other in grid.subdivisions:
            if other.triplet:
                likely = np.maximum(likely, self._likelihood(other, Swing(), sigma) + _TRIPLET_NATS)
        return float(likely.sum())

    def _refine(self, subdivision: Subdivision, swing: Swing) -> Swing:
        """Refine the share to a thousandth, as the mean place of second notes (expectation maximisation)."""
        if swing.share == 0.5:
            return swing
        share = swing.share
        for _ in range(_REFINEMENTS):
            lines, deviations, prior = self._candidates(subdivision, Swing(share, swing.pair))
            nearest = deviations[np.arange(len(lines)), np.abs(deviations).argmin(axis=1)]
            sigma = max(_MIN_SWING_SIGMA_S, _width(nearest))
            likely = prior - 0.5 * (deviations * (self._narrower / sigma)[:, None]) ** 2
            certain = np.exp(likely - np.logaddexp(np.logaddexp.reduce(likely, axis=1), _OUTLIER_NATS)[:, None])
            certain *= np.isclose(lines % swing.pair, swing.pair / 2)
            phases = (self._at[:, None] - lines) / swing.pair + 0.5
            if certain.sum() < _MIN_SWUNG * len(lines):
                return Swing()
            share = min(float(np.sum(certain * phases) / np.sum(certain)), float(_SWING_SHARES[-1]))
        return Swing(round(share, 3), swing.pair) if _MIN_SWING <= share < _SWING_SHARES[-1] else Swing()

    def _candidates(self, subdivision: Subdivision, swing: Swing) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the lines around each stroke, each ``(strokes, 4)``: straight positions, seconds off, log priors."""
        swing = Swing() if subdivision.triplet else swing
        base = np.floor(swing.undo(self._at) / subdivision.step)
        numbers = base[:, None] + np.array([-1, 0, 1, 2])
        lines = numbers * subdivision.step
        deviations = (self._at[:, None] - swing.apply(lines)) * self._pace[:, None]
        return lines, deviations, _log_prior(subdivision, numbers)

    def _likelihood(self, subdivision: Subdivision, swing: Swing, sigma: float) -> np.ndarray:
        """Return the log likelihood of each stroke, whichever line it is meant for."""
        _, deviations, prior = self._candidates(subdivision, swing)
        z = deviations * (self._narrower / sigma)[:, None]
        return np.logaddexp(np.logaddexp.reduce(prior - 0.5 * z**2, axis=1), _OUTLIER_NATS)

    def choose_subdivisions(self, grid: Grid, swing: Swing, sigma: float) -> np.ndarray:
        """Choose the likeliest sequence of subdivisions, ``(bars,) int``."""
        if len(grid.subdivisions) == 1:
            return np.zeros(self._bars, int)
        fit = np.stack(
            [
                np.bincount(self._bar, self._likelihood(subdivision, swing, sigma), self._bars)
                for subdivision in grid.subdivisions
            ],
            axis=1,
        )
        return likeliest_states(fit, _SWITCH_COST)

    def choose_lines(
        self, grid: Grid, chosen: np.ndarray, swing: Swing, sigma: float, before: np.ndarray | None
    ) -> np.ndarray:
        """Choose the likeliest sequence of straight positions in the bars, ``(strokes,)``, from four lines each.

        `before` holds the previous choice, from which repeated patterns are learnt.
        """
        lines = np.zeros((len(self._at), 4))
        costs = np.zeros((len(self._at), 4))
        for i, subdivision in enumerate(grid.subdivisions):
            own = chosen[self._bar] == i
            found, deviations, prior = self._candidates(subdivision, swing)
            z = deviations * (self._narrower / sigma)[:, None]
            if before is not None:
                prior = prior + self._habit(found, before, subdivision, own)
            lines[own], costs[own] = found[own], (0.5 * z**2 - prior)[own]
        absolute = (lines + self._starts[self._bar][:, None]).round(6)
        shared = [bool(a & b) for a, b in pairwise(self._drums)]
        path = likeliest_lines(absolute.tolist(), costs.tolist(), shared)
        return lines[np.arange(len(lines)), path]

    def _habit(self, lines: np.ndarray, before: np.ndarray, subdivision: Subdivision, own: np.ndarray) -> np.ndarray:
        """Return the log frequency, ``(strokes, 4)``, of each stroke's drums at these lines in other bars."""
        places = np.maximum(1, np.rint(self._lengths[self._bar] / subdivision.step)).astype(int)
        at = np.mod(np.rint(lines / subdivision.step).astype(int), places[:, None])
        was = np.mod(np.rint(before / subdivision.step).astype(int), places)
        of = self._hit_stroke
        counts = np.zeros((self._hit_drum.max() + 1, places.max()))
        np.add.at(counts, (self._hit_drum[own[of]], was[of][own[of]]), 1)
        often = counts[self._hit_drum[:, None], at[of]] - (at[of] == was[of][:, None]) * own[of][:, None]
        bars = len(np.unique(self._bar[own]))
        share = np.log((often + _PRIOR_BARS * _PRIOR_SHARE) / (bars + _PRIOR_BARS))
        return np.stack([np.bincount(of, column, len(lines)) for column in share.T], axis=1)

    def deviations(self, lines: np.ndarray, chosen: np.ndarray, grid: Grid, swing: Swing) -> np.ndarray:
        """Return the distances of the strokes from their lines, ``(strokes,)`` in seconds."""
        straight = np.array([s.triplet for s in grid.subdivisions])[chosen[self._bar]]
        return (self._at - np.where(straight, lines, swing.apply(lines))) * self._pace

    def placement(self, lines: np.ndarray, chosen: np.ndarray, grid: Grid, swing: Swing) -> Placement:
        """Return the choice for each hit."""
        triplet = np.array([s.triplet for s in grid.subdivisions])[chosen[self._bar]]
        of = self._hit_stroke
        return Placement(self._starts[self._bar][of], lines[of], triplet[of], swing)


def _gather(seconds: np.ndarray, drums: Sequence[str]) -> tuple[np.ndarray, list[set[str]]]:
    """Return the stroke that each hit is part of, and the drums of each: different ones, struck almost together."""
    stroke: list[int] = []
    struck: list[set[str]] = []
    began = -np.inf
    for time, drum in zip(seconds.tolist(), drums, strict=True):
        if time - began > _TOGETHER_S or drum in struck[-1]:
            struck.append(set())
            began = time
        struck[-1].add(drum)
        stroke.append(len(struck) - 1)
    return np.array(stroke), struck


def _log_prior(subdivision: Subdivision, numbers: np.ndarray) -> np.ndarray:
    """Return the log prior of lines by their numbers: quarters are likeliest, then the lines halfway, and so on."""
    first = 3 if subdivision.triplet else 1
    cycle = max(first, round(1 / subdivision.step))
    depth, size = np.zeros(cycle), cycle
    while size > 1:
        depth += np.arange(cycle) % size != 0
        size //= first if size == first else 2
    prior = -_DEPTH_COST * depth
    return (prior - np.logaddexp.reduce(prior))[np.mod(numbers, cycle).astype(int)]
