"""What a batch tells while it runs and when it ends: to a terminal, to a log, to another program."""

import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ..audio import probe
from ..drums import INSTRUMENTS
from ..errors import AudioError
from ..rhythm import Rhythm
from .plan import Job, Plan
from .run import Observer, Outcome, Report

_LOG_EVERY = 30.0  # seconds between lines on a recording that is still in work
_ROWS_MAX = 50  # recordings up to which the summary has a row for each
_LOG_WIDTH = 160


def make_console() -> Console:
    """A console on standard error, which leaves standard output to reports for programs."""
    console = Console(stderr=True, highlight=False, markup=False)
    return console if console.is_terminal else Console(stderr=True, highlight=False, markup=False, width=_LOG_WIDTH)


def make_observer(console: Console, jobs: tuple[Job, ...], quiet: bool) -> "Silence | Lines | Bars":
    """The observer that suits: bars on a terminal, lines elsewhere, or nothing. A context manager."""
    if quiet:
        return Silence()
    return Bars(console, jobs) if console.is_terminal else Lines(console, len(jobs))


class Silence(Observer):
    """Says nothing."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Failures(Silence):
    """A line for each recording that fails, when it does."""

    def __init__(self, console: Console):
        self._console = console

    def finished(self, outcome: Outcome) -> None:
        if outcome.status == "failed":
            self._console.print(Text(f"failed: {outcome.error}", style="red"), soft_wrap=True)


class Lines(Silence):
    """A line for each recording that is done with, and now and then for one that takes long."""

    def __init__(self, console: Console, count: int):
        self._console = console
        self._count = count
        self._finished = 0
        self._last = time.monotonic()

    def advanced(self, job: Job, seconds: float) -> None:
        if time.monotonic() - self._last > _LOG_EVERY:
            self._say(f"{job.source}: {clock(seconds)} done")

    def finished(self, outcome: Outcome) -> None:
        self._finished += 1
        if outcome.status == "done":
            counted = f", {outcome.rhythm}" if outcome.rhythm is not None else ""
            told = f"{outcome.job.source}: {_hits(outcome)}{counted}, {_pace(outcome.duration, outcome.seconds)}"
        elif outcome.status == "failed":
            told = f"failed: {outcome.error}"
        else:
            told = f"{outcome.job.source}: skipped, it has been transcribed before"
        self._say(told)

    def _say(self, line: str) -> None:
        self._last = time.monotonic()
        self._console.print(f"[{self._finished}/{self._count}] {line}", soft_wrap=True)


class Bars(Silence):
    """A bar for all the audio, and one for each recording in work."""

    def __init__(self, console: Console, jobs: tuple[Job, ...]):
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            _PaceColumn(),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            refresh_per_second=5,
        )
        self._durations = {job.source: _duration(job.source) for job in jobs}
        self._count = len(jobs)
        self._finished = self._failed = 0
        self._done = 0.0
        self._all = self._progress.add_task("", total=sum(self._durations.values()))
        self._tasks: dict[Path, TaskID] = {}
        self._reached: dict[Path, float] = {}

    def __enter__(self):
        self._update()
        self._progress.start()
        return self

    def __exit__(self, *_):
        self._progress.stop()

    def started(self, job: Job) -> None:
        self._tasks[job.source] = self._progress.add_task(_short(job.source.name), total=self._durations[job.source])

    def advanced(self, job: Job, seconds: float) -> None:
        self._reached[job.source] = seconds
        self._progress.update(self._tasks[job.source], completed=seconds)
        self._update()

    def finished(self, outcome: Outcome) -> None:
        source = outcome.job.source
        self._finished += 1
        self._done += self._durations[source]
        self._reached.pop(source, None)
        if source in self._tasks:
            self._progress.remove_task(self._tasks.pop(source))
        self._failed += outcome.status == "failed"
        self._update()

    def _update(self) -> None:
        self._progress.update(
            self._all,
            description=f"{self._finished} of {self._count} recordings"
            + (f", {self._failed} failed" if self._failed else ""),
            completed=self._done + sum(self._reached.values()),
        )


class _PaceColumn(ProgressColumn):
    """Speed, as a multiple of real time."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.0f} x real time" if task.speed else "")


def _duration(path: Path) -> float:
    """Seconds of a recording; 0 if it cannot be read, which its transcription will tell."""
    try:
        return probe(path).duration
    except AudioError:
        return 0.0


def _short(name: str, width: int = 32) -> str:
    return name if len(name) <= width else f"{name[: width // 2 - 1]}…{name[-width // 2 :]}"


