"""Run a batch: transcribe every recording and write the outputs, or report its failure, one independent of another."""

import sqlite3
import time
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from ..compiling import compilation_reported
from ..errors import AudioError, DrumscribeError
from ..files import is_full, remove_leftovers
from ..formats.outputs import Delivered, Delivery
from ..music.transcription import Transcription
from ..sound.audio import IncompleteWarning
from .events import Advanced, Compiling, Died, Ended, Event, Lost, Started
from .jobs import Job, Outcome, Report, RhythmFigures
from .journal import Journal, Known
from .lanes import lanes_of
from .patience import Patience
from .remote import address_of, fetched, is_remote, put
from .spool import Outcomes
from .workers import WAIT_S, Reporter, run_in_workers

Crew = Callable[[Callable, Iterator[tuple[int, Job] | None], Patience], Generator[Event, None, None]]
"""Runs jobs as `workers.run_in_workers` does, but elsewhere."""


class FileTranscriber(Protocol):
    """The methods of `transcriber.Transcriber` that a batch needs."""

    def transcribe_file(self, path: Path, progress: Callable[[float], None] | None = None) -> Transcription:
        """Transcribe a recording; see `transcriber.Transcriber.transcribe_file`.

        Parameters
        ----------
        path : Path
            The recording.
        progress : Callable[[float], None], optional
            Called with the number of seconds that are done.

        Returns
        -------
        Transcription
            The transcription.
        """
        ...


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


class Work:
    """Transcribes recordings one after another with one transcriber.

    Parameters
    ----------
    make_transcriber : Callable[[], FileTranscriber]
        Called on the first recording.
    delivery : Delivery
        How the outputs are written.
    strict : bool
        Whether recordings that end early fail.
    """

    def __init__(
        self, make_transcriber: Callable[[], FileTranscriber], delivery: Delivery, strict: bool = False
    ) -> None:
        self._make_transcriber = make_transcriber
        self._delivery = delivery
        self._strict = strict
        self._transcriber: FileTranscriber | None = None

    def __call__(self, job: Job, progress: Reporter) -> Outcome:
        began = time.monotonic()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
                warnings.simplefilter("ignore", category)
            if self._strict:
                warnings.simplefilter("error", IncompleteWarning)
            full = False
            try:
                transcription, delivered = self._transcribe_and_write(job, progress)
                error = ""
            except (DrumscribeError, IncompleteWarning) as problem:
                transcription, error, full = None, _named(job, str(problem)), is_full(problem)
            except MemoryError:
                transcription, error = None, f"{job.source}: not enough memory"
            except Exception as problem:  # a bug, or a machine out of resources: report it, and try the next job
                transcription, error, full = None, f"{job.source}: {_unexpected(problem)}", is_full(problem)
        raised = tuple(dict.fromkeys(_one_line(_named(job, str(w.message))) for w in caught))
        seconds = time.monotonic() - began
        if transcription is None:
            return Outcome(job, "failed", _one_line(error), raised, seconds=seconds, disk_full=full)
        hits = Counter(hit.instrument for hit in transcription.hits)
        length = transcription.duration
        rhythm = None if transcription.rhythm is None else RhythmFigures.of(transcription.rhythm)
        picture = lanes_of(transcription)
        facts = (raised, delivered.notes, delivered.outputs, length, seconds, hits, rhythm)
        return Outcome(job, "done", "", *facts, picture=picture)

    def _transcribe_and_write(self, job: Job, progress: Reporter) -> tuple[Transcription, Delivered]:
        if self._transcriber is None:
            self._transcriber = self._make_transcriber()
        if self._delivery.written is not None:
            self._delivery.written.trust(job.own)
        with fetched(job.source) as source, put(job.outputs) as outputs:
            try:
                with compilation_reported(progress.compiling):
                    transcription = self._transcriber.transcribe_file(source, progress)
            except DrumscribeError as error:
                if source is job.source:
                    raise
                raise AudioError(str(error).replace(str(source), address_of(job.source))) from error
            delivered = self._delivery.deliver(transcription, outputs, job.source)
        return transcription, delivered if outputs == job.outputs else delivered._replace(outputs=job.outputs)


def _named(job: Job, text: str) -> str:
    """Begin a text with its recording, unless it names it."""
    source = address_of(job.source) if is_remote(job.source) else str(job.source)
    return text if source in text else f"{source}: {text}"


def _unexpected(error: Exception) -> str:
    """Describe an unexpected exception, with the line that raised it."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" ({Path(place.tb_frame.f_code.co_filename).name}, line {place.tb_lineno})" if place else ""
    return f"unexpected {type(error).__name__}: {error}{where}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
