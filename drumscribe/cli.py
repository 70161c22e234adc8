"""The commands, thin: arguments in, what the library does, an exit code out."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from . import __version__
from .drums import INSTRUMENTS
from .errors import DrumscribeError
from .export import FORMATS

# What a command needs beyond this is imported inside it, so that --help answers at once.


class _Failure(click.ClickException):
    """An error the user can mend: one line, and the exit code."""

    def __init__(self, error: DrumscribeError, exit_code: int = 1):
        super().__init__(str(error))
        self.exit_code = exit_code


class _Commands(click.Group):
    """A group whose commands end in one line, not a traceback, whatever the user did."""

    def invoke(self, ctx: click.Context):
        try:
            return super().invoke(ctx)
        except DrumscribeError as error:
            raise _Failure(error) from error
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            ctx.exit(130)


class _Sensitivity(click.ParamType):
    """A number from 0 to 1, for all instruments or, after its name and "=", for one."""

    name = "sensitivity"

    def get_metavar(self, param, ctx=None) -> str:
        return "[INSTRUMENT=]FLOAT"

    def convert(self, value, param, ctx) -> tuple[str | None, float]:
        instrument, equals, number = value.rpartition("=")
        if equals and instrument not in INSTRUMENTS:
            self.fail(f"{instrument!r} is not an instrument: it is one of {', '.join(INSTRUMENTS)}", param, ctx)
        try:
            sensitivity = float(number)
        except ValueError:
            self.fail(f"{number!r} is not a number", param, ctx)
        if not 0 <= sensitivity <= 1:
            self.fail(f"{number} is not between 0 and 1", param, ctx)
        return (instrument or None), sensitivity


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="drumscribe")
def main() -> None:
    """Turn recordings of drums into MIDI.

    \b
    drumscribe transcribe songs/ --out midi/     one .mid for every recording in the folder
    drumscribe COMMAND --help                    all that a command can do
    """


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Output folder, made if missing; the current one if not given.",
)
@click.option(
    "--format",
    "-f",
    "formats",
    type=click.Choice(tuple(FORMATS)),
    multiple=True,
    default=("mid",),
    show_default=True,
    help="What to write; give it again for more than one.",
)
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(min=1),
    metavar="N",
    help="Recordings transcribed at the same time, each on one core; as many as there are cores if not given.",
)
@click.option(
    "--sensitivity",
    "-s",
    "sensitivities",
    type=_Sensitivity(),
    multiple=True,
    help="From 0 to 1, 0.5 if not given; more finds more hits, and more that are none. "
    f"For one instrument: hihat=0.7 ({', '.join(INSTRUMENTS)}). Can be repeated.",
)
@click.option(
    "--model",
    "-m",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A model file, instead of the one that comes with drumscribe.",
)
@click.option(
    "--skip-existing/--overwrite",
    default=False,
    help="Leave out recordings whose outputs are all there, or write them anew (which is the default).",
)
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but what failed.")
@click.option("--json", "as_json", is_flag=True, help="Print a report for programs to standard output.")
@click.pass_context
def transcribe(ctx, paths, out, formats, jobs, sensitivities, model, skip_existing, quiet, as_json) -> None:
    """Write a MIDI file for each recording.

    PATH is a recording (wav, aiff, flac, ogg, opus, mp3), a folder, which is searched to any depth, or a pattern
    such as "songs/**/*.wav". Outputs mirror the folder given: songs/x/a.wav becomes DIR/x/a.mid. Where two outputs
    would get one name they keep the extension, as a.wav.mid and a.mp3.mid, and a note says so.

    The MIDI has General MIDI drum notes on channel 10, 960 ticks per quarter, at the times of the recording.

    A recording that cannot be read does not stop the others. Ctrl-C does; what is finished stays, and with
    --skip-existing the next run goes on from there. Files are written whole or not at all.

    The exit code is 0 if all succeeded, 1 if some failed, 2 if nothing could be tried, 130 after Ctrl-C.
    """
    from .batch.workers import available_cores, one_thread

    with one_thread():  # before numpy is loaded, which reads this once
        from functools import partial

        from . import classifier
        from .batch import reporting
        from .batch.plan import plan as make_plan
        from .batch.run import run

        console = reporting.make_console()
        try:
            if model is not None:
                classifier.load_model_info(model)
            plan = make_plan(paths, out, tuple(dict.fromkeys(formats)))
        except DrumscribeError as error:
            raise _Failure(error, 2) from error
        if not quiet:
            for note in plan.notes:
                console.print(f"note: {note}", soft_wrap=True)
        with reporting.make_observer(console, plan.jobs, quiet) as observer:
            report = run(
                plan.jobs,
                partial(_make_transcriber, model, sensitivities),
                workers=min(jobs or available_cores(), len(plan.jobs)),
                skip_existing=skip_existing,
                observer=observer,
            )
    if quiet:
        reporting.print_failures(console, plan, report)
    else:
        reporting.print_summary(console, plan, report)
    if as_json:
        json.dump(reporting.to_data(plan, report), sys.stdout, indent=1)
        sys.stdout.write("\n")
    failed = plan.problems or any(outcome.status == "failed" for outcome in report.outcomes)
    ctx.exit(130 if report.interrupted else 1 if failed else 0)


def _make_transcriber(model: Path | None, sensitivities: Sequence[tuple[str | None, float]]):
    """Make the transcriber, in the process that it works in, so that only that one loads what it needs."""
    from .transcriber import TranscribeOptions, Transcriber

    by_instrument = dict(sensitivities)
    overall = by_instrument.pop(None, TranscribeOptions().sensitivity)
    return Transcriber(model, TranscribeOptions(overall, tuple(by_instrument.items())))


@main.command()
@click.argument("model", required=False, type=click.Path(path_type=Path))
def info(model: Path | None) -> None:
    """Print the card of a model: what it hears, at which settings, and where it comes from.

    MODEL is a model file; without it, the one that comes with drumscribe.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from .card import card_rows
    from .classifier import load_model_info

    table = Table.grid(padding=(0, 2))
    for name, text in card_rows(load_model_info(model)):
        table.add_row(Text(name, style="bold"), Text(text))
    sys.stdout.reconfigure(errors="replace")  # credits may not be in the terminal's alphabet
    Console().print(table)


