"""Ornaments: flams, drags, rolls and runs, whose strokes belong to others rather than to a line of the grid.

A grace note precedes its main stroke on the same drum so closely that nobody would write it as a separate note: by less
than 25 ms, or less than 60 ms if it is softer. An echo follows its main stroke within 60 ms, softer: a bounce, or one
stroke that was detected twice. A run is at least four strokes on one drum that are faster than the
grid. If some of them fall on the lines, as eighths do that are quantised to quarters, the others are between the lines;
if not, it is a roll, of which only the first stroke has a position.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..music.tempo_map import TempoMap
from .grid import Grid, bar_starts

if TYPE_CHECKING:
    from ..music.transcription import Hit

# By hand.
_FLAMMED = ("snare", "tom_low", "tom_mid", "tom_high")
"""Drums on which flams are played."""
_SURE_SHARE = 0.6
"""Minimum confidence of a flam's grace note, as a share of its main stroke's."""
_RECURRING, _RECURRING_SHARE = 3, 0.04
"""Flams recur if a drum has at least this many, or at least this share of its strokes has one."""
_GRACE_S, _SOFT_GRACE_S, _SOFT_SHARE = 0.025, 0.060, 0.7
"""Maximum distance in seconds of a grace note from its main stroke; that of a soft one; maximum velocity of a soft one,
as a share of its main stroke's."""
_GRACE_STEPS = 0.6
"""The same in steps of the grid."""
_RUN_STEPS, _RUN_MEAN_STEPS = 0.8, 0.7
"""Maximum gap between strokes of a run, and maximum of the mean gap, in steps of the grid."""
_RUN_HITS = 4
"""Minimum number of hits in a run."""
_ON_LINE_SHARE = 0.16
"""Maximum RMS distance of strokes from the lines that they are on, as a share of a run's gaps; of a roll it is .29."""


@dataclass(frozen=True, slots=True)
class Ornaments:
    """Strokes that belong to others, as arrays with a value per hit.

    Attributes
    ----------
    main : np.ndarray
        ``(hits,) int``, the index of a grace note's or an echo's main stroke; for all other hits, their own.
    in_roll : np.ndarray
        ``(hits,) bool``, whether a hit is in a roll, after its first stroke.
    between : np.ndarray
        ``(hits,) bool``, whether a hit is between the lines, in a run that is faster than the grid.
    """

    main: np.ndarray
    in_roll: np.ndarray
    between: np.ndarray

    @property
    def grace(self) -> np.ndarray:
        """``(hits,) bool``, which hits are grace notes or echoes."""
        return self.main != np.arange(len(self.main))

    @property
    def free(self) -> np.ndarray:
        """``(hits,) bool``, which hits have a position of their own on the grid."""
        return ~self.grace & ~self.in_roll & ~self.between


def drum_of(hit: "Hit") -> str:
    """Return the drum that a hit sounds on: its articulation for toms and cymbals, else its instrument."""
    return hit.articulation if hit.instrument in ("tom", "cymbal") else hit.instrument


def find_ornaments(
    seconds: np.ndarray, velocities: np.ndarray, drums: Sequence[str], tempo_map: TempoMap, grid: Grid
) -> Ornaments:
    """Find grace notes, rolls, and strokes between the lines of a grid.

    Parameters
    ----------
    seconds : np.ndarray
        ``(hits,)`` times, ascending.
    velocities : np.ndarray
        ``(hits,)`` MIDI velocities.
    drums : Sequence[str]
        The drum of each hit.
    tempo_map : TempoMap
        Beats and bars.
    grid : Grid
        The lines.

    Returns
    -------
    Ornaments
        The ornaments.
    """
    at, finest = tempo_map.quarters_at(seconds), min(subdivision.step for subdivision in grid.subdivisions)
    steps = tempo_map.seconds_at(at + finest) - seconds
    starts = bar_starts(tempo_map, float(at.min()), float(at.max())) if len(at) else np.zeros(1)
    lines = (at - starts[np.searchsorted(starts, at, side="right") - 1]) / finest
    distances = np.abs(lines - np.rint(lines))
    main, in_roll, between = np.arange(len(seconds)), np.zeros(len(seconds), bool), np.zeros(len(seconds), bool)
    names = np.array(drums)
    for drum in dict.fromkeys(drums):
        own = np.flatnonzero(names == drum)
        gaps, step = np.diff(seconds[own]), steps[own][:-1]
        run = np.zeros(len(own), bool)
        for begin, end in _runs(gaps < _RUN_STEPS * step):  # gaps from begin to end: hits from begin to end inclusive
            share = gaps[begin:end].mean() / step[begin:end].mean()
            if end - begin + 1 < _RUN_HITS or share >= _RUN_MEAN_STEPS:
                continue
            run[begin : end + 1] = True
            members = own[begin : end + 1]
            meets = distances[members] < share / 2
            if meets.any() and np.sqrt(np.mean(distances[members[meets]] ** 2)) < _ON_LINE_SHARE * share:
                between[members[~meets]] = True
            else:
                in_roll[members[1:]] = True
        soft = velocities[own][:-1] < _SOFT_SHARE * velocities[own][1:]
        grace = (gaps < _GRACE_STEPS * step) & ((gaps < _GRACE_S) | (soft & (gaps < _SOFT_GRACE_S)))
        for i in reversed(np.flatnonzero(grace & ~(run[:-1] & run[1:]))):
            main[own[i]] = main[own[i + 1]]
        softer = velocities[own][1:] < _SOFT_SHARE * velocities[own][:-1]
        echo = softer & ~grace & (gaps < _GRACE_STEPS * step) & (gaps < _SOFT_GRACE_S) & ~run[:-1] & ~run[1:]
        for i in np.flatnonzero(echo):
            if main[own[i + 1]] == own[i + 1]:
                main[own[i + 1]] = main[own[i]]
    return Ornaments(main, in_roll, between)


def find_flams(hits: Sequence["Hit"], ornaments: Ornaments) -> np.ndarray:
    """Tell flams from false doubles: one stroke that was detected twice.

    A hand plays a flam: on a snare or a tom, with a softer first stroke, about as clear as the second one, and seldom
    only once in a recording. Two of the last three suffice.

    Parameters
    ----------
    hits : Sequence[Hit]
        The hits, in order of time.
    ornaments : Ornaments
        Their ornaments.

    Returns
    -------
    np.ndarray
        ``(hits,) bool``, the grace notes that are flams.
    """
    drums = [drum_of(hit) for hit in hits]
    graces = [i for i in np.flatnonzero(ornaments.grace).tolist() if drums[i] in _FLAMMED and ornaments.main[i] > i]
    soft = {i for i in graces if hits[i].velocity < _SOFT_SHARE * hits[ornaments.main[i]].velocity}
    out = np.zeros(len(hits), bool)
    for i in graces:
        main = hits[ornaments.main[i]]
        alike = sum(drums[other] == drums[i] for other in soft)
        recurring = alike >= min(_RECURRING, max(2, _RECURRING_SHARE * drums.count(drums[i])))
        out[i] = (i in soft) + (hits[i].confidence >= _SURE_SHARE * main.confidence) + recurring >= 2
    return out


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Return the begin and the end of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
