"""Step grid: print the first bars of a transcription as steps, one line per drum."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..errors import RhythmError
from ..music.drums import ARTICULATIONS
from ..music.tempo_map import TempoMap
from ..music.transcription import Transcription
from ..quantisation.alignment import place
from ..quantisation.grid import Grid, bar_starts
from ..quantisation.ornaments import drum_of, find_flams, find_ornaments

ACCENT, GHOST = 100, 45
"""Minimum velocity of an accent, and of a stroke that is no ghost note (by hand)."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar in steps.

    Attributes
    ----------
    beats : tuple[int, ...]
        Numbers of the steps on which beats fall.
    steps : int
        Number of steps.
    lanes : tuple[tuple[str, str], ...]
        Pairs of an articulation and a symbol for each step: "X" an accent, "x" a stroke, "o" a ghost note, "f" a flam,
        "r" a roll, "." nothing.
    """

    beats: tuple[int, ...]
    steps: int
    lanes: tuple[tuple[str, str], ...]


def make_step_grid(transcription: Transcription, grid: Grid, bars: int) -> tuple[Bar, ...]:
    """Lay out the first bars in which something is played.

    Parameters
    ----------
    transcription : Transcription
        The hits, with their rhythm.
    grid : Grid
        The subdivisions of the bars.
    bars : int
        Maximum number of bars.

    Returns
    -------
    tuple[Bar, ...]
        The bars.

    Raises
    ------
    RhythmError
        If there are no hits, or no beats.
    """
    rhythm = transcription.rhythm
    if not transcription.hits:
        raise RhythmError("no hits were detected: there is no pattern to show")
    if rhythm is None or rhythm.tempo_map is None:
        why = rhythm.remark if rhythm is not None and rhythm.remark else "played in free time"
        raise RhythmError(f"{why}: there are no bars to show; give the tempo or the beats")
    strokes = _place(transcription, rhythm.tempo_map, grid)
    starts = bar_starts(rhythm.tempo_map, strokes[0].quarter + 1e-6, strokes[-1].quarter + 1e-6)
    out = []
    for begin, end in pairwise(starts[: bars + 1]):
        own = [s for s in strokes if begin - 1e-6 <= s.quarter < end - 1e-6]
        triplet = sum(s.triplet for s in own) > len(own) / 2
        step = min((s.step for s in grid.subdivisions if s.triplet == triplet), default=grid.subdivisions[0].step)
        meter = [c.meter for i, c in enumerate(rhythm.tempo_map.meters) if i == 0 or c.quarter <= begin + 1e-6][-1]
        steps = max(1, round((end - begin) / step))
        beats = np.rint(np.arange(meter.beats_per_bar) * meter.beat_quarters / step).astype(int)
        lanes: dict[str, list[str]] = {}
        for stroke in own:
            lane = lanes.setdefault(stroke.articulation, ["."] * steps)
            at = min(steps - 1, round((stroke.quarter - begin) / step))
            lane[at] = max(lane[at], stroke.symbol, key=".oxXrf".index)
        order = _ordered(lanes)
        out.append(Bar(tuple(beats[beats < steps].tolist()), steps, tuple((n, "".join(lanes[n])) for n in order)))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class _Stroke:
    quarter: float
    articulation: str
    triplet: bool
    symbol: str


def _place(transcription: Transcription, tempo_map: TempoMap, grid: Grid) -> list[_Stroke]:
    """Place the strokes as in a score, in order; grace notes are part of their main strokes."""
    hits = transcription.hits
    seconds = np.array([hit.time for hit in hits])
    drums = [drum_of(hit) for hit in hits]
    found = find_ornaments(seconds, np.array([hit.velocity for hit in hits]), drums, tempo_map, grid)
    kept = np.flatnonzero(~found.grace)
    flams = set(found.main[find_flams(hits, found)].tolist())
    placed = place(seconds[kept], [drums[i] for i in kept], tempo_map, grid)
    strokes = []
    for i, bar, line, triplet in zip(
        kept.tolist(), placed.bars.tolist(), placed.lines.tolist(), placed.triplet.tolist(), strict=True
    ):
        velocity = hits[i].velocity
        symbol = "X" if velocity >= ACCENT else "o" if velocity < GHOST else "x"
        symbol = "f" if i in flams else "r" if found.in_roll[i] or found.between[i] else symbol
        strokes.append(_Stroke(bar + line, hits[i].articulation, triplet, symbol))
    return sorted(strokes, key=lambda stroke: stroke.quarter)


def format_step_grid(bars: Iterable[Bar], width: int, first: int = 1) -> list[str]:
    """Format bars as lines of ASCII text, as many side by side as fit the width; all have the same lanes.

    Parameters
    ----------
    bars : Iterable[Bar]
        The bars.
    width : int
        Maximum characters per line.
    first : int, default 1
        Number of the first bar.

    Returns
    -------
    list[str]
        The lines.
    """
    bars = list(bars)
    names = _ordered({name for bar in bars for name, _ in bar.lanes})
    margin = max((len(name) for name in names), default=0) + 1
    lines: list[str] = []
    while bars:
        fitting = 1  # or 2, 4, 8 ...
        while fitting < len(bars) and margin + sum(2 * bar.steps + 1 for bar in bars[: 2 * fitting]) < width:
            fitting *= 2
        row, bars = bars[:fitting], bars[fitting:]
        heads = [f"bar {first + i}".ljust(2 * bar.steps) for i, bar in enumerate(row)]
        lines += [" " * margin + "|" + "|".join(heads) + "|"]
        lines += [" " * margin + "|" + "|".join(_count(bar) for bar in row) + "|"]
        for name in names:
            cells = (" ".join(dict(bar.lanes).get(name, "." * bar.steps)) + " " for bar in row)
            lines.append(_label(name).ljust(margin) + "|" + "|".join(cells) + "|")
        lines.append("")
        first += fitting
    return lines[:-1]


def _count(bar: Bar) -> str:
    text = [" "] * (2 * bar.steps)
    for number, at in enumerate(bar.beats, 1):
        text[2 * at : 2 * at + len(str(number))] = str(number)
    return "".join(text)[: 2 * bar.steps]


def _label(name: str) -> str:
    return name.replace("_", " ")


def _ordered(names: Iterable[str]) -> list[str]:
    """Order lanes from top to bottom: a player's own sounds, then the drums in reverse order of the vocabulary."""
    known = [a.name for a in reversed(ARTICULATIONS) if a.name in names]
    return [*sorted(set(names) - set(known)), *known]
