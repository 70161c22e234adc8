"""`drumscribe plot`, `listen` and `grid`: what was heard, for eyes and ears."""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import options
from .counting import counting_options
from .group import before_work

if TYPE_CHECKING:
    from ..hits import Transcription
    from ..rhythm import RhythmOptions

_FILE = click.Path(path_type=Path)


def _heard(command: Callable) -> Callable:
    """Add the recording, and whence its transcription comes; the command takes it, and what hears it as `hear`."""

    @wraps(command)
    def hearing(*, recording, transcription, model, kit, sensitivities, counting, **others):
        from ..batch.workers import one_thread

        with one_thread():  # before numpy is loaded, which reads this once
            with before_work():
                said = counting.read(1)
                if transcription is None:
                    options.check_model_and_kit(model, kit)
            if transcription is None:
                hear = partial(_hear, recording, model, kit, sensitivities, said)
            else:
                hear = partial(_read, transcription, said)
            return command(recording=recording, hear=hear, **others)

    given = click.option(
        "--transcription", "-t", type=_FILE, metavar="FILE", help="Take this .mid or .json instead of transcribing."
    )
    return click.argument("recording", type=_FILE)(
        given(options.listening_options(options.kit_option(counting_options(hearing))))
    )


def _read(path: Path, said: "RhythmOptions") -> "Transcription":
    """What a file holds; its rhythm is looked for only if it has none, or something is said of it."""
    from .. import export
    from ..rhythm import RhythmOptions, analyse_rhythm

    transcription = export.read(path)
    if transcription.rhythm is not None and said == RhythmOptions():
        return transcription
    return replace(transcription, rhythm=analyse_rhythm(transcription, said))


def _hear(
    recording: Path, model: Path | None, kit: str | None, sensitivities, said: "RhythmOptions"
) -> "Transcription":
    from rich.console import Console

    from ..batch.workers import native_chatter_dropped

    with native_chatter_dropped():
        transcriber = options.make_transcriber(model, kit, sensitivities, said)
    with Console(stderr=True).status("transcribing ..."):
        return transcriber.transcribe_file(recording)


def _tell_remarks(transcription: "Transcription") -> None:
    for remark in transcription.remarks:
        click.echo(f"note: {remark}", err=True)


@click.command("plot")
@_heard
@click.option(
    "--out", "-o", type=_FILE, required=True, metavar="FILE", help="A .png, .pdf or .svg; pages are numbered."
)
def plot(recording: Path, hear: "Callable[[], Transcription]", out: Path) -> None:
    """Draw a recording: its spectrogram, lanes of hits as tall as they are loud, beats and bars.

    A page has half a minute at most. Needs matplotlib: pip install "drumscribe[plot]".
    """
    from ..files import check_output
    from ..plotting import SUFFIXES, write_plot

    with before_work():
        check_output(out, SUFFIXES, recording)
    transcription = hear()
    for path in write_plot(recording, transcription, out):
        click.echo(path)
    _tell_remarks(transcription)


@click.command("listen")
@_heard
@click.option("--out", "-o", type=_FILE, required=True, metavar="FILE", help="A .wav or .flac.")
@click.option(
    "--sound",
    type=click.Choice(("clicks", "drums")),
    default="clicks",
    show_default=True,
    help="Tones, the higher the smaller the drum, or synthetic drums.",
)
@click.option("--split", is_flag=True, help="The recording to the left, the transcription to the right.")
def listen(recording: Path, hear: "Callable[[], Transcription]", out: Path, sound: str, split: bool) -> None:
    """Write the recording with its transcription on top, to judge by ear."""
    from ..files import check_output
    from ..sonification import SUFFIXES, write_check

    with before_work():
        check_output(out, SUFFIXES, recording)
    transcription = hear()
    write_check(recording, transcription, out, sound, split)
    click.echo(out)
    _tell_remarks(transcription)


@click.command("grid")
@_heard
@click.option("--bars", type=click.IntRange(min=1), default=4, show_default=True, metavar="N", help="How many.")
@click.option(
    "--steps",
    default="1/16+1/8t",
    show_default=True,
    metavar="GRID",
    help="What bars are divided into: 1/16, 1/8t, or either, as each bar is played.",
)
def grid(recording: Path, hear: "Callable[[], Transcription]", bars: int, steps: str) -> None:
    """Print the first bars as a step sequencer shows them.

    X is an accent, x a stroke, o a ghost note, f a flam, r a roll.
    """
    from rich.console import Console
    from rich.text import Text

    from ..rhythm.grid import Grid
    from ..step_grid import format_step_grid, make_step_grid

    with before_work():
        divided = Grid.parse(steps)
    transcription = hear()
    pattern = make_step_grid(transcription, divided, bars)
    console = Console(highlight=False, markup=False)
    sys.stdout.reconfigure(errors="replace")  # names of recordings may not be in the terminal's alphabet
    console.print(f"{recording.name}: {transcription.rhythm}", soft_wrap=True)
    for line in format_step_grid(pattern, console.width if console.is_terminal else 120):
        text = Text(line)
        for symbol, style in _STYLES:
            text.highlight_regex(rf"(?<=[| ]){symbol}(?= )", style)
        console.print(text, soft_wrap=True)
    _tell_remarks(transcription)


_STYLES = (("X", "bold red"), ("x", "bold"), ("f", "bold blue"), ("r", "blue"), (r"\.", "dim"))
