"""Quantisation: hits moved to the grid, as far and as strictly as wanted, without losing what is not on any grid.

Grace notes move with their main strokes, rolls stay rolls, what is between the lines of a coarse grid moves with its
neighbours, and so does, where two strokes of a drum would fall on one line, the one that is farther from it. No two
strokes of a drum come closer than a flam that were not. Swing is kept as it is played, or set.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import RhythmError
from ..hits import Hit, Transcription
from .grid import Grid, Swing
from .ornaments import drum_of, find_ornaments
from .placing import Placement, measure_swing, place
from .tempo_map import TempoMap

_MOVED = 0.0005  # seconds; less is a rounding, not a move
_PASSES = 8
_APART = 0.03  # seconds that strokes of a drum keep between them, if they had as much


@dataclass(frozen=True, slots=True)
class QuantiseSettings:
    """How hits are quantised.

    Attributes
    ----------
    grid : the lines; None to leave hits where they are.
    swing : the share of a pair of notes that the first one gets, 0.5 to 0.75; None to keep what is played.
    strength : how far hits go, from 0, not at all, to 1, onto the line.
    window : seconds from the line beyond which hits stay; None for no limit.
    smoothing : how far velocities go, from 0 to 1, to the median of the articulation at this place of the bar.

    Raises
    ------
    RhythmError : for numbers outside these.
    """

    grid: Grid | None = None
    swing: float | None = None
    strength: float = 1.0
    window: float | None = None
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        if self.swing is not None and not 0.5 <= self.swing <= 0.75:
            raise RhythmError(f"a swing of {100 * self.swing:g} % is outside 50 to 75 %")
        for name, value in (("strength", self.strength), ("smoothing", self.smoothing)):
            if not 0 <= value <= 1:
                raise RhythmError(f"a {name} of {100 * value:g} % is outside 0 to 100 %")
        if self.window is not None and not self.window >= 0:
            raise RhythmError(f"a window of {1000 * self.window:g} ms is less than nothing")


@dataclass(frozen=True, slots=True)
class QuantiseOptions:
    """How hits are quantised, and those of some instruments otherwise."""

    settings: QuantiseSettings
    instruments: tuple[tuple[str, QuantiseSettings], ...] = ()


@dataclass(frozen=True, slots=True)
class QuantiseReport:
    """What quantisation did.

    Attributes
    ----------
    hits : how many there were.
    moved : how many went more than half a millisecond.
    mean, most : how far they went, in seconds.
    ornaments : how many are grace notes or in rolls, and went along with others.
    between : how many are between the lines of a grid that is coarser than the playing, and went along with others.
    beside : how many went along with a stroke of their drum that is nearer to their line.
    outside : how many stayed because they were outside the window.
    swings : the share of a pair of notes that the first has, 0.5 where notes are even; several if instruments differ.
    """

    hits: int
    moved: int
    mean: float
    most: float
    ornaments: int
    between: int
    beside: int
    outside: int
    swings: tuple[float, ...]

    def __str__(self) -> str:
        text = f"quantised: {self.moved} of {self.hits} hits moved"
        if self.moved:
            text += f", by {1000 * self.mean:.1f} ms on average and {1000 * self.most:.1f} ms at most"
        for count, what in (
            (self.ornaments if self.moved else 0, "in flams and rolls went along"),
            (self.between if self.moved else 0, "between the lines of the grid went along"),
            (self.beside, "went along with a nearer stroke on their line"),
            (self.outside, "stayed outside the window"),
        ):
            text += f"; {count} {what}" if count else ""
        swings = " and ".join(f"{100 * swing:.3g}" for swing in self.swings)
        return text + (f"; swing {swings} %" if set(self.swings) - {0.5} else "")


def quantise(transcription: Transcription, options: QuantiseOptions) -> tuple[Transcription, QuantiseReport]:
    """Move the hits of a transcription to the grid.

    Raises
    ------
    RhythmError : where the playing has no beats to quantise to.
    """
    if transcription.rhythm is None or transcription.rhythm.tempo_map is None:
        raise RhythmError("played in free time: there is no grid to quantise to; give the tempo or the beats")
    own = dict(options.instruments)
    wanted = [own.get(hit.instrument, options.settings) for hit in transcription.hits]
    hits, report = _settle(transcription.hits, wanted, transcription.rhythm.tempo_map)
    return replace(transcription, hits=tuple(sorted(hits, key=lambda hit: (hit.time, hit.note)))), report


def _settle(
    hits: Sequence[Hit], wanted: Sequence[QuantiseSettings], tempo_map: TempoMap
) -> tuple[list[Hit], QuantiseReport]:
    """Hits quantised, each by its settings, until doing it once more would change nothing."""
    grids = list(dict.fromkeys(settings.grid for settings in wanted if settings.grid is not None))
    if not grids:
        return list(hits), QuantiseReport(len(hits), 0, 0.0, 0.0, 0, 0, 0, 0, ())
    played = np.array([hit.time if hit.quarter is None else tempo_map.seconds_at(hit.quarter) for hit in hits])
    now, velocities, first = played, np.array([hit.velocity for hit in hits], np.float64), []
    for _ in range(_PASSES + 1):
        swing = _measured_swing(hits, now, grids, tempo_map)
        passes = [_Pass(hits, played, now, tempo_map, grid, wanted, swing) for grid in grids]
        before, now, first = now, now.copy(), first or passes
        for one in passes:
            now[one.own], velocities[one.own] = one.seconds[one.own], one.velocities[one.own]
        if np.abs(now - before).max() < 1e-6:
            break
    at = played + (now - played) * np.array([settings.strength for settings in wanted])
    times = np.maximum(at, 0.0)
    loud = np.clip(np.rint(velocities), 1, 127).astype(int)
    values = zip(hits, wanted, times.tolist(), loud.tolist(), tempo_map.quarters_at(at).tolist(), strict=True)
    quantised = [
        hit if settings.grid is None else replace(hit, time=time, velocity=level, quarter=quarter)
        for hit, settings, time, level, quarter in values
    ]
    distances = np.abs(times - played)
    moved = distances[distances > _MOVED]
    return quantised, QuantiseReport(
        len(hits),
        len(moved),
        float(moved.mean()) if len(moved) else 0.0,
        float(moved.max(initial=0.0)),
        sum(one.ornaments for one in first),
        sum(one.between for one in first),
        sum(one.beside for one in first),
        sum(one.outside for one in first),
        tuple(sorted(set().union(*(one.shares for one in passes)))),
    )


def _measured_swing(hits: Sequence[Hit], seconds: np.ndarray, grids: Sequence[Grid], tempo_map: TempoMap) -> Swing:
    """How all hits swing together, by the grid that has the finest lines."""
    finest = min(grids, key=lambda grid: min(s.step for s in grid.subdivisions))
    order = np.argsort(seconds, kind="stable")
    times, drums = seconds[order], [drum_of(hits[i]) for i in order]
    found = find_ornaments(times, np.array([hits[i].velocity for i in order]), drums, tempo_map, finest)
    free = np.flatnonzero((found.main == np.arange(len(hits))) & ~found.in_roll & ~found.between)
    return measure_swing(times[free], [drums[i] for i in free], tempo_map, finest)


class _Pass:
    """Where hits go on a grid, and with which velocities: all of them, so that what is decided of some does not depend
    on the settings of others.

    Attributes
    ----------
    own : ``(hits,) bool``, those whose grid it is, which are counted.
    seconds, velocities : ``(hits,)``.
    shares : of swing.
    ornaments, between, beside, outside : as in `QuantiseReport`.
    """

    def __init__(
        self,
        hits: Sequence[Hit],
        played: np.ndarray,
        seconds: np.ndarray,
        tempo_map: TempoMap,
        grid: Grid,
        wanted: Sequence[QuantiseSettings],
        measured: Swing,
    ) -> None:
        # Hits at one time in an order of their own, so that it does not matter in which they came.
        order = np.lexsort(([hit.velocity for hit in hits], [hit.note for hit in hits], played, seconds.round(9)))
        hits, wanted, times = [hits[i] for i in order], [wanted[i] for i in order], seconds[order]
        velocities = np.array([hit.velocity for hit in hits], np.float64)
        drums = [drum_of(hit) for hit in hits]
        found = find_ornaments(times, velocities, drums, tempo_map, grid)
        grace, carried = found.main != np.arange(len(hits)), found.in_roll | found.between
        free = np.flatnonzero(~grace & ~carried)
        names = [drums[i] for i in free]
        placed = place(times[free], names, tempo_map, grid, measured)
        swings = [_wanted_swing(measured, wanted[i].swing, grid) for i in free]
        moves = np.zeros(len(hits))
        for swing in dict.fromkeys(swings):
            alike = np.array([other == swing for other in swings])
            moves[free[alike]] = (tempo_map.seconds_at(placed.quarters(swing)) - times[free])[alike]
        beside = np.zeros(len(hits), bool)
        beside[free] = _lose_lines(placed, moves[free], names)
        window = np.array([np.inf if settings.window is None else settings.window for settings in wanted])
        outside = np.abs(moves) > window
        moves[outside] = 0.0
        beside &= ~outside
        carried |= beside
        moves = _carried(times, moves, drums, carried, grace)
        moves[grace] = moves[found.main[grace]]
        smoothing = np.array([wanted[i].smoothing for i in free])
        velocities[free] += smoothing * (
            _medians(placed, [hits[i].articulation for i in free], velocities[free]) - velocities[free]
        )
        fixed = ~carried & ~grace
        targets = np.where(fixed, times + moves, np.maximum(times + moves, 0.0))
        own = np.array([settings.grid == grid for settings in wanted])
        self.own, self.seconds, self.velocities = (np.empty_like(x) for x in (own, times, velocities))
        self.seconds[order] = _kept_apart(played[order], targets, drums, fixed)
        self.own[order], self.velocities[order] = own, velocities
        self.shares = {swing.share for swing, i in zip(swings, free, strict=True) if own[i]}
        counts = (grace | found.in_roll, found.between, beside, outside)
        self.ornaments, self.between, self.beside, self.outside = (int(np.sum(what & own)) for what in counts)


def _wanted_swing(measured: Swing, share: float | None, grid: Grid) -> Swing:
    if share is None:
        return measured
    if measured.share != 0.5:
        return replace(measured, share=share)
    # What swings where nothing did: the eighths of eighths and coarser grids, else the sixteenths.
    return Swing(share, 1.0 if min(s.step for s in grid.subdivisions) > 0.3 else 0.5)


def _lose_lines(placed: Placement, moves: np.ndarray, drums: Sequence[str]) -> np.ndarray:
    """``(hits,) bool``: whether another stroke of the drum is nearer to the line of a hit, and has it."""
    nearest: dict[tuple[float, str], int] = {}
    keys = list(zip((placed.bars + placed.lines).round(6).tolist(), drums, strict=True))
    for i, key in enumerate(keys):
        if key not in nearest or abs(moves[i]) < abs(moves[nearest[key]]):
            nearest[key] = i
    return np.array([nearest[key] != i for i, key in enumerate(keys)], bool)


def _carried(
    seconds: np.ndarray, moves: np.ndarray, drums: Sequence[str], carried: np.ndarray, grace: np.ndarray
) -> np.ndarray:
    """Moves, those of carried hits between those of the strokes of their drum around them: a warp, order is kept."""
    out, names = moves.copy(), np.array(drums)
    for drum in dict.fromkeys(names[carried].tolist()):
        wanted, fixed = (names == drum) & carried, (names == drum) & ~carried & ~grace
        if fixed.any():
            out[wanted] = np.interp(seconds[wanted], seconds[fixed], moves[fixed])
    return out


def _kept_apart(played: np.ndarray, targets: np.ndarray, drums: Sequence[str], fixed: np.ndarray) -> np.ndarray:
    """Targets in their order on each drum, and as far apart as a flam or as what was played; what is fixed stays."""
    targets, names = targets.copy(), np.array(drums)
    for drum in dict.fromkeys(drums):
        own = np.flatnonzero(names == drum)
        wanted = np.minimum(np.diff(played[own]), _APART)
        if np.all(np.diff(targets[own]) >= wanted - 1e-9):
            continue
        for before, after, gap in zip(own[:-1], own[1:], wanted, strict=True):
            if not fixed[after]:
                targets[after] = max(targets[after], targets[before] + gap)
            elif not fixed[before]:
                targets[before] = min(targets[before], targets[after] - gap)
    return targets


def _medians(placed: Placement, articulations: Sequence[str], velocities: np.ndarray) -> np.ndarray:
    """``(hits,)``: the median velocity of the articulation of each hit at its place in the bar."""
    groups: dict[tuple[str, float], list[int]] = {}
    for i, key in enumerate(zip(articulations, placed.lines.round(6).tolist(), strict=True)):
        groups.setdefault(key, []).append(i)
    out = velocities.copy()
    for members in groups.values():
        out[members] = np.median(velocities[members])
    return out
