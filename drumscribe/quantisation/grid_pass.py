"""One pass of quantisation: all hits on one grid."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..music.tempo_map import TempoMap
from ..music.transcription import Hit
from .alignment import Placement, place
from .grid import Grid, Swing, bar_starts
from .ornaments import Ornaments, drum_of, find_ornaments
from .settings import QuantiseSettings

# By hand.
_FLAM_S = 0.03
"""Minimum distance in seconds between two strokes of a drum that were played at least this far apart."""
_SWUNG_EIGHTHS_STEP = 0.3
"""Grids with longer steps, in quarters, swing in eighths, others in sixteenths, if the playing is straight."""


@dataclass(frozen=True, slots=True)
class GridPass:
    """All hits quantised on one grid: all, so that a decision about some does not depend on the settings of others.

    Attributes
    ----------
    own : np.ndarray
        ``(hits,) bool``, the hits that have this grid.
    seconds, velocities : np.ndarray
        ``(hits,)``, the results.
    swings : frozenset[float]
        Swing shares of the own hits.
    ornaments, between, beside, outside : int
        Numbers of own hits, as in `QuantiseReport`.
    loose : np.ndarray
        ``(hits,) bool``, the hits that have no line of their own.
    lines : np.ndarray
        ``(hits,)``, for these the nearest line, in seconds.
    """

    own: np.ndarray
    seconds: np.ndarray
    velocities: np.ndarray
    swings: frozenset[float]
    ornaments: int
    between: int
    beside: int
    outside: int
    loose: np.ndarray
    lines: np.ndarray


def quantise_on_grid(
    hits: Sequence[Hit],
    played: np.ndarray,
    seconds: np.ndarray,
    tempo_map: TempoMap,
    grid: Grid,
    wanted: Sequence[QuantiseSettings],
    measured: Swing,
) -> GridPass:
    """Quantise all hits on one grid, once.

    Parameters
    ----------
    hits : Sequence[Hit]
        The hits in any order.
    played : np.ndarray
        ``(hits,)`` times in seconds, as played.
    seconds : np.ndarray
        ``(hits,)`` times in seconds, after the previous pass.
    tempo_map : TempoMap
        Beats and bars.
    grid : Grid
        The lines.
    wanted : Sequence[QuantiseSettings]
        Settings of each hit.
    measured : Swing
        Swing of the playing.

    Returns
    -------
    GridPass
        Times and velocities in the order of `hits`.
    """
    # Simultaneous hits get a fixed order, so that the order in which they came does not matter.
    notes, levels = np.array([hit.note for hit in hits]), np.array([hit.velocity for hit in hits], np.float64)
    order = np.lexsort((levels, notes, played, seconds.round(9)))
    hits, wanted = [hits[i] for i in order], [wanted[i] for i in order]
    times, velocities, drums = seconds[order], levels[order], [drum_of(hit) for hit in hits]
    found = find_ornaments(times, velocities, drums, tempo_map, grid)
    free = np.flatnonzero(found.free)
    placed = place(times[free], [drums[i] for i in free], tempo_map, grid, measured)
    swings = [_wanted_swing(measured, wanted[i].swing, grid) for i in free]
    moves, beside = np.zeros(len(hits)), np.zeros(len(hits), bool)
    moves[free] = _moves_to_lines(placed, swings, times[free], tempo_map)
    beside[free] = _lose_lines(placed, moves[free], [drums[i] for i in free])
    outside = np.abs(moves) > [np.inf if settings.window is None else settings.window for settings in wanted]
    moves[outside] = 0.0
    beside &= ~outside
    targets, fixed = _move_together(times, moves, drums, found, beside)
    smoothing = np.array([wanted[i].smoothing for i in free])
    medians = _medians(placed, [hits[i].articulation for i in free], velocities[free])
    velocities[free] += smoothing * (medians - velocities[free])
    own = np.array([settings.grid == grid for settings in wanted])
    return GridPass(
        own=_unsorted(own, order),
        seconds=_unsorted(_kept_apart(played[order], targets, drums, fixed), order),
        velocities=_unsorted(velocities, order),
        swings=frozenset(swing.share for swing, i in zip(swings, free, strict=True) if own[i]),
        ornaments=int(np.sum((found.grace | found.in_roll) & own)),
        between=int(np.sum(found.between & own)),
        beside=int(np.sum(beside & own)),
        outside=int(np.sum(outside & own)),
        loose=_unsorted(~fixed, order),
        lines=_unsorted(_nearest_lines(times, free, placed, swings, tempo_map, grid), order),
    )


def _nearest_lines(
    seconds: np.ndarray,
    free: np.ndarray,
    placed: Placement,
    swings: Sequence[Swing],
    tempo_map: TempoMap,
    grid: Grid,
) -> np.ndarray:
    """Return the line nearest to each hit, ``(hits,)`` in seconds, with the subdivision and swing of its neighbour."""
    quarters = tempo_map.quarters_at(seconds)
    starts = bar_starts(tempo_map, float(quarters.min()), float(quarters.max()))
    bars = starts[np.searchsorted(starts, quarters, side="right") - 1]
    after = np.clip(np.searchsorted(seconds[free], seconds), 1, len(free) - 1) if len(free) > 1 else 0
    before = np.maximum(after - 1, 0)
    nearer = np.abs(seconds[free][before] - seconds) <= np.abs(seconds[free][after] - seconds)
    neighbour = np.where(nearer, before, after)
    out = np.zeros(len(seconds))
    for triplet, swing in {(t, Swing() if t else s) for t, s in zip(placed.triplet.tolist(), swings, strict=True)}:
        alike = np.array([t == triplet and (t or s == swing) for t, s in zip(placed.triplet, swings, strict=True)])
        own = alike[neighbour]
        step = min(s.step for s in grid.subdivisions if s.triplet == triplet)
        lines = np.rint(swing.undo(quarters[own] - bars[own]) / step) * step
        out[own] = tempo_map.seconds_at(bars[own] + swing.apply(lines))
    return out


def _unsorted(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Undo ``values = original[order]``."""
    out = np.empty_like(values)
    out[order] = values
    return out


