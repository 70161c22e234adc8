"""Run a batch: transcribe every recording and write the outputs, or report its failure, one independent of another."""

import sqlite3
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from ..errors import DrumscribeError
from ..files import remove_leftovers
from ..formats.outputs import Delivery
from .events import Advanced, Compiling, Died, Ended, Event, Lost, Started
from .jobs import Job, Outcome, Report
from .journal import Journal, Known
from .patience import Patience
from .remote import is_remote
from .spool import Outcomes
from .work import FileTranscriber, Work
from .workers import WAIT_S, run_in_workers

Crew = Callable[[Callable, Iterator[tuple[int, Job] | None], Patience], Generator[Event, None, None]]
"""Runs jobs as `workers.run_in_workers` does, but elsewhere."""


class Observer:
    """Receives batch events; displays subclass it."""

    def started(self, job: Job) -> None:
        """Receive that a recording has begun."""

    def compiling(self, job: Job) -> None:
        """Receive that a recording waits for the compilation of code, which happens once per machine."""

    def advanced(self, job: Job, seconds: float) -> None:
        """Receive progress.

        Parameters
        ----------
        job : Job
            The recording.
        seconds : float
            Number of its seconds that are transcribed.
        """

    def finished(self, outcome: Outcome) -> None:
        """Receive the outcome of a recording."""


@dataclass(frozen=True, slots=True)
class How:
    """How a batch is run.

    Attributes
    ----------
    workers : int, default 0
        Number of processes, each with one recording and one thread at a time; 0 to use this process, which cannot end a
        recording that hangs.
    skip_existing : bool, default False
        Whether to skip recordings whose outputs all exist, without looking at the journal.
    strict : bool, default False
        Whether recordings that end early fail, instead of being transcribed up to that point.
    patience : Patience, optional
        How long a recording may take.
    """

    workers: int = 0
    skip_existing: bool = False
    strict: bool = False
    patience: Patience = field(default_factory=Patience)


def run(
    jobs: Sequence[Job],
    make_transcriber: Callable[[], FileTranscriber],
    delivery: Delivery | None = None,
    how: How | None = None,
    observer: Observer | None = None,
    journal: Journal | None = None,
    crew: Crew | None = None,
) -> Report:
    """Transcribe recordings and write the results, each file atomically.

    If one recording fails, the others are still transcribed; only a full disk ends the batch. Ctrl-C ends it and is
    reported; finished files stay. Memory does not grow with the size of the batch.

    Parameters
    ----------
    jobs : Sequence[Job]
        The jobs of a plan.
    make_transcriber : Callable[[], FileTranscriber]
        Makes a transcriber, once per worker; picklable if there are workers.
    delivery : Delivery, optional
        Formats and options of the outputs; if None, the names of the outputs give the formats.
    how : How, optional
        Processes, and recordings to skip.
    observer : Observer, optional
        Receives every event, in this process.
    journal : Journal, optional
        Lists the recordings that are done, also by other runs; only missing and changed ones are transcribed.
    crew : Crew, optional
        Runs the jobs, instead of processes of this machine.

    Returns
    -------
    Report
        The outcomes.
    """
    how, observer = how or How(), observer or Observer()
    began = time.monotonic()
    batch = _Batch(jobs, observer, journal, how.skip_existing)
    interrupted, ended = False, ""
    try:
        work = partial(Work, make_transcriber, delivery or Delivery(), how.strict)
        if crew is not None:
            events = crew(work, batch.tasks(), how.patience)
        elif how.workers:
            events = run_in_workers(work, batch.tasks(), min(how.workers, len(jobs)), how.patience)
        else:
            events = _run_here(work, batch.tasks(), observer)
        with closing(events):
            for event in events:
                batch.take(event)
                if batch.disk_full:
                    ended = "the disk is full: the batch ends here"
                    break
    except KeyboardInterrupt:
        interrupted = True
    except sqlite3.DatabaseError as error:
        ended = f"the journal cannot be read or written ({error}): the batch ends here"
    except DrumscribeError as error:  # the crew has failed
        ended = str(error)
    return Report(batch.outcomes, time.monotonic() - began, interrupted, ended)


