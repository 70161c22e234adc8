"""Which line of the grid each hit is meant for.

Rounding to the nearest line errs where lines are close. Here a position is a priori the likelier the coarser it is
(Cemgil and Kappen, "Monte Carlo methods for tempo tracking and rhythm quantization", JAIR 18, 2003), hits deviate from
it by a normal error whose width is learned from the recording, strokes that sound together are decided together, and of
a passage the likeliest sequence of lines is taken, in which order is kept and no two strokes of a drum share a line
unless all else is far less likely. What a drum plays at the same place of other bars makes it likelier there. Each bar
has the subdivision under which its hits are most likely, and changing the subdivision costs. Swing is the warp of pairs
of notes that makes all hits most likely.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .grid import Grid, Subdivision, Swing, bar_starts
from .tempo_map import TempoMap

_DEPTH_COST = 0.6  # nats that each halving of the position costs
_SWITCH_COST = 2.0  # nats for a bar of another subdivision than the one before
_SHARED_COST = 8.0  # nats for two strokes of a drum on one line
_CROSSING_COST = 32.0  # nats for a stroke that goes before the one that it was played after
_SAMPLE = 5000  # strokes that swing is measured on, at most
_OUTLIER = -8.0  # log likelihood of a hit that is on no line
_TOGETHER = 0.030  # seconds within which different drums sound together
_FIRST_SIGMA, _LEAST_SIGMA, _MOST_SIGMA = 0.012, 0.001, 0.025  # seconds
_SHARES = np.arange(0.50, 0.7051, 0.005)
_REFINEMENTS = 5
_LEAST_SWING = 0.525  # less is how straight notes are felt
_LEAST_SWUNG = 0.06  # share of strokes that are second notes of pairs
_SWING_GAIN, _SWING_GAIN_EACH = 5.0, 0.015  # nats that swing must bring, and that much for each stroke
_BARS_UNSEEN = 3.0  # bars that habit is taken to be unlike


@dataclass(frozen=True, slots=True)
class Placement:
    """What was played, as a score has it.

    Attributes
    ----------
    bars : ``(hits,)``, the quarter at which the bar of each hit begins.
    lines : ``(hits,)``, the straight position of each hit in its bar, in quarters.
    triplet : ``(hits,) bool``, whether the bar is divided in triplets.
    swing : how the other bars swing.
    """

    bars: np.ndarray
    lines: np.ndarray
    triplet: np.ndarray
    swing: Swing

    def quarters(self, swing: Swing | None = None) -> np.ndarray:
        """``(hits,)``: where the hits are meant to be, with the swing that was found or another one."""
        swung = (swing or self.swing).apply(self.lines)
        return self.bars + np.where(self.triplet, self.lines, swung)


def measure_swing(seconds: np.ndarray, drums: Sequence[str], tempo_map: TempoMap, grid: Grid) -> Swing:
    """How hits swing, by the finest binary subdivision of a grid; the parameters are those of `place`."""
    binary = [s for s in grid.subdivisions if not s.triplet]
    if not binary:
        return Swing()
    some = slice(None) if len(seconds) <= _SAMPLE else slice((len(seconds) - _SAMPLE) // 2, None)
    sample = _Playing(seconds[some][:_SAMPLE], list(drums)[some][:_SAMPLE], tempo_map)
    return sample.measure_swing(min(binary, key=lambda s: s.step), grid)


def place(
    seconds: np.ndarray, drums: Sequence[str], tempo_map: TempoMap, grid: Grid, swing: Swing | None = None
) -> Placement:
    """Find the lines that hits are meant for.

    Parameters
    ----------
    seconds : ``(hits,)``, ascending, at least one.
    drums : what each was played on.
    swing : what is known of it; measured if None.
    """
    score = _Playing(seconds, drums, tempo_map)
    swing = swing or measure_swing(seconds, drums, tempo_map, grid)
    sigma, lines = _FIRST_SIGMA, None
    for _ in range(3):
        chosen = score.choose_subdivisions(grid, swing, sigma)
        lines = score.decide(grid, chosen, swing, sigma, lines)
        sigma = _width(score.deviations(lines, chosen, grid, swing))
    return score.placement(lines, chosen, grid, swing)


def _width(deviations: np.ndarray) -> float:
    """The standard deviation of normal errors among which there are others."""
    return float(np.clip(1.4826 * np.median(np.abs(deviations)), _LEAST_SIGMA, _MOST_SIGMA))


class _Playing:
    """Hits gathered to strokes that sound together, and where those are in their bars."""

    def __init__(self, seconds: np.ndarray, drums: Sequence[str], tempo_map: TempoMap) -> None:
        quarters = tempo_map.quarters_at(seconds)
        self._hit_stroke, self._drums = _gather(seconds, drums)
        names = list(dict.fromkeys(drums))
        self._hit_drum = np.array([names.index(drum) for drum in drums])
        count = np.bincount(self._hit_stroke)
        at = np.bincount(self._hit_stroke, quarters) / count
        # Those who strike together err together, in part.
        self._narrower = 1 / np.sqrt(0.4 + 0.6 / count)
        self._pace = (tempo_map.seconds_at(at + 0.25) - tempo_map.seconds_at(at - 0.25)) / 0.5  # seconds per quarter
        starts = bar_starts(tempo_map, float(at.min()) - 0.1, float(at.max()) + 0.1)
        ahead = 0.05 / self._pace  # what is so little before a bar line belongs to the bar
        self._bar = np.clip(np.searchsorted(starts, at + ahead, side="right") - 1, 0, None)
        self._starts, self._bars, self._lengths = starts, len(starts), np.diff(starts, append=starts[-1] + 4)
        self._at = at - starts[self._bar]

    def measure_swing(self, subdivision: Subdivision, grid: Grid) -> Swing:
        """The swing under which the hits are most likely; none if that is hardly more likely."""
        even = np.rint(self._at / subdivision.step) * subdivision.step
        sigma = max(0.005, _width((self._at - even) * self._pace))
        straight = self._fit(subdivision, grid, Swing(), sigma)
        best, found = straight + _SWING_GAIN + _SWING_GAIN_EACH * len(self._at), Swing()
        for pair in (1.0, 0.5):
            if subdivision.step > pair / 2 + 1e-9:
                continue
            fits = [self._fit(subdivision, grid, Swing(float(share), pair), sigma) for share in _SHARES]
            if max(fits) > best:
                best, found = max(fits), Swing(float(_SHARES[int(np.argmax(fits))]), pair)
        return self._refine(subdivision, found)

    def _fit(self, subdivision: Subdivision, grid: Grid, swing: Swing, sigma: float) -> float:
        likely = self._likelihood(subdivision, swing, sigma)
        for other in grid.subdivisions:
            if other.triplet:
                likely = np.maximum(likely, self._likelihood(other, Swing(), sigma) - 1.0)
        return float(likely.sum())

    def _refine(self, subdivision: Subdivision, swing: Swing) -> Swing:
        """The share to a thousandth: where the second notes of the pairs are on average (expectation maximisation)."""
        if swing.share == 0.5:
            return swing
        share = swing.share
        for _ in range(_REFINEMENTS):
            lines, deviations, prior = self._candidates(subdivision, Swing(share, swing.pair))
            sigma = max(0.005, _width(deviations[np.arange(len(lines)), np.abs(deviations).argmin(axis=1)]))
            likely = prior - 0.5 * (deviations * (self._narrower / sigma)[:, None]) ** 2
            certain = np.exp(likely - np.logaddexp(np.logaddexp.reduce(likely, axis=1), _OUTLIER)[:, None])
            certain *= np.isclose(lines % swing.pair, swing.pair / 2)
            phases = (self._at[:, None] - lines) / swing.pair + 0.5
            if certain.sum() < _LEAST_SWUNG * len(lines):
                return Swing()
            share = min(float(np.sum(certain * phases) / np.sum(certain)), float(_SHARES[-1]))
        return Swing(round(share, 3), swing.pair) if _LEAST_SWING <= share < _SHARES[-1] else Swing()

    def _candidates(self, subdivision: Subdivision, swing: Swing) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The four lines around each stroke, each ``(strokes, 4)``: straight positions, seconds off, log priors."""
        swing = Swing() if subdivision.triplet else swing
        base = np.floor(swing.undo(self._at) / subdivision.step)
        numbers = base[:, None] + np.array([-1, 0, 1, 2])
        lines = numbers * subdivision.step
        deviations = (self._at[:, None] - swing.apply(lines)) * self._pace[:, None]
        return lines, deviations, _log_prior(subdivision, numbers)

    def _likelihood(self, subdivision: Subdivision, swing: Swing, sigma: float) -> np.ndarray:
        """Log likelihood of each stroke, whichever line it is meant for."""
        _, deviations, prior = self._candidates(subdivision, swing)
        z = deviations * (self._narrower / sigma)[:, None]
        return np.logaddexp(np.logaddexp.reduce(prior - 0.5 * z**2, axis=1), _OUTLIER)

    def choose_subdivisions(self, grid: Grid, swing: Swing, sigma: float) -> np.ndarray:
        """``(bars,) int``: the likeliest sequence of subdivisions (Viterbi)."""
        if len(grid.subdivisions) == 1:
            return np.zeros(self._bars, int)
        fit = np.stack(
            [
                np.bincount(self._bar, self._likelihood(subdivision, swing, sigma), self._bars)
                for subdivision in grid.subdivisions
            ],
            axis=1,
        )
        change = -_SWITCH_COST * (1 - np.eye(fit.shape[1]))
        total, back = fit[0], []
        for own in fit[1:]:
            ways = total[:, None] + change
            back.append(ways.argmax(axis=0))
            total = ways.max(axis=0) + own
        path = [int(total.argmax())]
        for came in reversed(back):
            path.append(int(came[path[-1]]))
        return np.array(path[::-1])

    def decide(
        self, grid: Grid, chosen: np.ndarray, swing: Swing, sigma: float, before: np.ndarray | None
    ) -> np.ndarray:
        """``(strokes,)``: the likeliest sequence of straight positions in the bars (Viterbi over four lines each).

        `before` is what was decided before, from which the patterns are learned that come back.
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
        path = _likeliest_path(absolute.tolist(), costs.tolist(), shared)
        return lines[np.arange(len(lines)), path]

    def _habit(self, lines: np.ndarray, before: np.ndarray, subdivision: Subdivision, own: np.ndarray) -> np.ndarray:
        """``(strokes, 4)``: log of how often the drums of a stroke are at these lines in other bars, and once more."""
        places = np.maximum(1, np.rint(self._lengths[self._bar] / subdivision.step)).astype(int)
        at = np.mod(np.rint(lines / subdivision.step).astype(int), places[:, None])
        was = np.mod(np.rint(before / subdivision.step).astype(int), places)
        of = self._hit_stroke
        counts = np.zeros((self._hit_drum.max() + 1, places.max()))
        np.add.at(counts, (self._hit_drum[own[of]], was[of][own[of]]), 1)
        often = counts[self._hit_drum[:, None], at[of]] - (at[of] == was[of][:, None]) * own[of][:, None]
        bars = len(np.unique(self._bar[own]))
        share = np.log((often + _BARS_UNSEEN * 0.2) / (bars + _BARS_UNSEEN))
        return np.stack([np.bincount(of, column, len(lines)) for column in share.T], axis=1)

    def deviations(self, lines: np.ndarray, chosen: np.ndarray, grid: Grid, swing: Swing) -> np.ndarray:
        """``(strokes,)``: how far the strokes are from their lines, in seconds."""
        straight = np.array([s.triplet for s in grid.subdivisions])[chosen[self._bar]]
        return (self._at - np.where(straight, lines, swing.apply(lines))) * self._pace

    def placement(self, lines: np.ndarray, chosen: np.ndarray, grid: Grid, swing: Swing) -> Placement:
        """The decision for each hit."""
        triplet = np.array([s.triplet for s in grid.subdivisions])[chosen[self._bar]]
        of = self._hit_stroke
        return Placement(self._starts[self._bar][of], lines[of], triplet[of], swing)


def _gather(seconds: np.ndarray, drums: Sequence[str]) -> tuple[np.ndarray, list[set[str]]]:
    """The stroke that each hit is part of, and the drums of each: different ones, struck at nearly the same time."""
    stroke, of, began = [], [], -np.inf
    for time, drum in zip(seconds.tolist(), drums, strict=True):
        if time - began > _TOGETHER or drum in of[-1]:
            of.append(set())
            began = time
        of[-1].add(drum)
        stroke.append(len(of) - 1)
    return np.array(stroke), of


def _likeliest_path(lines: list[list[float]], costs: list[list[float]], shared: list[bool]) -> list[int]:
    """The cheapest choice of a line for each stroke (Viterbi), in plain numbers: arrays of four would be slower.

    Parameters
    ----------
    lines, costs : the choices of each stroke.
    shared : whether a stroke and the following one have a drum in common.
    """
    total, before, back = costs[0], lines[0], []
    for here, own, same in zip(lines[1:], costs[1:], shared, strict=True):
        on_one_line = _SHARED_COST if same else 0.0
        came, reached = [], []
        for line, cost in zip(here, own, strict=True):
            ways = [
                way + (0.0 if line > other else on_one_line if line == other else _CROSSING_COST)
                for way, other in zip(total, before, strict=True)
            ]
            least = min(ways)
            came.append(ways.index(least))
            reached.append(least + cost)
        back.append(came)
        total, before = reached, here
    path = [total.index(min(total))]
    for came in reversed(back):
        path.append(came[path[-1]])
    return path[::-1]


def _log_prior(subdivision: Subdivision, numbers: np.ndarray) -> np.ndarray:
    """How likely the lines with these numbers are a priori: lines on quarters most, then those between, and so on."""
    first = 3 if subdivision.triplet else 1
    cycle = max(first, round(1 / subdivision.step))
    depth, size = np.zeros(cycle), cycle
    while size > 1:
        depth += np.arange(cycle) % size != 0
        size //= first if size == first else 2
    prior = -_DEPTH_COST * depth
    return (prior - np.logaddexp.reduce(prior))[np.mod(numbers, cycle).astype(int)]