def _moves_to_lines(placed: Placement, swings: Sequence[Swing], seconds: np.ndarray, tempo_map: TempoMap) -> np.ndarray:
    """Return how far each hit is from its line, each with its swing, ``(hits,)`` in seconds."""
    moves = np.zeros(len(seconds))
    for swing in dict.fromkeys(swings):
        alike = np.array([other == swing for other in swings])
        moves[alike] = (tempo_map.seconds_at(placed.quarters(swing)) - seconds)[alike]
    return moves


def _move_together(
    seconds: np.ndarray, moves: np.ndarray, drums: Sequence[str], found: Ornaments, beside: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Move hits that have no line of their own with those that have; return target times, and which have a line."""
    carried = found.in_roll | found.between | beside
    moves = _carried(seconds, moves, drums, carried, found.grace)
    moves[found.grace] = moves[found.main[found.grace]]
    fixed = ~carried & ~found.grace
    return np.where(fixed, seconds + moves, np.maximum(seconds + moves, 0.0)), fixed


def _wanted_swing(measured: Swing, share: float | None, grid: Grid) -> Swing:
    if share is None:
        return measured
    if measured.share != 0.5:
        return replace(measured, share=share)
    return Swing(share, 1.0 if min(s.step for s in grid.subdivisions) > _SWUNG_EIGHTHS_STEP else 0.5)


def _lose_lines(placed: Placement, moves: np.ndarray, drums: Sequence[str]) -> np.ndarray:
    """Return which hits lose their line, as another stroke of the drum is nearer to it, ``(hits,) bool``."""
    nearest: dict[tuple[float, str], int] = {}
    keys = list(zip((placed.bars + placed.lines).round(6).tolist(), drums, strict=True))
    for i, key in enumerate(keys):
        if key not in nearest or abs(moves[i]) < abs(moves[nearest[key]]):
            nearest[key] = i
    return np.array([nearest[key] != i for i, key in enumerate(keys)], bool)


def _carried(
    seconds: np.ndarray, moves: np.ndarray, drums: Sequence[str], carried: np.ndarray, grace: np.ndarray
) -> np.ndarray:
    """Return the moves, those of carried hits interpolated between their drum's strokes around them: order is kept."""
    out, names = moves.copy(), np.array(drums)
    for drum in dict.fromkeys(names[carried].tolist()):
        wanted, fixed = (names == drum) & carried, (names == drum) & ~carried & ~grace
        if fixed.any():
            out[wanted] = np.interp(seconds[wanted], seconds[fixed], moves[fixed])
    return out


def _kept_apart(played: np.ndarray, targets: np.ndarray, drums: Sequence[str], fixed: np.ndarray) -> np.ndarray:
    """Return the targets in order on each drum, a flam apart or as far as they were played; fixed hits do not move."""
    targets, names = targets.copy(), np.array(drums)
    for drum in dict.fromkeys(drums):
        own = np.flatnonzero(names == drum)
        wanted = np.minimum(np.diff(played[own]), _FLAM_S)
        if np.all(np.diff(targets[own]) >= wanted - 1e-9):
            continue
        for before, after, gap in zip(own[:-1], own[1:], wanted, strict=True):
            if not fixed[after]:
                targets[after] = max(targets[after], targets[before] + gap)
            elif not fixed[before]:
                targets[before] = min(targets[before], targets[after] - gap)
    return targets


def _medians(placed: Placement, articulations: Sequence[str], velocities: np.ndarray) -> np.ndarray:
    """Return the median velocity of each hit's articulation at its place in the bar, ``(hits,)``."""
    groups: dict[tuple[str, float], list[int]] = {}
    for i, key in enumerate(zip(articulations, placed.lines.round(6).tolist(), strict=True)):
        groups.setdefault(key, []).append(i)
    out = velocities.copy()
    for members in groups.values():
        out[members] = np.median(velocities[members])
    return out
