"""`drumscribe watch`."""

from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import click

from ..errors import DrumscribeError
from .build import Hearing, settings_of
from .group import before_work
from .options.batch import timeout_option
from .options.numbers import FiniteRange
from .options.outputs import Writing
from .options.paths import NamedPath
from .options.quantising import Quantising
from .options.rhythm import GivenRhythm
from .options.transcribing import transcribing_options
from .sections import command as sectioned
from .sections import option


@sectioned("watch")
@click.argument("folder", type=NamedPath(path_type=Path))
@partial(transcribing_options, folder_only=True)
@option(
    "--settle",
    type=FiniteRange(min=0.1),
    default=2.0,
    metavar="SECONDS",
    help="Transcribe a recording once it has not changed for this long.",
)
@timeout_option
@option("--strict", is_flag=True, help="Refuse recordings that end early, instead of transcribing their readable part.")
@option("--quiet", "-q", is_flag=True, help="Print failures only.")
@click.pass_context
def command(
    ctx: click.Context,
    folder: Path,
    writing: Writing,
    hearing: Hearing,
    rhythm: GivenRhythm,
    quantising: Quantising,
    settle: float,
    timeout: float | None,
    strict: bool,
    quiet: bool,
) -> None:
    """Transcribe recordings as they come into a folder.

    Until Ctrl-C, it transcribes the recordings in FOLDER, and those that are added to it.

    It takes a recording once this is complete: it has not changed for a while, and no program keeps it locked. A
    journal in the output folder lists what is done, so a restart repeats nothing and misses nothing. A recording that
    is bounced again, or that failed and has changed, is transcribed again. Outputs mirror FOLDER, as with transcribe.
    """
    from ..runtime import available_cores, one_thread

    with one_thread():  # before numpy is loaded, which reads this once
        from ..batch import progress, summary
        from ..batch.jobs import Job
        from ..batch.journal import Journal
        from ..batch.patience import Patience
        from ..batch.plan import prepare_folder
        from ..batch.run import Observer
        from ..batch.watching import Watch, WatchOptions

        console = summary.make_console()
        with before_work():
            if not folder.is_dir():
                raise DrumscribeError(f"{folder}: no such folder to watch")
            if writing.file_format is not None or str(writing.out) == "-":
                raise DrumscribeError(f"{writing.out}: is one file: give --out a folder")
            hearing, small = hearing.fitting()
            hearing.check()
            delivery, known = writing.read(quantising, rhythm.fixed_tempo), rhythm.read(1)
            prepare_folder(writing.out)
            settings = settings_of(hearing, known, delivery, strict)
            journal = Journal(writing.out, settings, written=delivery.written)

        def observe(jobs: Sequence[Job]) -> Observer:
            return progress.Failures(console) if quiet else progress.Lines(console, len(jobs))

        if not quiet:
            if small:
                console.print(f"note: {small}", soft_wrap=True)
            console.print(f"watching {folder}; Ctrl-C ends it", soft_wrap=True)
        workers = writing.jobs or available_cores()
        options = WatchOptions(settle=settle, workers=workers, strict=strict, patience=Patience(timeout))
        watch = Watch([folder], writing.out, writing.endings, options, journal)
        with closing(journal):
            for report in watch.run(hearing.maker(known), delivery, observe):
                if not quiet:
                    summary.print_remarks(console, report)
                summary.print_end(console, report)
                if report.ended:
                    ctx.exit(1)
