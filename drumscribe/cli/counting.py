"""The options of tempo, beats and meter."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import RhythmError

if TYPE_CHECKING:
    from ..rhythm import RhythmOptions


@dataclass(frozen=True)
class Counting:
    """What was said of the rhythm, as it was given."""

    tempo: float | None
    tempo_range: str | None
    meter: str | None
    beats: Path | None
    fixed_tempo: bool

    def read(self, recordings: int) -> "RhythmOptions":
        """The options for so many recordings.

        Raises
        ------
        RhythmError : for what makes no sense, or a file of beats that cannot be read.
        """
        from ..rhythm import Meter, RhythmOptions, read_beats

        if self.beats is not None and recordings > 1:
            raise RhythmError(f"{self.beats} has the beats of one recording: give only that one, not {recordings}")
        try:
            meter = None if self.meter is None else Meter.parse(self.meter)
        except ValueError as error:
            raise RhythmError(f"--meter: {error}") from error
        beats = None if self.beats is None else read_beats(self.beats)
        return RhythmOptions(self.tempo, self._range(), meter, beats, self.fixed_tempo)

    def _range(self) -> tuple[float, float] | None:
        if self.tempo_range is None:
            return None
        try:
            slowest, fastest = (float(part) for part in self.tempo_range.split("-"))
        except ValueError:
            raise RhythmError(f"--tempo-range: {self.tempo_range!r} is not a range: write it like 70-140") from None
        return slowest, fastest


def counting_options(command: Callable) -> Callable:
    """Add --tempo and what belongs to it; the command takes a `Counting` as `counting`."""

    @wraps(command)
    def gathering(*args, tempo, tempo_range, meter, beats, fixed_tempo, **others):
        return command(*args, counting=Counting(tempo, tempo_range, meter, beats, fixed_tempo), **others)

    for option in reversed(_OPTIONS):
        gathering = option(gathering)
    return gathering


_OPTIONS = (
    click.option(
        "--tempo",
        type=float,
        metavar="BPM",
        help="About so many quarter notes per minute: the exact tempo is found within 20 %, half and double are not.",
    ),
    click.option("--tempo-range", metavar="LOW-HIGH", help="Look for tempi from LOW to HIGH only, such as 70-140."),
    click.option("--meter", metavar="N/M", help="The time signature, such as 6/8, if you know it."),
    click.option(
        "--beats",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Where the beats are: a time in seconds on each line, and after it, if you like, its number in the bar, "
        "from 1; parted by blanks, tabs, commas or semicolons. A beat of 6/8 and 12/8 is the dotted quarter, or the "
        "eighth where --meter says 6/8 and the numbers go to 6. Without --meter, bars of n numbered beats are n/4. "
        "Before the first and after the last beat, the tempo of the nearest ones holds on.",
    ),
    click.option("--fixed-tempo", is_flag=True, help="One tempo throughout, however the playing drifts."),
)
