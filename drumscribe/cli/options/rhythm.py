"""The options of tempo, beats and meter."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...errors import RhythmError
from ...options import rhythm_options
from ..sections import option
from .gathering import Command, gathered
from .paths import NamedPath

if TYPE_CHECKING:
    from ...rhythm import RhythmOptions


@dataclass(frozen=True)
class GivenRhythm:
    """What is known of the rhythm, as it was given.

    Attributes
    ----------
    tempo : str, optional
        In quarters per minute, or "x2" or "/2".
    tempo_range : str, optional
        Such as "70-140".
    meter : str, optional
        Such as "6/8".
    beats : Path, optional
        A file of beats.
    fixed_tempo : bool
        Whether one tempo holds throughout.
    reading : int
        Which reading, counted from 1.
    shift_bar : int
        Beats by which its bars begin later.
    """

    tempo: str | None
    tempo_range: str | None
    meter: str | None
    beats: Path | None
    fixed_tempo: bool
    reading: int
    shift_bar: int

    def read(self, recordings: int) -> "RhythmOptions":
        """Return the options.

        Parameters
        ----------
        recordings : int
            How many recordings they are for.

        Returns
        -------
        RhythmOptions
            See `options.rhythm_options`.

        Raises
        ------
        RhythmError
            For what makes no sense, or a file of beats that cannot be read.
        """
        if self.beats is not None and recordings > 1:
            raise RhythmError(f"{self.beats} has the beats of one recording: give only that one, not {recordings}")
        return rhythm_options(
            self.tempo, self.tempo_range, self.meter, self.beats, self.fixed_tempo, self.reading, self.shift_bar
        )


def given_rhythm_options(command: Command) -> Command:
    """Add --tempo and what belongs to it; the command takes a `GivenRhythm` as `rhythm`."""
    return gathered(command, GivenRhythm, "rhythm", _OPTIONS)


_rhythm = partial(option, section="Rhythm")

_OPTIONS = (
    _rhythm(
        "--tempo",
        metavar="BPM|x2|/2",
        help="Approximate tempo in quarter notes per minute; drumscribe looks within 20 % of it. x2 or /2 multiplies "
        "the detected tempo. [default: detected]",
    ),
    _rhythm(
        "--tempo-range",
        metavar="LOW-HIGH",
        help="Slowest and fastest tempo to consider, such as 70-140. [default: any]",
    ),
    _rhythm("--meter", metavar="N/M", help="Time signature, such as 6/8. [default: detected]"),
    _rhythm(
        "--beats",
        type=NamedPath(path_type=Path),
        metavar="FILE",
        help="Beats of the recording: on each line a time in seconds and, optionally, the beat's number in the bar, "
        "separated by blanks, tabs, commas or semicolons. Without --meter, bars of n numbered beats are n/4. "
        "[default: detected]",
    ),
    _rhythm(
        "--fixed-tempo",
        is_flag=True,
        help="Keep one tempo throughout, even where the playing drifts. The MIDI then begins on the last bar line "
        "before the start of the recording; prints the offset.",
    ),
    _rhythm(
        "--reading",
        type=click.IntRange(min=1),
        default=1,
        metavar="N",
        help="Which reading of tempo and bars to take: 1 is the likeliest, 2 and up are the alternatives that the JSON "
        "lists.",
    ),
    _rhythm(
        "--shift-bar",
        type=int,
        default=0,
        metavar="BEATS",
        help="Move all bar lines this many beats later, or earlier if negative.",
    ),
)