def print_summary(console: Console, plan: Plan, report: Report) -> None:
    """A table of hits, durations and times, then what was odd or went wrong, and a line on all of it."""
    done = [outcome for outcome in report.outcomes if outcome.status == "done"]
    if done:
        console.print(_table(done))
    print_remarks(console, report)
    print_failures(console, plan, report)
    counts = {status: sum(o.status == status for o in report.outcomes) for status in ("skipped", "failed", "stopped")}
    counts["failed"] += len(plan.problems)
    others = "".join(f", {count} {_STATUS[status]}" for status, count in counts.items() if count)
    stopped = "stopped by Ctrl-C: " if report.interrupted else ""
    pace = _pace(sum(o.duration for o in done), report.seconds)
    console.print(f"{stopped}{len(done)} transcribed{others}: {pace}", soft_wrap=True)


_STATUS = {"skipped": "skipped", "failed": "failed", "stopped": "not done"}


def print_remarks(console: Console, report: Report) -> None:
    """What was odd about recordings, and what the user should know of their outputs."""
    for outcome in report.outcomes:
        for warning in outcome.warnings:
            console.print(Text(f"warning: {warning}", style="yellow"), soft_wrap=True)
        for note in outcome.notes:
            console.print(f"{outcome.job.source}: {note}", soft_wrap=True)


def print_failures(console: Console, plan: Plan, report: Report) -> None:
    """A line for each thing that failed, with the reason."""
    for error in (*plan.problems, *(o.error for o in report.outcomes if o.status == "failed")):
        console.print(Text(f"failed: {error}", style="red"), soft_wrap=True)


def _table(done: list[Outcome]) -> Table:
    table = Table("recording", "rhythm")
    heard = _instruments(done)
    for column in ("length", "time", *heard):
        table.add_column(column, justify="right")
    if len(done) <= _ROWS_MAX:
        for outcome in done:
            table.add_row(*_row(Text(str(outcome.job.source), overflow="fold"), [outcome], heard))
    if len(done) > 1:
        table.add_section()
        table.add_row(*_row(Text(f"all {len(done)}"), done, heard))
    return table


def _instruments(outcomes: list[Outcome]) -> list[str]:
    """The vocabulary's instruments, and after them the sounds of a player's own that were heard."""
    return [*INSTRUMENTS, *sorted({name for o in outcomes for name in o.hits} - set(INSTRUMENTS))]


def _row(name: Text, outcomes: list[Outcome], heard: list[str]) -> list[str | Text]:
    length, seconds = sum(o.duration for o in outcomes), sum(o.seconds for o in outcomes)
    hits = (str(sum(o.hits[instrument] for o in outcomes)) for instrument in heard)
    rhythm = str(outcomes[0].rhythm or "") if len(outcomes) == 1 else ""
    return [name, rhythm, clock(length), f"{seconds:.1f} s", *hits]


def _hits(outcome: Outcome) -> str:
    count = outcome.hits.total()
    return f"{count} hit{'' if count == 1 else 's'}"


def _pace(duration: float, seconds: float) -> str:
    speed = f" ({duration / seconds:.0f} x real time)" if duration > 0 < seconds else ""
    return f"{clock(duration)} of audio in {seconds:.1f} s{speed}"


def clock(seconds: float) -> str:
    """Seconds as hours, minutes and seconds, as short as can be."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def to_data(plan: Plan, report: Report) -> dict:
    """The report as plain data for JSON, version 1.

    `recordings` has, in the order of the work, `source`, `status` ("done", "skipped", "failed", "stopped"), `outputs`
    (the files written, or found when skipped), `duration` and `seconds` (length of the audio, time it took), `hits`
    (by instrument), `rhythm` (null where none was looked for, else `tempo` in quarters per minute, null where it
    changes, `meter`, such as "4/4", both null in free time, and `confidence`), `warnings`, `notes` on the outputs, and
    `error` (null if there is none). `problems` and
    `notes` are lines on what was asked for: paths where nothing could be found, outputs with unexpected names.
    """
    return {
        "format": "drumscribe.report",
        "version": 1,
        "recordings": [_outcome_data(outcome) for outcome in report.outcomes],
        "problems": list(plan.problems),
        "notes": list(plan.notes),
        "seconds": round(report.seconds, 3),
        "interrupted": report.interrupted,
    }


def _outcome_data(outcome: Outcome) -> dict:
    there = outcome.status in ("done", "skipped")
    return {
        "source": str(outcome.job.source),
        "status": outcome.status,
        "outputs": [str(output) for output in outcome.job.outputs] if there else [],
        "duration": round(outcome.duration, 6),
        "seconds": round(outcome.seconds, 3),
        "hits": {instrument: outcome.hits[instrument] for instrument in _instruments([outcome])},
        "rhythm": None if outcome.rhythm is None else _rhythm_data(outcome.rhythm),
        "warnings": list(outcome.warnings),
        "notes": list(outcome.notes),
        "error": outcome.error or None,
    }


def _rhythm_data(rhythm: Rhythm) -> dict:
    tempo, meter = rhythm.tempo, rhythm.meter
    return {
        "tempo": None if tempo is None else round(tempo, 3),
        "meter": None if meter is None else str(meter),
        "confidence": round(rhythm.confidence, 3),
    }
