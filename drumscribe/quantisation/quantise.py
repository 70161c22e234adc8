"""Quantisation: move hits to the grid, as strictly as wanted, and keep ornaments that are on no grid.

Grace notes move with their main strokes, rolls stay rolls, and strokes between the lines of a coarse grid move with
their neighbours. If two strokes of a drum would fall on one line, the farther one moves with the nearer one. Two
strokes of a drum never come closer than a flam unless they were played so. Swing stays as it was played, or is set.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import RhythmError
from ..music.tempo_map import TempoMap
from ..music.transcription import Hit, Transcription
from .alignment import measure_swing
from .grid import Grid, Swing
from .grid_pass import GridPass, quantise_on_grid
from .ornaments import drum_of, find_ornaments
from .settings import OrnamentPolicy, QuantiseOptions, QuantiseReport, QuantiseSettings

# By hand.
_MIN_MOVE_S = 0.0005
"""Minimum distance in seconds of a move; less is rounding."""
_MAX_PASSES = 9
"""Maximum number of passes until nothing changes."""


def quantise(transcription: Transcription, options: QuantiseOptions) -> tuple[Transcription, QuantiseReport]:
    """Move the hits of a transcription to the grid.

    Parameters
    ----------
    transcription : Transcription
        The hits, with their rhythm.
    options : QuantiseOptions
        The grid, and how strictly it holds.

    Returns
    -------
    tuple[Transcription, QuantiseReport]
        The hits moved, in order of time, and a summary of the changes.

    Raises
    ------
    RhythmError
        If the playing has no beats.
    """
    if transcription.rhythm is None or transcription.rhythm.tempo_map is None:
        raise RhythmError("played in free time, without a grid to quantise to: give the tempo or the beats")
    own = dict(options.instruments)
    wanted = [own.get(hit.instrument, options.settings) for hit in transcription.hits]
    hits, report = _quantise_hits(transcription.hits, wanted, transcription.rhythm.tempo_map, options.ornaments)
    return replace(transcription, hits=tuple(sorted(hits, key=lambda hit: (hit.time, hit.note)))), report


def _quantise_hits(
    hits: Sequence[Hit], wanted: Sequence[QuantiseSettings], tempo_map: TempoMap, ornaments: OrnamentPolicy
) -> tuple[list[Hit], QuantiseReport]:
    """Quantise hits, each by its settings, until another pass would change nothing."""
    grids = list(dict.fromkeys(settings.grid for settings in wanted if settings.grid is not None))
    if not grids:
        return list(hits), QuantiseReport(len(hits))
    played = np.array([hit.time if hit.quarter is None else tempo_map.seconds_at(hit.quarter) for hit in hits])
    now, velocities = played, np.array([hit.velocity for hit in hits], np.float64)
    first: list[GridPass] = []
    for _ in range(_MAX_PASSES):
        swing = _measured_swing(hits, now, grids, tempo_map)
        passes = [quantise_on_grid(hits, played, now, tempo_map, grid, wanted, swing) for grid in grids]
        before, now, first = now, now.copy(), first or passes
        for one in passes:
            now[one.own], velocities[one.own] = one.seconds[one.own], one.velocities[one.own]
        if np.abs(now - before).max() < 1e-6:
            break
    now, kept = _without_ornaments(hits, now, velocities, passes, ornaments)
    at = played + (now - played) * np.array([settings.strength for settings in wanted])
    times = np.maximum(at, 0.0)
    loud = np.clip(np.rint(velocities), 1, 127).astype(int)
    values = zip(hits, wanted, times.tolist(), loud.tolist(), tempo_map.quarters_at(at).tolist(), strict=True)
    quantised = [
        hit if settings.grid is None else replace(hit, time=time, velocity=level, quarter=quarter)
        for hit, settings, time, level, quarter in values
    ]
    quantised = [hit for hit, stays in zip(quantised, kept, strict=True) if stays]
    swings = tuple(sorted(set().union(*(one.swings for one in passes))))
    return quantised, _report(np.abs(times - played), kept, first, swings)


def _without_ornaments(
    hits: Sequence[Hit],
    seconds: np.ndarray,
    velocities: np.ndarray,
    passes: Sequence[GridPass],
    ornaments: OrnamentPolicy,
) -> tuple[np.ndarray, np.ndarray]:
    """Move hits without a line of their own to the nearest one, or leave them out, unless they are to be kept.

    Returns
    -------
    tuple[np.ndarray, np.ndarray]
        ``(hits,)`` times in seconds, and which hits remain.
    """
    seconds, kept = seconds.copy(), np.ones(len(hits), bool)
    if ornaments == "keep":
        return seconds, kept
    for one in passes:
        loose = one.own & one.loose
        if ornaments == "drop":
            kept[loose] = False
        else:
            seconds[loose] = one.lines[loose]
    loudest: dict[tuple[str, float], int] = {}
    for i in np.argsort(-velocities, kind="stable").tolist():
        key = drum_of(hits[i]), round(float(seconds[i]), 6)
        if kept[i] and loudest.setdefault(key, i) != i and any(one.own[i] for one in passes):
            kept[i] = False
    return seconds, kept


def _report(
    distances: np.ndarray, kept: np.ndarray, first: Sequence[GridPass], swings: tuple[float, ...]
) -> QuantiseReport:
    """Summarise how far the hits went, and what the first pass on each grid decided."""
    moved = distances[kept & (distances > _MIN_MOVE_S)]
    return QuantiseReport(
        hits=len(distances),
        moved=len(moved),
        mean=float(moved.mean()) if len(moved) else 0.0,
        most=float(moved.max(initial=0.0)),
        ornaments=sum(one.ornaments for one in first),
        between=sum(one.between for one in first),
        beside=sum(one.beside for one in first),
        outside=sum(one.outside for one in first),
        left_out=int(np.sum(~kept)),
        swings=swings,
    )


def _measured_swing(hits: Sequence[Hit], seconds: np.ndarray, grids: Sequence[Grid], tempo_map: TempoMap) -> Swing:
    """Measure the swing of all hits together, on the grid with the finest lines."""
    finest = min(grids, key=lambda grid: min(s.step for s in grid.subdivisions))
    order = np.argsort(seconds, kind="stable")
    times, drums = seconds[order], [drum_of(hits[i]) for i in order]
    found = find_ornaments(times, np.array([hits[i].velocity for i in order]), drums, tempo_map, finest)
    free = np.flatnonzero(found.free)
    return measure_swing(times[free], [drums[i] for i in free], tempo_map, finest)
