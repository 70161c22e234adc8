"""Progress of a batch: bars on a terminal, lines in a log, or nothing."""

import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from ..errors import AudioError, printable
from ..sound.audio import probe
from .jobs import Job, Outcome
from .run import Observer
from .summary import clock, hits_of

_COMPILING = "compiling (the first time on this machine only) ..."
_LOG_EVERY_S = 30.0  # time between lines on a recording in progress (by hand)
_LINES_OF_SKIPPED = 50  # maximum number of recordings of which those that were done before have a line (by hand)
_PROBED = 500  # maximum number of recordings whose lengths are looked up before the first begins (by hand)


def make_observer(console: Console, jobs: Sequence[Job], quiet: bool) -> "Silence | Lines | Bars":
    """Make the observer that suits the console, as a context manager: bars on a terminal, else lines, or nothing.

    Parameters
    ----------
    console : Console
        The console to write to.
    jobs : Sequence[Job]
        The recordings.
    quiet : bool
        Whether to show nothing.

    Returns
    -------
    Silence | Lines | Bars
        The observer.
    """
    if quiet:
        return Silence()
    return Bars(console, jobs) if console.is_terminal else Lines(console, len(jobs))


class Silence(Observer):
    """An observer that shows nothing.

    Attributes
    ----------
    tells_failures : bool
        Whether it prints the reason of each failure, so that nothing else needs to.
    """

    tells_failures = False

    def __enter__(self) -> "Silence":
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Failures(Silence):
    """An observer that prints one line for each failure, when it happens.

    Parameters
    ----------
    console : Console
        The console to write to.
    """

    tells_failures = True

    def __init__(self, console: Console) -> None:
        self._console = console

    def finished(self, outcome: Outcome) -> None:
        if outcome.status == "failed":
            self._console.print(Text(printable(f"failed: {outcome.error}"), style="red"), soft_wrap=True)


class Lines(Silence):
    """An observer that prints one line for each recording that ends, and at intervals for a long one.

    Parameters
    ----------
    console : Console
        The console to write to.
    count : int
        Number of recordings.
    """

    tells_failures = True

    def __init__(self, console: Console, count: int) -> None:
        self._console = console
        self._count = count
        self._finished = 0
        self._last = time.monotonic()
        self._compiled = False

    def compiling(self, job: Job) -> None:
        if not self._compiled:
            self._compiled = True
            self._say(_COMPILING)

    def advanced(self, job: Job, seconds: float) -> None:
        if time.monotonic() - self._last > _LOG_EVERY_S:
            self._say(f"{job.source}: {clock(seconds)} done")

    def finished(self, outcome: Outcome) -> None:
        self._finished += 1
        if outcome.status == "done":
            rhythm = f", {outcome.rhythm}" if outcome.rhythm is not None else ""
            self._say(f"{outcome.job.source}: {hits_of(outcome)}{rhythm}")
        elif outcome.status == "failed":
            self._say(f"failed: {outcome.error}")
        else:
            self._skipped(outcome)

    def _skipped(self, outcome: Outcome) -> None:
        edited = any("edited" in note for note in outcome.notes)
        if edited or self._count <= _LINES_OF_SKIPPED:
            self._say(f"{outcome.job.source}: {'kept, as it was edited' if edited else 'done before'}")

    def _say(self, line: str) -> None:
        self._last = time.monotonic()
        self._console.print(f"[{self._finished}/{self._count}] {line}", soft_wrap=True)


class Bars(Silence):
    """An observer that shows a bar for all audio, and one for each recording in progress.

    Parameters
    ----------
    console : Console
        The console to write to.
    jobs : Sequence[Job]
        The recordings.
    """

    def __init__(self, console: Console, jobs: Sequence[Job]) -> None:
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
        self._count = len(jobs)
        # A long batch counts recordings instead of seconds.
        self._durations = {job.source: _duration(job.source) for job in jobs} if self._count <= _PROBED else None
        self._finished = self._failed = 0
        self._compiling = False
        self._done = 0.0
        total = self._count if self._durations is None else sum(self._durations.values())
        self._all = self._progress.add_task("", total=total, counted=self._durations is None)
        self._tasks: dict[Path, TaskID] = {}
        self._reached: dict[Path, float] = {}

    def __enter__(self) -> "Bars":
        self._update()
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def started(self, job: Job) -> None:
        total = _duration(job.source) if self._durations is None else self._durations[job.source]
        self._tasks[job.source] = self._progress.add_task(_short(job.source.name), total=total, counted=False)

    def compiling(self, job: Job) -> None:
        self._compiling = True
        self._update()

    def advanced(self, job: Job, seconds: float) -> None:
        self._compiling = False
        self._reached[job.source] = seconds
        self._progress.update(self._tasks[job.source], completed=seconds)
        self._update()

    def finished(self, outcome: Outcome) -> None:
        source = outcome.job.source
        self._finished += 1
        self._done += 1 if self._durations is None else self._durations[source]
        self._reached.pop(source, None)
        if source in self._tasks:
            self._progress.remove_task(self._tasks.pop(source))
        self._failed += outcome.status == "failed"
        self._update()

    def _update(self) -> None:
        self._progress.update(
            self._all,
            description=_COMPILING
            if self._compiling
            else f"{self._finished} of {self._count} recordings" + (f", {self._failed} failed" if self._failed else ""),
            completed=self._done + (0 if self._durations is None else sum(self._reached.values())),
        )


class _PaceColumn(ProgressColumn):
    """Speed as a multiple of real time."""

    def render(self, task: Task) -> Text:
        unit = "recordings/s" if task.fields["counted"] else "x real time"
        return Text(f"{task.speed:.0f} {unit}" if task.speed else "")


def _duration(path: Path) -> float:
    """Return the length of a recording in seconds; 0 if it cannot be read, which its transcription will report."""
    try:
        return probe(path).duration
    except AudioError:
        return 0.0


def _short(name: str, width: int = 32) -> str:
    name = printable(name)
    return name if len(name) <= width else f"{name[: width // 2 - 1]}…{name[-width // 2 :]}"
