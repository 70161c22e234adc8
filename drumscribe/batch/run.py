"""Many recordings: each is transcribed and written, or its failure is told, whatever happens to the others."""

import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

from ..errors import DrumscribeError
from ..hits import Transcription
from ..rhythm import Rhythm
from .delivery import Delivery
from .plan import Job
from .workers import Advanced, Died, Ended, Started, native_chatter_dropped, run_in_workers


class FileTranscriber(Protocol):
    """What a batch needs of `transcriber.Transcriber`."""

    def transcribe_file(self, path: Path, progress: Callable[[float], None] | None = None) -> Transcription: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recording.

    Attributes
    ----------
    status : "done"; "skipped", because its outputs were there; "failed"; "stopped", when the batch was.
    error : why it failed, in one line.
    warnings : what was wrong with it all the same.
    notes : what the user should know of its outputs.
    duration : length of the recording, in seconds.
    seconds : time that it took.
    hits : number of hits of each instrument that has any.
    rhythm : tempo, beats and meter, where they were looked for.
    """

    job: Job
    status: Literal["done", "skipped", "failed", "stopped"]
    error: str = ""
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    duration: float = 0.0
    seconds: float = 0.0
    hits: Counter[str] = field(default_factory=Counter)
    rhythm: Rhythm | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What became of all recordings, in the order of the jobs; `seconds` is the time that passed."""

    outcomes: tuple[Outcome, ...]
    seconds: float
    interrupted: bool = False


class Observer:
    """Told what happens, when it happens; a display derives from it."""

    def started(self, job: Job) -> None:
        """A recording is being transcribed."""

    def advanced(self, job: Job, seconds: float) -> None:
        """So many seconds of it are done."""

    def finished(self, outcome: Outcome) -> None:
        """It is done with."""


def run(
    jobs: Sequence[Job],
    make_transcriber: Callable[[], FileTranscriber],
    delivery: Delivery | None = None,
    *,
    workers: int = 1,
    skip_existing: bool = False,
    observer: Observer | None = None,
) -> Report:
    """Transcribe recordings and write the results, each file whole or not at all.

    No recording's failure keeps the others from being transcribed. Ctrl-C ends the batch and is told in the report;
    what was written before stays.

    Parameters
    ----------
    jobs : see `plan.plan`.
    make_transcriber : makes the transcriber, once per worker; picklable if there are several workers.
    delivery : how the results are written, if not as the names of the outputs say.
    workers : number of processes, each with one recording and one thread at a time; with 1, all is done in this one.
    skip_existing : leave recordings alone whose outputs all exist.
    observer : told of every start, progress and end, in this process.
    """
    observer = observer or Observer()
    began = time.monotonic()
    outcomes: dict[int, Outcome] = {}

    def finish(index: int, outcome: Outcome) -> None:
        outcomes[index] = outcome
        observer.finished(outcome)

    interrupted = False
    try:
        if skip_existing:
            for index, job in enumerate(jobs):
                if all(output.exists() for output in job.outputs):
                    finish(index, Outcome(job, "skipped"))
        todo = [index for index in range(len(jobs)) if index not in outcomes]
        work = partial(_Work, make_transcriber, delivery or Delivery())
        tasks = [jobs[index] for index in todo]
        workers = min(workers, len(tasks))
        events = run_in_workers(work, tasks, workers) if workers > 1 else _run_here(work, tasks, observer)
        with closing(events):
            for event in events:
                job = tasks[event.index]
                if isinstance(event, Started):
                    observer.started(job)
                elif isinstance(event, Advanced):
                    observer.advanced(job, event.seconds)
                elif isinstance(event, Died):
                    finish(todo[event.index], Outcome(job, "failed", f"{job.source}: {event.cause}"))
                else:
                    finish(todo[event.index], event.result)
    except KeyboardInterrupt:
        interrupted = True
    results = tuple(outcomes.get(index) or Outcome(job, "stopped") for index, job in enumerate(jobs))
    return Report(results, time.monotonic() - began, interrupted)


def _run_here(make_work, jobs: Sequence[Job], observer: Observer):
    """The same as `run_in_workers`, in this process; progress goes straight to the observer."""
    work = make_work()
    for index, job in enumerate(jobs):
        yield Started(index)
        yield Ended(index, work(job, partial(observer.advanced, job)))


class _Work:
    """Transcribes one recording after the other with one transcriber."""

    def __init__(self, make_transcriber: Callable[[], FileTranscriber], delivery: Delivery):
        self._make_transcriber = make_transcriber
        self._delivery = delivery
        self._transcriber: FileTranscriber | None = None

    def __call__(self, job: Job, progress: Callable[[float], None]) -> Outcome:
        began = time.monotonic()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
                warnings.simplefilter("ignore", category)
            try:
                transcription, notes = self._transcribe_and_write(job, progress)
                error = ""
            except DrumscribeError as problem:
                transcription, error = None, str(problem)
            except MemoryError:
                transcription, error = None, f"{job.source}: there is not enough memory"
            except Exception as problem:  # a bug, or a machine at its end: told as what it is, and the next one tried
                transcription, error = None, f"{job.source}: {_unexpected(problem)}"
        told = tuple(dict.fromkeys(_one_line(str(w.message)) for w in caught))
        seconds = time.monotonic() - began
        if transcription is None:
            return Outcome(job, "failed", _one_line(error), told, seconds=seconds)
        hits = Counter(hit.instrument for hit in transcription.hits)
        return Outcome(job, "done", "", told, notes, transcription.duration, seconds, hits, transcription.rhythm)

    def _transcribe_and_write(
        self, job: Job, progress: Callable[[float], None]
    ) -> tuple[Transcription, tuple[str, ...]]:
        if self._transcriber is None:
            with native_chatter_dropped():
                self._transcriber = self._make_transcriber()
        transcription = self._transcriber.transcribe_file(job.source, progress)
        return transcription, self._delivery.deliver(transcription, job.outputs)


def _unexpected(error: Exception) -> str:
    """An exception that nobody foresaw, with the place that it came from."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" ({Path(place.tb_frame.f_code.co_filename).name}, line {place.tb_lineno})" if place else ""
    return f"unexpected {type(error).__name__}: {error}{where}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