class _Batch:
    """A batch in progress: yields jobs to do, and receives their reports."""

    def __init__(self, jobs: Sequence[Job], observer: Observer, journal: Journal | None, skip_existing: bool) -> None:
        self._jobs, self._observer, self._journal, self._skip = jobs, observer, journal, skip_existing
        self._held: dict[int, Job] = {}
        self.outcomes = Outcomes(jobs)
        self.disk_full = False

    def tasks(self) -> Iterator[tuple[int, Job] | None]:
        """Yield the jobs to do, with their numbers; None while other runs work on the last of them."""
        busy: list[tuple[int, Job]] = []
        for number, job in enumerate(self._jobs):
            yield from self._offered(number, job, busy)
        while busy:
            yield None
            again, busy = busy, []
            for number, job in again:
                yield from self._offered(number, job, busy)

    def _offered(self, number: int, job: Job, busy: list[tuple[int, Job]]) -> Iterator[tuple[int, Job]]:
        if self._skip and all(_has_content(output) for output in job.outputs):
            self._finish(number, Outcome(job, "skipped", outputs=job.outputs))
            return
        known = Known("do") if self._journal is None else self._journal.take(job)
        if known.verdict == "do":
            self._held[number] = job
            yield number, replace(job, own=known.own) if known.own else job
        elif known.verdict == "busy":
            busy.append((number, job))
        elif known.verdict == "failed":
            self._finish(number, Outcome(job, "failed", known.error))
        else:
            notes = ("edited since it was transcribed, and kept (--overwrite replaces it)",)
            edited = known.verdict == "edited"
            before = known.before or Outcome(job, "skipped", outputs=job.outputs)
            self._finish(number, replace(before, notes=notes if edited else ()))

    def take(self, event: Event) -> None:
        """Handle an event of a job."""
        job = self._held[event.index]
        if isinstance(event, (Lost, Died)):
            _remove_unfinished(job)
        if isinstance(event, Lost):
            return
        if isinstance(event, Started):
            self._observer.started(job)
        elif isinstance(event, Advanced):
            self._observer.advanced(job, event.seconds)
        elif isinstance(event, Compiling):
            self._observer.compiling(job)
        else:
            if isinstance(event, Died):
                outcome = Outcome(job, "failed", f"{job.source}: {event.cause}")
            else:
                outcome = replace(event.result, job=job)
            del self._held[event.index]
            if outcome.disk_full:
                self.disk_full = True
            elif self._journal is not None:
                self._journal.finish(outcome)
            self._finish(event.index, outcome)

    def _finish(self, number: int, outcome: Outcome) -> None:
        self.outcomes.put(number, outcome)
        self._observer.finished(outcome)


def _remove_unfinished(job: Job) -> None:
    """Remove what a process that has ended was writing."""
    for folder in {output.parent for output in job.outputs if not is_remote(output)}:
        remove_leftovers(folder)


def _has_content(output: Path) -> bool:
    try:
        return output.stat().st_size > 0
    except OSError:
        return False


def _run_here(
    make_work: "Callable[[], Work]", jobs: Iterator[tuple[int, Job] | None], observer: Observer
) -> Generator[Event, None, None]:
    """Do the same as `run_in_workers` in this process; events go straight to the observer."""
    work = make_work()
    for task in jobs:
        if task is None:
            time.sleep(WAIT_S)
            continue
        index, job = task
        yield Started(index)
        yield Ended(index, work(job, _DirectReporter(observer, job)))


class _DirectReporter:
    """Passes reports of a job to an observer."""

    def __init__(self, observer: Observer, job: Job) -> None:
        self._observer = observer
        self._job = job

    def __call__(self, seconds: float) -> None:
        self._observer.advanced(self._job, seconds)

    def compiling(self) -> None:
        """Report that code is being compiled."""
        self._observer.compiling(self._job)
