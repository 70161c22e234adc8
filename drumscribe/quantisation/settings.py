"""Settings of quantisation, and a report of its changes."""

from dataclasses import dataclass
from typing import Literal, get_args

from ..errors import RhythmError
from .grid import Grid

OrnamentPolicy = Literal["keep", "grid", "drop"]
"""What becomes of hits without a line of their own: flams, rolls, doubled hits and strokes between the lines."""


@dataclass(frozen=True, slots=True)
class QuantiseSettings:
    """How strictly hits are quantised, and to which grid.

    Attributes
    ----------
    grid : Grid, optional
        The lines; None to leave hits where they are.
    swing : float, optional
        Share of a pair of notes that the first one takes, 0.5 to 0.75; None to keep the swing of the playing.
    strength : float, default 1.0
        How far hits move, from 0 (not at all) to 1 (onto the line).
    window : float, optional
        Maximum distance in seconds from the line at which hits move; None for no limit.
    smoothing : float, default 0.0
        How far velocities move, from 0 to 1, towards the median of the articulation at this place in the bar.

    Raises
    ------
    RhythmError
        If a number is out of range.
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
            raise RhythmError(f"a window of {1000 * self.window:g} ms is negative")


@dataclass(frozen=True, slots=True)
class QuantiseOptions:
    """Settings for all hits, with exceptions for some instruments.

    Attributes
    ----------
    settings : QuantiseSettings
        For all other instruments.
    instruments : tuple[tuple[str, QuantiseSettings], ...], optional
        Pairs of an instrument and its settings.
    ornaments : OrnamentPolicy, default "keep"
        "keep" moves hits without a line of their own with their main strokes or neighbours; "grid" moves them to the
        nearest line, where the loudest hit of a drum remains; "drop" leaves them out.

    Raises
    ------
    RhythmError
        If `ornaments` is something else.
    """

    settings: QuantiseSettings
    instruments: tuple[tuple[str, QuantiseSettings], ...] = ()
    ornaments: OrnamentPolicy = "keep"

    def __post_init__(self) -> None:
        if self.ornaments not in get_args(OrnamentPolicy):
            raise RhythmError(f"ornaments must be {', '.join(get_args(OrnamentPolicy))}, not {self.ornaments!r}")


@dataclass(frozen=True, slots=True)
class QuantiseReport:
    """Changes made by quantisation.

    Attributes
    ----------
    hits : int
        Number of hits.
    moved : int, default 0
        Number of hits that moved by more than half a millisecond.
    mean, most : float, default 0.0
        Mean and maximum distance of these, in seconds.
    ornaments : int, default 0
        Number of grace notes, and of strokes in rolls, which moved with their main strokes.
    between : int, default 0
        Number of hits between the lines of a coarse grid, which moved with their neighbours.
    beside : int, default 0
        Number of hits that moved with a stroke of their drum that is nearer to their line.
    outside : int, default 0
        Number of hits that stayed because they were outside the window.
    left_out : int, default 0
        Number of hits left out.
    swings : tuple[float, ...], optional
        Shares of a pair that the first note has, 0.5 if notes are even; several if instruments differ.
    """

    hits: int
    moved: int = 0
    mean: float = 0.0
    most: float = 0.0
    ornaments: int = 0
    between: int = 0
    beside: int = 0
    outside: int = 0
    left_out: int = 0
    swings: tuple[float, ...] = ()

    def __str__(self) -> str:
        text = f"quantised: {self.moved} of {self.hits} hits moved"
        if self.moved:
            text += f", by {1000 * self.mean:.1f} ms on average and {1000 * self.most:.1f} ms at most"
        for count, what in (
            (self.ornaments if self.moved else 0, "in flams and rolls moved with their main strokes"),
            (self.between if self.moved else 0, "between the lines of the grid moved with their neighbours"),
            (self.beside, "moved with a nearer stroke on the same line"),
            (self.outside, "outside the window stayed"),
            (self.left_out, "left out"),
        ):
            text += f"; {count} {what}" if count else ""
        swings = " and ".join(f"{100 * swing:.3g}" for swing in self.swings)
        return text + (f"; swing {swings} %" if set(self.swings) - {0.5} else "")
