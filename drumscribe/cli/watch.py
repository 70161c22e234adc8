"""`drumscribe watch`."""

from collections.abc import Sequence
from pathlib import Path

import click

from ..errors import DrumscribeError
from . import options
from .counting import Counting, counting_options
from .group import before_work
from .quantising import Quantising, quantise_options
from .writing import Writing, writing_options


@click.command("watch")
@click.argument("folder", type=click.Path(path_type=Path))
@writing_options
@options.listening_options
@options.kit_option
@options.percussion_option
@counting_options
@quantise_options
@click.option(
    "--settle",
    type=click.FloatRange(min=0.1),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="A recording that has not changed for so long is complete.",
)
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but what failed.")
def command(
    folder: Path,
    writing: Writing,
    counting: Counting,
    quantising: Quantising,
    sensitivities,
    model,
    kit,
    percussion,
    settle,
    quiet,
) -> None:
    """Transcribe the recordings in FOLDER, and those that come to it, until Ctrl-C.

    A recording is taken once it is complete: it has not changed for a while, and nobody keeps it locked. One whose
    outputs are there and newer than it is left alone, so that a restart repeats and loses nothing; one that is bounced
    anew, or that failed and has changed, is transcribed again. Outputs mirror FOLDER, as of transcribe.
    """
    from ..batch.workers import available_cores, one_thread

    with one_thread():  # before numpy is loaded, which reads this once
        from functools import partial

        from ..batch import reporting
        from ..batch.plan import Job, prepare_folder
        from ..batch.run import Observer
        from ..batch.watching import Watch, WatchOptions

        console = reporting.make_console()
        with before_work():
            if not folder.is_dir():
                raise DrumscribeError(f"{folder}: no such folder to watch")
            options.check_model_and_kit(model, kit, percussion)
            delivery, rhythm = writing.read(quantising), counting.read(1)
            prepare_folder(writing.out)

        def observe(jobs: Sequence[Job]) -> Observer:
            return reporting.Failures(console) if quiet else reporting.Lines(console, len(jobs))

        if not quiet:
            console.print(f"watching {folder}; Ctrl-C ends it", soft_wrap=True)
        made = partial(options.make_transcriber, model, kit, sensitivities, rhythm, percussion)
        workers = writing.jobs or available_cores()
        watch = Watch([folder], writing.out, writing.endings, WatchOptions(settle=settle, workers=workers))
        for report in watch.run(made, delivery, observe):
            if not quiet:
                reporting.print_remarks(console, report)
