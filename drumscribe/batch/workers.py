"""Worker processes: each does one job at a time on one thread, and none can affect the others.

A process pool of the standard library gives up all jobs when one worker dies, and does not report which job killed it.
Here every worker has its own pipe, so its death affects only its own job, which is tried once more in a new process.
Jobs are taken from an iterator one by one, so memory does not grow with the size of the batch.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from ..runtime import one_thread
from .events import Advanced, Begun, Compiling, Died, Ended, Event, Lost, Started
from .patience import START_S, Patience

_REPORT_EVERY_S = 0.1  # time between reports of progress
_GRACE_S = 2.0  # time that workers have to end on their own when the batch is stopped
WAIT_S = 0.5
"""Time between checks for jobs that take too long, or that wait for another run."""
_END = (-1, None)  # sent instead of a job: there are no more


class Stop(BaseException):
    """Raised inside a job when the batch is stopped; not a failure, hence not an Exception."""


class Reporter(Protocol):
    """Receives reports of a job: called with the number of seconds of audio that are done."""

    def __call__(self, seconds: float) -> None: ...

    def compiling(self) -> None:
        """Report that code is being compiled."""


Work = Callable[[Any, Reporter], Any]
"""Does a job, given the job and a receiver of reports, and returns the result."""


def run_in_workers(
    make_work: Callable[[], Work],
    jobs: Iterator[tuple[int, Any] | None],
    workers: int,
    patience: Patience,
    kept: "list[Worker] | None" = None,
) -> Generator[Event, None, None]:
    """Run jobs in processes, and yield events as they happen.

    Closing the iterator, or an exception such as KeyboardInterrupt in it, stops the jobs.

    Parameters
    ----------
    make_work : Callable[[], Work]
        Called once in each worker; returns the function that does a job. Picklable, as are jobs and results.
    jobs : Iterator[tuple[int, Any] | None]
        The jobs with their numbers, taken when a worker is free; None if there is none at the moment.
    workers : int
        Number of processes.
    patience : Patience
        How long a job may take.
    kept : list of Worker, optional
        Processes of an earlier call for the same work; those that are idle at the end are put back.

    Yields
    ------
    Event
        Start, progress and end of each job.
    """
    crew = [] if kept is None else kept
    again: list[tuple[int, Any]] = []
    tried: set[int] = set()
    more = True
    try:
        while more or again or any(worker.held for worker in crew):
            for _ in range(workers - sum(worker.held is not None for worker in crew)):
                task = again.pop() if again else next(jobs, _END) if more else _END
                if task is _END:
                    more = False
                    break
                if task is None:
                    break
                idle = next((worker for worker in crew if worker.held is None), None)
                if idle is None:
                    crew.append(idle := Worker(make_work))
                idle.begin(*task)
                if task[0] not in tried:
                    yield Started(task[0])
            busy = [worker for worker in crew if worker.held]
            if not busy:
                time.sleep(WAIT_S if more else 0)
            # With a timeout, because Windows does not interrupt a wait without one, and to check for jobs that take too
            # long.
            for ready in connection.wait([worker.pipe for worker in busy], timeout=WAIT_S) if busy else ():
                worker = next(w for w in crew if w.pipe is ready)
                event = worker.receive()
                if isinstance(event, Begun):
                    continue
                if isinstance(event, Died) and worker.held:
                    crew.remove(worker)
                    if event.index not in tried:  # once more, in a new process
                        tried.add(event.index)
                        again.append(worker.held)
                        event = Lost(event.index)
                if isinstance(event, (Ended, Died)):
                    tried.discard(event.index)
                    worker.held = None
                yield event
            for worker in [w for w in crew if w.held and patience.is_over(w.began, w.reached)]:
                crew.remove(worker)
                worker.kill()
                if worker.held:
                    yield Died(worker.held[0], patience.words(worker.reached))
    finally:
        ending = [worker for worker in crew if kept is None or worker.held]
        crew[:] = [worker for worker in crew if worker not in ending]
        dismiss(ending)


class Worker:
    """The parent's side of one worker process.

    Parameters
    ----------
    make_work : Callable[[], Work]
        Called in the process; returns the function that does a job.

    Attributes
    ----------
    held : tuple of int and object, or None
        The job in progress, with its number.
    began, reached : float
        Start of the job (monotonic, in seconds; before the start, the latest time at which it may be), and the number
        of seconds of audio that are done.
    """

    def __init__(self, make_work: Callable[[], Work]) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other_end = context.Pipe()
        self.process = context.Process(target=_work, args=(other_end, make_work), daemon=True)
        with one_thread(), _ctrl_c_ignored(), _may_have_children(multiprocessing.current_process()):
            self.process.start()
        other_end.close()
        self.held: tuple[int, Any] | None = None
        self.began = self.reached = 0.0

    def begin(self, index: int, job: Any) -> None:
        """Send a job to the worker.

        Parameters
        ----------
        index : int
            Number of the job.
        job : object
            Argument of the work.
        """
        self.held = index, job
        self.began, self.reached = time.monotonic() + START_S, 0.0
        with suppress(OSError):  # it may already be dead, which `receive` will detect
            self.pipe.send((index, job))

    def receive(self) -> Event | Begun:
        """Wait for the worker's next report; its death is reported, too."""
        assert self.held is not None, "only workers with a job are waited for"
        try:
            event = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join(_GRACE_S)
            event = Died(self.held[0], cause_of_death(self.process.exitcode))
        if isinstance(event, Begun):
            self.began = time.monotonic()
        if isinstance(event, Advanced):
            self.reached = event.seconds
        return event

    def kill(self) -> None:
        """Kill the process."""
        self.process.kill()
        self.process.join(_GRACE_S)
        self.pipe.close()


