"""`drumscribe transcribe`."""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import printable
from .build import Hearing
from .group import before_work
from .options.batch import Batching, batching_options, timeout_option
from .options.outputs import STDOUT, Writing
from .options.paths import NamedPath
from .options.quantising import Quantising
from .options.rhythm import GivenRhythm
from .options.transcribing import transcribing_options
from .sections import command as sectioned
from .sections import option

if TYPE_CHECKING:
    from ..batch.jobs import Report
    from ..batch.journal import Journal
    from ..batch.plan import Plan
    from ..formats.outputs import Delivery


@sectioned("transcribe")
@click.argument("paths", nargs=-1, metavar="PATH...", type=NamedPath())
@transcribing_options
@batching_options
@timeout_option
@option("--strict", is_flag=True, help="Refuse recordings that end early, instead of transcribing their readable part.")
@option("--quiet", "-q", is_flag=True, help="Print failures only.")
@option("--json", "as_json", is_flag=True, help="Print a report for programs to standard output.")
@click.pass_context
def command(
    ctx: click.Context,
    paths: Sequence[str],
    writing: Writing,
    hearing: Hearing,
    rhythm: GivenRhythm,
    quantising: Quantising,
    batching: Batching,
    timeout: float | None,
    strict: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Transcribe recordings to MIDI files.

    The word transcribe may be left out: drumscribe PATH does the same.

    PATH is a recording (wav, aiff, flac, ogg, opus, mp3 and others; m4a, mp4 and the like with PyAV or ffmpeg), a
    folder, which is searched to any depth, or a pattern such as "songs/**/*.wav". Outputs mirror the folder given:
    songs/x/a.wav becomes DIR/x/a.mid. Where two outputs would have the same name, they keep the extension, as a.wav.mid
    and a.mp3.mid, and a note says so.

    The MIDI has drum notes on channel 10, 960 ticks per quarter, and the detected tempo and meter (120 BPM for playing
    in free time). No hit is moved without --quantize. Put the recording and the MIDI at the start of a sequencer: they
    run together, with bar lines on the detected downbeats.

    A recording that cannot be read, or hangs, does not stop the others. Ctrl-C does; finished files stay. For folders
    and several recordings, a journal in the output folder lists what is done: the same command, run again, transcribes
    only what is missing or has changed. Several runs at once share the work.

    The exit code is 0 if all succeeded, 1 if some failed, 2 if nothing could be tried, 130 after Ctrl-C.
    """
    from ..runtime import one_thread

    with ExitStack() as stack:
        stack.enter_context(one_thread())  # before numpy is loaded, which reads this once
        from ..batch import progress, reports, summary
        from ..batch.patience import Patience
        from ..batch.run import How, run

        console = summary.make_console()
        with before_work():
            batching.check(paths, writing, as_json)
            hearing, small = hearing.fitting()
            hearing.check()
            delivery = writing.read(quantising, rhythm.fixed_tempo)
            plan = _plan(paths, writing, batching, stack)
            if batching.report is not None:
                reports.check_place(batching.report, plan)
            known = rhythm.read(len(plan.jobs))
            journal = None
            if _keeps_journal(paths, writing, batching):
                journal = batching.open_journal(writing, hearing, known, delivery, strict)
                stack.callback(journal.close)
            crew = batching.crew(stack)
        silent = quiet or writing.out == STDOUT
        if not silent:
            for note in (*([small] if small else []), *plan.notes, *(journal.notes if journal else ())):
                console.print(f"note: {note}", soft_wrap=True)
        how = How(_workers(writing, journal, timeout), batching.skip_existing, strict, Patience(timeout))
        with progress.make_observer(console, plan.jobs, silent) as observer:
            make = hearing.maker(known) if crew is None else hearing.packed(known)
            report = run(plan.jobs, make, delivery, how, observer, journal, crew)
        if writing.out == STDOUT:
            _print_outputs([output for outcome in report.outcomes for output in outcome.outputs])
        if not silent:
            summary.print_summary(console, plan, report, failures_told=observer.tells_failures)
        else:
            if not quiet:
                summary.print_remarks(console, report)
            summary.print_failures(console, plan, report)
        summary.print_end(console, report)
        if as_json:
            reports.write_json(sys.stdout, plan, report)
        if batching.report is not None:
            _write_report(batching.report, plan, report, delivery, quiet)
        failed = plan.problems or report.ended or any(outcome.status == "failed" for outcome in report.outcomes)
    ctx.exit(130 if report.interrupted else 1 if failed else 0)


def _keeps_journal(paths: Sequence[str], writing: Writing, batching: Batching) -> bool:
    """Whether a journal is kept: one recording that is named itself, or one output, is done whenever asked for."""
    if writing.out == STDOUT or writing.file_format is not None:
        return False
    return len(paths) != 1 or batching.from_file is not None or not Path(paths[0]).is_file()


def _workers(writing: Writing, journal: "Journal | None", timeout: float | None) -> int:
    """Return the number of processes; none for one recording, as they take a while to start."""
    from ..runtime import available_cores

    return writing.jobs or available_cores() if journal is not None or timeout is not None else 0


def _plan(paths: Sequence[str], writing: Writing, batching: Batching, stack: ExitStack) -> "Plan":
    """Plan the batch; what goes to standard output is written to a folder for the time being."""
    from ..batch.plan import plan, plan_one

    if writing.out == STDOUT:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="drumscribe-"))
        return plan_one(paths, Path(folder, f"out.{writing.endings[0]}"))
    if writing.file_format is not None:
        return plan_one(paths, writing.out)
    return plan(paths, writing.out, writing.endings, batching.listed(), batching.shard)


def _write_report(path: Path, plan: "Plan", report: "Report", delivery: "Delivery", quiet: bool) -> None:
    from ..batch.reports import write_report
    from ..formats.outputs import kept_note

    place = write_report(path, plan, report, delivery.written)
    if place != path and not quiet:
        click.echo(printable(f"note: {kept_note(path, place, 'a report by drumscribe')}"), err=True)


def _print_outputs(outputs: Sequence[Path]) -> None:
    for output in outputs:
        with output.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()
