"""`drumscribe plot`, `listen` and `grid`: transcriptions for eyes and ears."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import click

from ..errors import printable
from .build import Hearing, Sensitivities
from .group import before_work, print_any_name
from .options.listening import listening_options
from .options.paths import NamedPath
from .options.rhythm import GivenRhythm, given_rhythm_options
from .sections import command as sectioned
from .sections import option

if TYPE_CHECKING:
    from ..music.transcription import Transcription

_FILE = NamedPath(path_type=Path)


class _Seconds(click.ParamType):
    """A time in seconds, or in minutes and seconds."""

    name = "SECONDS|M:SS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            minutes, _, seconds = str(value).rpartition(":")
            time = 60 * int(minutes or 0) + float(seconds)
        except ValueError:
            time = -1.0
        if not 0 <= time < float("inf"):
            self.fail(f"{value!r} is not a time: write it like 12.5 or 1:30", param, ctx)
        return time


@dataclass(frozen=True)
class Hear:
    """What is reviewed: call it for the transcription.

    Attributes
    ----------
    recording : Path
        The recording.
    others : tuple[Path, ...]
        The other files that are read, which must not be overwritten either: a transcription, a file of beats.
    """

    recording: Path
    others: "tuple[Path, ...]"
    _make: "Callable[[], Transcription]"

    def __call__(self) -> "Transcription":
        """Return the transcription, read from a file or detected."""
        return self._make()


def reviewed(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the recording, and where its transcription comes from; the command takes it, and `hear`, which gives it.

    A transcription in the place of the recording is its own.
    """

    @wraps(command)
    def hearing(
        *,
        recording: Path,
        transcription: Path | None,
        model: Path | None,
        kit: str | None,
        sensitivities: Sensitivities,
        rhythm: GivenRhythm,
        **others: Any,
    ) -> Any:
        from ..runtime import one_thread

        with one_thread():  # before numpy is loaded, which reads this once
            from ..formats.reading import SUFFIXES

            if transcription is None and recording.suffix.lower() in SUFFIXES:
                transcription = recording
            asked = Hearing(model, kit, sensitivities)
            with before_work():
                known = rhythm.read(1)
                if transcription is None:
                    asked.check()
            if transcription is None:
                make = partial(_hear, recording, asked.maker(known))
            else:
                from ..formats.reading import read_with_rhythm

                make = partial(read_with_rhythm, transcription, known)
            read = tuple(path for path in (transcription, rhythm.beats) if path is not None)
            return command(recording=recording, hear=Hear(recording, read, make), **others)

    given = option(
        "--transcription",
        "-t",
        type=_FILE,
        metavar="FILE",
        section="Hearing",
        help="Use this .mid, .json, .csv or .txt (labels) file instead of transcribing.",
    )
    return click.argument("recording", type=_FILE)(given(listening_options(given_rhythm_options(hearing))))


def _hear(recording: Path, make_transcriber: Callable[[], Any]) -> "Transcription":
    from rich.console import Console

    from ..compiling import compilation_reported

    transcriber = make_transcriber()
    status = Console(stderr=True).status("transcribing ...")
    with status, compilation_reported(lambda: status.update("compiling (the first time on this machine only) ...")):
        return transcriber.transcribe_file(recording, lambda _: status.update("transcribing ..."))


def print_remarks(transcription: "Transcription") -> None:
    """Print the warnings of a transcription, one line each."""
    for remark in transcription.remarks:
        click.echo(printable(f"note: {remark}"), err=True)


overwrite_option = option(
    "--overwrite",
    is_flag=True,
    section="Output",
    help="Also replace FILE if you edited it. Without it, the new file is name (1).",
)
"""Of commands whose output is one file, or one for each page."""