def cause_of_death(exit_code: int | None) -> str:
    """Return in words how a worker process ended.

    Parameters
    ----------
    exit_code : int or None
        Its exit code, or minus the number of the signal that killed it; None if it is not known.

    Returns
    -------
    str
        The end of a sentence that begins with its job.
    """
    if exit_code is not None and exit_code < 0:
        try:
            name = signal.Signals(-exit_code).name
        except ValueError:  # a real-time signal
            name = f"signal {-exit_code}"
        return f"its process was killed ({name}{', perhaps for lack of memory' if name == 'SIGKILL' else ''})"
    return f"its process ended unexpectedly (exit code {exit_code})"


def dismiss(crew: Sequence[Worker]) -> None:
    """End all workers: they stop and clean up; those that do not are killed."""
    for worker in crew:
        if worker.held is None or os.name == "nt":  # Windows: seen at the next report
            worker.pipe.close()
        else:
            worker.process.terminate()
    deadline = time.monotonic() + _GRACE_S
    try:
        for worker in crew:
            worker.process.join(max(0, deadline - time.monotonic()))
    finally:
        for worker in crew:
            if worker.process.is_alive():
                worker.process.kill()


@contextmanager
def _may_have_children(process: BaseProcess) -> Iterator[None]:
    """Let a process that ends with its parent start others, as the workers of a cluster need."""
    settings = getattr(process, "_config", {})
    before = settings.pop("daemon", None)
    try:
        yield
    finally:
        if before is not None:
            settings["daemon"] = before


@contextmanager
def _ctrl_c_ignored() -> Iterator[None]:
    """Start processes that ignore Ctrl-C, even during their start, and leave it to their parent."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _work(pipe: Connection, make_work: Callable[[], Work]) -> None:
    """Run the loop of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        signal.signal(signal.SIGTERM, _stop)
        work = make_work()
        while True:
            index, job = pipe.recv()
            pipe.send(Begun())
            pipe.send(Ended(index, work(job, _PipeReporter(pipe, index))))
    except Stop:
        if os.name != "nt":  # tells a process that somebody else ended from one that ended on its own
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)
    except (EOFError, OSError):  # the parent has closed its end of the pipe
        pass
    os._exit(0)  # at once: unloading numeric libraries in order takes as long as loading them


def _end_with_parent() -> None:
    """Wait until the parent ends, for whatever reason, then end this process."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _stop(*_: object) -> None:
    raise Stop


class _PipeReporter:
    """Sends reports to the parent, as often as is useful.

    Parameters
    ----------
    pipe : Connection
        The connection to the parent.
    index : int
        Number of the job.
    """

    def __init__(self, pipe: Connection, index: int) -> None:
        self._pipe = pipe
        self._index = index
        self._last = time.monotonic()

    def __call__(self, seconds: float) -> None:
        now = time.monotonic()
        if now - self._last >= _REPORT_EVERY_S:
            self._last = now
            self._send(Advanced(self._index, seconds))

    def compiling(self) -> None:
        """Report that code is being compiled."""
        self._send(Compiling(self._index))

    def _send(self, event: Event) -> None:
        try:
            if self._pipe.poll():  # a busy worker is sent nothing, so the parent has closed the pipe
                raise Stop
            self._pipe.send(event)
        except OSError as error:
            raise Stop from error
