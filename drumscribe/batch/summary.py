"""Summary of a batch: for a terminal, for a log, for another program."""

import os
from collections import Counter
from collections.abc import Iterable
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from ..errors import printable
from ..files import quoted
from ..music.drums import INSTRUMENTS
from .jobs import Outcome, Report
from .plan import Plan

_MAX_ROWS = 50  # maximum number of recordings of which each has a row in the summary (by hand)
_STATUS = {"skipped": "skipped", "failed": "failed", "stopped": "not done"}
_WIDTH = 80  # columns of a terminal that nobody has widened
_BOUNDLESS = 10_000  # columns, more than any table has (by hand)


class _Console(Console):
    """A console that prints file names safely, whatever characters they contain."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(printable(thing) if isinstance(thing, str) else thing for thing in objects), **options)


def make_console() -> Console:
    """Make a console on standard error, so that standard output is free for reports to programs."""
    console = _Console(stderr=True, highlight=False, markup=False)
    return console if console.is_terminal else _Console(stderr=True, highlight=False, markup=False, width=_WIDTH)


class Tally:
    """Totals of all outcomes, added up one by one.

    Parameters
    ----------
    report : Report
        The outcomes.

    Attributes
    ----------
    counts : Counter[str]
        Recordings by status.
    hits : Counter[str]
        Hits by instrument.
    duration, seconds : float
        Seconds of audio transcribed, and the sum of the times that its recordings took.
    first : list of Outcome
        The first recordings that are done, as many as have a row each.
    outputs : int
        Number of files written.
    folder : str or None
        The folder that contains all of them.
    """

    def __init__(self, report: Report) -> None:
        self.counts: Counter[str] = Counter()
        self.hits: Counter[str] = Counter()
        self.duration = self.seconds = 0.0
        self.first: list[Outcome] = []
        self.outputs = 0
        self.folder: str | None = None
        for outcome in report.outcomes:
            self.counts[outcome.status] += 1
            if outcome.status == "done":
                self._add(outcome)

    def _add(self, outcome: Outcome) -> None:
        self.hits += outcome.hits
        self.duration += outcome.duration
        self.seconds += outcome.seconds
        if len(self.first) <= _MAX_ROWS:
            self.first.append(outcome)
        for output in outcome.outputs:
            self.outputs += 1
            folder = str(output.parent)
            self.folder = folder if self.folder is None else os.path.commonpath([self.folder, folder])


def print_summary(console: Console, plan: Plan, report: Report, failures_told: bool = False) -> None:
    """Print a table of hits, then warnings and failures, a line of totals, where the outputs are, and what to do next.

    Parameters
    ----------
    console : Console
        The console to write to.
    plan : Plan
        The plan of the batch.
    report : Report
        The outcomes.
    failures_told : bool
        Whether failures were already printed when they happened.
    """
    tally = Tally(report)
    if tally.first:
        console.print(_table(tally, console))
    print_remarks(console, report)
    if failures_told:
        print_problems(console, plan)
    else:
        print_failures(console, plan, report)
    counts = {status: tally.counts[status] for status in ("skipped", "failed", "stopped")}
    counts["failed"] += len(plan.problems)
    others = "".join(f", {count} {_STATUS[status]}" for status, count in counts.items() if count)
    stopped = "stopped by Ctrl-C: " if report.interrupted else ""
    done = tally.counts["done"]
    pace = f": {pace_of(tally.duration, report.seconds)}" if done else ""
    console.print(f"{stopped}{done} transcribed{others}{pace}", soft_wrap=True)
    if done:
        console.print(f"wrote {_place_of(tally)}", soft_wrap=True)
        for line in _next_steps(tally.first[0]):
            console.print(line, soft_wrap=True)


def print_end(console: Console, report: Report) -> None:
    """Print why the batch ended early, if it did.

    Parameters
    ----------
    console : Console
        The console to write to.
    report : Report
        The outcomes.
    """
    if report.ended:
        console.print(Text(f"stopped: {report.ended}", style="red"), soft_wrap=True)


def _place_of(tally: Tally) -> str:
    """Return where the outputs are: a file, or their number and folder."""
    if tally.outputs == 1:
        return printable(tally.first[0].outputs[0])
    return f"{tally.outputs} files to {printable(tally.folder or '.')}{os.sep}"


def _next_steps(outcome: Outcome) -> list[str]:
    """Return suggestions for a transcription: how to listen to it, and which options change it."""
    source = quoted(outcome.job.source)
    readable = [output for output in outcome.outputs if output.suffix in (".mid", ".json")]
    given = f" -t {quoted(readable[0])}" if readable else ""
    return [
        f"next: drumscribe listen {source}{given} -o check.wav",
        "      mixes the recording with these hits, to check them by ear",
        "      --sensitivity 0.6 finds more hits, 0.4 fewer; --tempo, --meter and --kit help, too",
    ]


def print_remarks(console: Console, report: Report) -> None:
    """Print the warnings about recordings, except those of earlier runs, and the notes on their outputs.

    Parameters
    ----------
    console : Console
        The console to write to.
    report : Report
        The outcomes.
    """
    for outcome in report.outcomes:
        for warning in outcome.warnings if outcome.status != "skipped" else ():
            console.print(Text(printable(f"warning: {warning}"), style="yellow"), soft_wrap=True)
        for note in outcome.notes:
            console.print(f"{outcome.job.source}: {note}", soft_wrap=True)


def print_failures(console: Console, plan: Plan, report: Report) -> None:
    """Print a line for each failure, with the reason.

    Parameters
    ----------
    console : Console
        The console to write to.
    plan : Plan
        The plan of the batch.
    report : Report
        The outcomes.
    """
    print_problems(console, plan)
    _print_errors(console, (o.error for o in report.outcomes if o.status == "failed"))


def print_problems(console: Console, plan: Plan) -> None:
    """Print a line for each part of the request that could not be tried.

    Parameters
    ----------
    console : Console
        The console to write to.
    plan : Plan
        The plan of the batch.
    """
    _print_errors(console, plan.problems)


def _print_errors(console: Console, errors: Iterable[str]) -> None:
    for error in errors:
        console.print(Text(printable(f"failed: {error}"), style="red"), soft_wrap=True)


def _table(tally: Tally, console: Console) -> Table:
    """Return a table that fits the width: a column for each instrument that occurs, or else one with all counts."""
    heard = [name for name in instruments_of(tally.hits) if tally.hits[name]]
    table = _filled(tally, heard)
    boundless = console.options.update(max_width=_BOUNDLESS)  # else the table is measured after it is cut
    fits = Measurement.get(console, boundless, table).minimum <= min(console.width, _WIDTH)
    return table if fits else _filled(tally, [])


def _filled(tally: Tally, heard: list[str]) -> Table:
    """Return a table with a column for each instrument, or without any with one column of texts, which are folded."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("recording", overflow="fold", min_width=12)
    table.add_column("rhythm", min_width=12)
    for column in ("length", *(_spoken(name) for name in heard)):
        table.add_column(column, justify="right", min_width=cell_len(column))
    if not heard:
        table.add_column("hits")
    if len(tally.first) <= _MAX_ROWS:
        for name, o in zip(_names_of(tally.first), tally.first, strict=True):
            table.add_row(*_row(name, str(o.rhythm or ""), o.duration, o.hits, heard))
    if tally.counts["done"] > 1:
        table.add_section()
        table.add_row(*_row(f"all {tally.counts['done']}", "", tally.duration, tally.hits, heard))
    return table