@main.command()
@click.argument("estimates", metavar="EST", type=click.Path(path_type=Path))
@click.argument("references", metavar="REF", type=click.Path(path_type=Path))
@click.option(
    "--tolerance",
    "-t",
    "tolerances",
    type=click.FloatRange(min=0),
    multiple=True,
    default=(0.05, 0.02),
    show_default=True,
    metavar="SECONDS",
    help="How far a hit may be off, each way; can be repeated.",
)
@click.option(
    "--classes",
    type=click.Choice(("5", "3")),
    default="5",
    show_default=True,
    help="Score kick, snare, hihat, tom and cymbal, or the first three.",
)
@click.option("--per-track", is_flag=True, help="Also F of every track.")
@click.option("--confusions", is_flag=True, help="Also what was missed where something false was heard.")
@click.option("--missing-as-empty", is_flag=True, help="Score tracks without an estimate as if nothing was heard.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON instead of tables.")
def evaluate(estimates, references, tolerances, classes, per_track, confusions, missing_as_empty, as_json) -> None:
    """Score transcriptions against what was played.

    EST and REF are two files, or two folders whose files are paired by name: MIDI, JSON or CSV as drumscribe writes
    them, or text with a time and a drum's name or note on each line. In references, "_class" and "_subclass"
    at the end of a name do not count.

    Needs mir_eval: pip install mir_eval.
    """
    from .evaluate.annotations import pair_tracks
    from .evaluate.scorecard import to_data, to_tables
    from .evaluate.scores import FIVE_CLASSES, THREE_CLASSES, score

    try:
        tracks, strays = pair_tracks(estimates, references, missing_as_empty)
    except DrumscribeError as error:
        raise _Failure(error, 2) from error
    if strays:
        click.echo(f"note: left out, there is no reference for {', '.join(path.name for path in strays)}", err=True)
    chosen = FIVE_CLASSES if classes == "5" else THREE_CLASSES
    results = [score(tracks, tolerance, chosen) for tolerance in dict.fromkeys(tolerances)]
    if as_json:
        json.dump([to_data(scores) for scores in results], sys.stdout, indent=1)
        sys.stdout.write("\n")
        return
    from rich.console import Console

    sys.stdout.reconfigure(errors="replace")  # names of tracks may not be in the terminal's alphabet
    console = Console()
    if not console.is_terminal:
        console.width = 120  # a file has no edge to wrap at
    for scores in results:
        for table in to_tables(scores, per_track, confusions):
            console.print(table)
