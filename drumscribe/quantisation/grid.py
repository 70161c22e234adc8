"""Grids: subdivisions of the bar, and their swing.

Positions are in quarters, as in a `TempoMap`.
"""

import math
import re
from dataclasses import dataclass

import numpy as np

from ..errors import RhythmError
from ..music.tempo_map import TempoMap

NOTES = (4, 8, 16, 32, 64)
"""Note values of grids, as parts of a whole note."""


@dataclass(frozen=True, slots=True)
class Subdivision:
    """A note value that divides a bar.

    Attributes
    ----------
    note : int
        Part of a whole note: 16 for sixteenths.
    triplet : bool, default False
        Whether three of them take the time of two.
    """

    note: int
    triplet: bool = False

    @property
    def step(self) -> float:
        """Distance of two lines in quarters."""
        return 4 / self.note * (2 / 3 if self.triplet else 1)

    def __str__(self) -> str:
        return f"1/{self.note}{'t' if self.triplet else ''}"


@dataclass(frozen=True, slots=True)
class Grid:
    """Subdivisions that a bar may have; each bar has the one that fits its hits.

    Attributes
    ----------
    subdivisions : tuple[Subdivision, ...]
        At least one.
    """

    subdivisions: tuple[Subdivision, ...]

    def __str__(self) -> str:
        return "+".join(map(str, self.subdivisions))

    @classmethod
    def parse(cls, text: str) -> "Grid":
        """Parse a grid written like "1/16", "1/8t" for triplets, or "1/16+1/8t" for either, bar by bar.

        Raises
        ------
        RhythmError
            If the text is not a grid.
        """
        found = []
        for part in text.split("+"):
            match = re.fullmatch(r"1/(\d+)(t?)", part.strip().lower())
            if not match or int(match[1]) not in NOTES:
                raise RhythmError(
                    f"{text!r} is not a grid: write 1/4, 1/8, 1/16, 1/32 or 1/64, 1/8t for triplets, "
                    "or 1/16+1/8t for either, as each bar is played"
                )
            found.append(Subdivision(int(match[1]), bool(match[2])))
        return cls(tuple(dict.fromkeys(found)))


@dataclass(frozen=True, slots=True)
class Swing:
    """A delay of the second of two equal notes.

    Attributes
    ----------
    share : float, default 0.5
        Share of the pair's time that the first note takes: 0.5 straight, 2/3 as in triplets.
    pair : float, default 1.0
        Length of the pair in quarters: 1 for swung eighths, 0.5 for swung sixteenths.
    """

    share: float = 0.5
    pair: float = 1.0

    def apply(self, quarters: np.ndarray) -> np.ndarray:
        """Convert straight to swung positions, in quarters from the beginning of a pair; time is warped between."""
        return self._warp(quarters, 0.5, self.share)

    def undo(self, quarters: np.ndarray) -> np.ndarray:
        """Convert swung to straight positions, in quarters from the beginning of a pair."""
        return self._warp(quarters, self.share, 0.5)

    def _warp(self, quarters: np.ndarray, middle: float, target: float) -> np.ndarray:
        if self.share == 0.5:
            return quarters
        pairs = np.floor(quarters / self.pair)
        phase = quarters / self.pair - pairs
        late = target + (phase - middle) * (1 - target) / (1 - middle)
        return (pairs + np.where(phase < middle, phase * target / middle, late)) * self.pair


def bar_starts(tempo_map: TempoMap, first: float, last: float) -> np.ndarray:
    """List bar lines, from the last one up to `first` to the first one beyond `last`.

    Parameters
    ----------
    tempo_map : TempoMap
        Beats and bars.
    first, last : float
        Positions in quarters.

    Returns
    -------
    np.ndarray
        ``(lines,)`` in quarters.
    """
    lines: list[np.ndarray] = []
    for i, change in enumerate(tempo_map.meters):
        bar = change.meter.bar_quarters
        begin = math.floor((first - change.quarter) / bar) if i == 0 else 0
        following = tempo_map.meters[i + 1].quarter if i + 1 < len(tempo_map.meters) else math.inf
        end = math.ceil((min(max(last, first), following) - change.quarter) / bar - 1e-9)
        own = change.quarter + bar * np.arange(min(begin, 0), end)
        lines.append(own[own < following - 1e-9])
        if following > last:
            lines.append(np.array([min(following, change.quarter + bar * max(end, begin + 1))]))
            break
    starts = np.concatenate(lines)
    return starts[max(0, np.searchsorted(starts, first, side="right") - 1) :]