def _names_of(outcomes: list[Outcome]) -> list[str]:
    """Return the names of recordings relative to their common folder."""
    folder = os.path.commonpath([os.path.abspath(outcome.job.source.parent) for outcome in outcomes])
    return [os.path.relpath(outcome.job.source, folder) for outcome in outcomes]


def instruments_of(hits: Iterable[str]) -> list[str]:
    """Return the instruments of the vocabulary, then a player's own sounds that occur."""
    return [*INSTRUMENTS, *sorted(set(hits) - set(INSTRUMENTS))]


def _row(name: str, rhythm: str, duration: float, hits: Counter[str], heard: list[str]) -> list[str | Text]:
    counts = [str(hits[instrument]) for instrument in heard] or [_counts_in_words(hits)]
    return [Text(printable(name)), rhythm, clock(duration), *counts]


def _counts_in_words(hits: Counter[str]) -> str:
    return ", ".join(f"{hits[name]} {_spoken(name)}" for name in instruments_of(hits) if hits[name]) or "none"


def _spoken(name: str) -> str:
    return printable(name.replace("_", " "))


def hits_of(outcome: Outcome) -> str:
    """Format the number of hits."""
    count = outcome.hits.total()
    return f"{count} hit{'' if count == 1 else 's'}"


def pace_of(duration: float, seconds: float) -> str:
    """Format a duration, the time it took, and their ratio.

    Parameters
    ----------
    duration : float
        Seconds of audio.
    seconds : float
        Seconds that the transcription took.

    Returns
    -------
    str
        For example "3:20 of audio in 2.1 s (95 x real time)".
    """
    speed = f" ({duration / seconds:.0f} x real time)" if duration > 0 < seconds else ""
    return f"{clock(duration)} of audio in {seconds:.1f} s{speed}"


def clock(seconds: float) -> str:
    """Format seconds as minutes and seconds, with hours if there are any."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
