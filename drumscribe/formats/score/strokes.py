"""Strokes of a score, made of hits: straight positions, grace notes, rolls, accents and ghost notes."""

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from ...errors import RhythmError
from ...music.drums import PERCUSSION
from ...music.tempo_map import TempoMap
from ...music.transcription import Hit, Transcription
from ...quantisation.alignment import place
from ...quantisation.grid import Grid, Swing
from ...quantisation.ornaments import Ornaments, drum_of, find_flams, find_ornaments
from .notation import SIGNS

# By hand.
_FINEST = 24
"""Positions are rounded to 1/24 of a quarter: 32nds and triplets of sixteenths are multiples of it."""
_ACCENT_SHARE, _ACCENT = 1.2, 100
"""An accent is louder than the median of its drum by the first factor, and has at least the second MIDI velocity."""
_GHOST_SHARE, _GHOST = 0.6, 50
"""A ghost note is softer than this share of the loud strokes of its drum, and than this velocity."""
_BINARY_STEP = 0.25
"""The step in quarters that stands in for that of a grid of triplets alone."""
_LOUD_QUANTILE = 0.75
"""Loud strokes of a drum are represented by this quantile of its velocities."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A stroke in a score.

    Attributes
    ----------
    quarter : Fraction
        Straight position in quarters of the tempo map.
    articulation : str
        A key of `notation.SIGNS`.
    velocity : int
        MIDI velocity.
    graces : int, default 0
        Number of grace notes before it: one for a flam, two for a drag.
    roll : Fraction, default 0
        Length in quarters, if it is a roll.
    accent, ghost : bool, default False
        Whether it is accented, or a ghost note.
    """

    quarter: Fraction
    articulation: str
    velocity: int
    graces: int = 0
    roll: Fraction = field(default_factory=Fraction)
    accent: bool = False
    ghost: bool = False


def to_strokes(transcription: Transcription, grid: Grid) -> tuple[list[Stroke], Swing]:
    """Convert hits to strokes of a score.

    Parameters
    ----------
    transcription : Transcription
        The hits, with their rhythm.
    grid : Grid
        The lines.

    Returns
    -------
    tuple[list[Stroke], Swing]
        The strokes in order of their positions, and the swing, which these straight positions leave out.

    Raises
    ------
    RhythmError
        If it is played in free time.
    """
    rhythm = transcription.rhythm
    if not transcription.hits:
        return [], Swing()
    if rhythm is None or rhythm.tempo_map is None:
        raise RhythmError("played in free time, without bars to write down: give the tempo or the beats")
    hits, tempo_map = transcription.hits, rhythm.tempo_map
    seconds = np.array([hit.time for hit in hits])
    drums = [drum_of(hit) for hit in hits]
    found = find_ornaments(seconds, np.array([hit.velocity for hit in hits]), drums, tempo_map, grid)
    free = np.flatnonzero(found.free)
    placed = place(seconds[free], [drums[i] for i in free], tempo_map, grid)
    graces = np.bincount(found.main[find_flams(hits, found)], minlength=len(hits))
    on_lines = dict(zip(free.tolist(), (placed.bars + placed.lines).tolist(), strict=True))
    strokes = [replace(_stroke(hits[i], line), graces=min(2, int(graces[i]))) for i, line in on_lines.items()]
    strokes += _between_lines(hits, found, on_lines, placed.swing, tempo_map, grid)
    strokes = _with_rolls(strokes, hits, found, free.tolist(), tempo_map, grid)
    return _with_dynamics(_one_each(strokes)), placed.swing


def _stroke(hit: Hit, quarter: float) -> Stroke:
    name = hit.articulation if hit.articulation == PERCUSSION else hit.stand_in
    return Stroke(Fraction(round(quarter * _FINEST), _FINEST), name, hit.velocity)


def _between_lines(
    hits: tuple[Hit, ...], found: Ornaments, on_lines: dict[int, float], swing: Swing, tempo_map: TempoMap, grid: Grid
) -> list[Stroke]:
    """Place strokes of fast runs on multiples of half a step.

    Each is after the stroke before it on its drum, of which `on_lines` has those on the grid, but at most half a step
    later than it was played: the strokes of a run that is faster still share positions.
    """
    half = min((s.step for s in grid.subdivisions if not s.triplet), default=_BINARY_STEP) / 2
    halves = swing.undo(tempo_map.quarters_at(np.array([hit.time for hit in hits]))) / half
    strokes: list[Stroke] = []
    last = dict.fromkeys(map(drum_of, hits), -math.inf)
    for i, hit in enumerate(hits):
        if found.between[i]:
            near, later = round(float(halves[i])), last[drum_of(hit)] + 1.0
            last[drum_of(hit)] = line = max(near, later) if later <= halves[i] + 1.0 else near
            strokes.append(_stroke(hit, line * half))
        elif i in on_lines:
            last[drum_of(hit)] = math.floor(on_lines[i] / half + 1e-6)
    return strokes


def _with_rolls(
    strokes: list[Stroke], hits: tuple[Hit, ...], found: Ornaments, free: list[int], tempo_map: TempoMap, grid: Grid
) -> list[Stroke]:
    """Lengthen the first stroke of each roll to the roll's end."""
    step = min(subdivision.step for subdivision in grid.subdivisions)
    place_of = {i: n for n, i in enumerate(free)}
    strokes, first = list(strokes), {}
    for i, hit in enumerate(hits):
        drum = drum_of(hit)
        if not found.in_roll[i]:
            if i in place_of:
                first[drum] = place_of[i]
            continue
        if drum in first:
            begun = strokes[first[drum]]
            end = Fraction(round(float(tempo_map.quarters_at(hit.time)) / step + 0.5) * round(step * _FINEST), _FINEST)
            strokes[first[drum]] = replace(begun, roll=max(begun.roll, end - begun.quarter))
    return strokes


def _one_each(strokes: list[Stroke]) -> list[Stroke]:
    """Keep the loudest of the strokes that share a drum and a position."""
    kept: dict[tuple, Stroke] = {}
    for stroke in strokes:
        sign = SIGNS[stroke.articulation]
        key = stroke.quarter, sign.step, sign.octave
        if key not in kept or stroke.velocity > kept[key].velocity:
            kept[key] = stroke
    return sorted(kept.values(), key=lambda stroke: (stroke.quarter, SIGNS[stroke.articulation].height))


def _with_dynamics(strokes: list[Stroke]) -> list[Stroke]:
    """Mark accents, and ghost notes of the snare, by comparison with the other strokes of the drum."""
    velocities: dict[str, list[int]] = {}
    for stroke in strokes:
        velocities.setdefault(stroke.articulation, []).append(stroke.velocity)
    usual = {name: float(np.median(own)) for name, own in velocities.items()}
    loud = {name: float(np.quantile(own, _LOUD_QUANTILE)) for name, own in velocities.items()}
    return [
        replace(
            stroke,
            accent=stroke.articulation != "kick"
            and stroke.velocity >= max(_ACCENT, _ACCENT_SHARE * usual[stroke.articulation]),
            ghost=stroke.articulation == "snare"
            and stroke.velocity < min(_GHOST, _GHOST_SHARE * loud[stroke.articulation]),
        )
        for stroke in strokes
    ]