class ReviewOutput:
    """An output that loses nothing: a file is replaced where drumscribe wrote it, of the same recording.

    Parameters
    ----------
    out : Path
        The output that was asked for.
    suffixes : tuple[str, ...]
        The suffixes that it may have.
    hear : Hear
        The files that are read, which must not be overwritten.
    overwrite : bool
        Whether other files are replaced, too.

    Raises
    ------
    click.ClickException
        If it cannot be written, before anything is begun.
    """

    def __init__(self, out: Path, suffixes: tuple[str, ...], hear: Hear, overwrite: bool) -> None:
        from ..batch.plan import prepare_folder
        from ..files import check_output
        from ..formats.written import Written

        with before_work():
            check_output(out, suffixes, hear.recording, hear.others)
            prepare_folder(out.parent)
        self._asked, self._recording = out, hear.recording
        self._written = Written.by_user(overwrite, (hear.recording, *hear.others))
        self._kept: Path | None = None

    @property
    def path(self) -> Path:
        """Where to write one file: the output that was asked for, or a numbered name beside it."""
        return self.settle([self._asked])[0]

    def settle(self, pages: Sequence[Path]) -> list[Path]:
        """Choose where pages go.

        Parameters
        ----------
        pages : sequence of Path
            The output that was asked for, or several, each with a number after its stem.

        Returns
        -------
        list of Path
            The same, or if one of them would be lost, numbered names beside them.
        """
        kept = [page for page in pages if not self._gives_way(page)]
        self._kept = kept[0] if kept else None
        stem = self._asked.stem
        ends = [page.name.removeprefix(stem) for page in pages]
        stems = chain([stem], (f"{stem} ({number})" for number in count(1)))
        places = ([self._asked.with_name(stem + end) for end in ends] for stem in stems)
        return next(place for place in places if all(map(self._gives_way, place)))

    def _gives_way(self, place: Path) -> bool:
        return self._written.gives_way(place, self._recording)

    def tell(self, paths: Sequence[Path]) -> None:
        """Print the paths of what was written, and remember it."""
        for path in paths:
            self._written.remember(path, path.read_bytes(), self._recording)
            click.echo(printable(path))
        if self._kept is not None:
            from ..formats.outputs import kept_note

            click.echo(printable(f"note: {kept_note(self._kept, paths[0])}"), err=True)


@sectioned("plot")
@reviewed
@option(
    "--out",
    "-o",
    type=_FILE,
    required=True,
    metavar="FILE",
    section="Output",
    help="A .png, .svg or .pdf file. A .pdf has all pages; .png and .svg are one numbered file for each page.",
)
@option("--from", "start", type=_Seconds(), section="Output", help="Begin here. [default: the start]")
@option("--to", "end", type=_Seconds(), section="Output", help="Stop here. [default: the end]")
@overwrite_option
def plot(recording: Path, hear: Hear, out: Path, start: float | None, end: float | None, overwrite: bool) -> None:
    """Plot a recording and its hits.

    The picture has the spectrogram, a lane of hits for each drum, beats and bars; louder hits are taller. A page shows
    up to half a minute. Needs matplotlib: pip install "drumscribe[plot]".
    """
    from ..review.plotting import SUFFIXES, Section, write_plot

    output = ReviewOutput(out, SUFFIXES, hear, overwrite)
    with before_work():
        section = Section.of(recording, start, end)
    transcription = hear()
    output.tell(write_plot(recording, transcription, out, section, output.settle))
    print_remarks(transcription)


@sectioned("listen")
@reviewed
@option("--out", "-o", type=_FILE, required=True, metavar="FILE", section="Output", help="A .wav or .flac file.")
@option(
    "--sound",
    type=click.Choice(("clicks", "drums")),
    default="clicks",
    section="Output",
    help="Sound of the hits: clicks, higher for smaller drums, or synthetic drums.",
)
@option("--split", is_flag=True, section="Output", help="Put the recording left and the transcription right.")
@overwrite_option
def listen(recording: Path, hear: Hear, out: Path, sound: str, split: bool, overwrite: bool) -> None:
    """Mix a recording with its hits, to check them by ear."""
    from ..review.sonification import SUFFIXES, write_check

    output = ReviewOutput(out, SUFFIXES, hear, overwrite)
    transcription = hear()
    path = output.path
    write_check(recording, transcription, path, cast(Literal["clicks", "drums"], sound), split)
    output.tell([path])
    print_remarks(transcription)


@sectioned("grid")
@reviewed
@option("--bars", type=click.IntRange(min=1), default=4, metavar="N", section="Output", help="Bars to print.")
@option(
    "--steps",
    default="1/16+1/8t",
    metavar="GRID",
    section="Output",
    help="Steps of a bar: 1/16, 1/8t, or either, as each bar is played.",
)
def grid(recording: Path, hear: Hear, bars: int, steps: str) -> None:
    """Print the first bars as a step grid.

    X is an accent, x a stroke, o a ghost note, f a flam, r a roll. A transcription, such as song.mid, may stand in the
    place of the recording.
    """
    from rich.console import Console
    from rich.text import Text

    from ..quantisation.grid import Grid
    from ..review.step_grid import format_step_grid, make_step_grid

    with before_work():
        divided = Grid.parse(steps)
    transcription = hear()
    pattern = make_step_grid(transcription, divided, bars)
    console = Console(highlight=False, markup=False)
    print_any_name()
    console.print(f"{recording.name}: {transcription.rhythm}", soft_wrap=True)
    for line in format_step_grid(pattern, console.width if console.is_terminal else 120):
        text = Text(line)
        for symbol, style in _STYLES:
            text.highlight_regex(rf"(?<=[| ]){symbol}(?= )", style)
        console.print(text, soft_wrap=True)
    print_remarks(transcription)


_STYLES = (("X", "bold red"), ("x", "bold"), ("f", "bold blue"), ("r", "blue"), (r"\.", "dim"))
