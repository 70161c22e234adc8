"""Worker processes: each does one job at a time on one thread, and none can take the others down.

A process pool of the standard library gives up all of its jobs when one worker dies, and does not tell which job
killed it; here every worker has a pipe of its own, so that its death is the failure of the one job it held.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection
from typing import Any

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_REPORT_EVERY = 0.1  # seconds between reports of progress
_GRACE = 2.0  # seconds that workers have to end by themselves when all is stopped


class Stop(BaseException):
    """Raised inside a job when the batch is stopped; not a failure, hence not an Exception."""


@dataclass(frozen=True, slots=True)
class Advanced:
    """A job reports progress: seconds of audio done."""

    index: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Started:
    """A job was given to a worker."""

    index: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A job returned its result."""

    index: int
    result: Any


@dataclass(frozen=True, slots=True)
class Died:
    """A worker process ended under a job."""

    index: int
    cause: str


@contextmanager
def one_thread():
    """Make numeric libraries loaded within, and by processes started within, use one thread each."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def native_chatter_dropped():
    """Drop what libraries write straight to the standard error of the process, past Python: TFLite greets there."""
    try:
        kept = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def available_cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_in_workers(
    make_work: Callable[[], Callable[[Any, Callable[[float], None]], Any]], jobs: Sequence[Any], workers: int
) -> Iterator[Started | Advanced | Ended | Died]:
    """Run jobs in processes, and yield what happens as it happens.

    Closing the iterator, or an exception such as KeyboardInterrupt in it, stops the jobs.

    Parameters
    ----------
    make_work : called once in each worker; returns the function that does a job, given the job and a callback for
        progress in seconds. Picklable, as are jobs and results.
    workers : number of processes.
    """
    waiting = deque(range(len(jobs)))
    crew: list[_Worker] = []
    try:
        while waiting or any(worker.index is not None for worker in crew):
            while len(crew) < min(workers, len(waiting) + sum(worker.index is not None for worker in crew)):
                crew.append(_Worker(make_work))
            for worker in crew:
                if worker.index is None and waiting:
                    worker.begin(waiting[0], jobs[waiting[0]])
                    yield Started(waiting.popleft())
            # With a timeout, because Windows does not interrupt a wait without one.
            for ready in connection.wait([worker.pipe for worker in crew if worker.index is not None], timeout=0.5):
                worker = next(w for w in crew if w.pipe is ready)
                event = worker.receive()
                if isinstance(event, Died):
                    crew.remove(worker)
                yield event
    finally:
        _dismiss(crew)


class _Worker:
    """The parent's side of one worker process; `index` is the job that it holds."""

    def __init__(self, make_work):
        context = multiprocessing.get_context("spawn")
        self.pipe, other_end = context.Pipe()
        self.process = context.Process(target=_work, args=(other_end, make_work), daemon=True)
        with one_thread(), _ctrl_c_ignored():
            self.process.start()
        other_end.close()
        self.index = None

    def begin(self, index: int, job) -> None:
        self.index = index
        with suppress(OSError):  # it may be dead already, which `receive` will find
            self.pipe.send((index, job))

    def receive(self) -> Advanced | Ended | Died:
        try:
            event = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join(_GRACE)
            event = Died(self.index, _cause_of_death(self.process.exitcode))
        if not isinstance(event, Advanced):
            self.index = None
        return event


def _cause_of_death(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        name = signal.Signals(-exit_code).name
        return f"its process was killed ({name}{', perhaps for want of memory' if name == 'SIGKILL' else ''})"
    return f"its process ended unexpectedly (exit code {exit_code})"


def _dismiss(crew: Sequence[_Worker]) -> None:
    """End all workers: they stop what they do and tidy up; those that do not are ended by force."""
    for worker in crew:
        if worker.index is None or os.name == "nt":  # where there are no signals: seen at the next report of progress
            worker.pipe.close()
        else:
            worker.process.terminate()
    deadline = time.monotonic() + _GRACE
    try:
        for worker in crew:
            worker.process.join(max(0, deadline - time.monotonic()))
    finally:
        for worker in crew:
            if worker.process.is_alive():
                worker.process.kill()


@contextmanager
def _ctrl_c_ignored():
    """Start processes that leave Ctrl-C to their parent, even while they are still starting."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _work(pipe, make_work) -> None:
    """The life of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(Stop, EOFError, OSError):  # stopped, or the parent has closed its end of the pipe
        signal.signal(signal.SIGTERM, _stop)
        work = make_work()
        while True:
            index, job = pipe.recv()
            pipe.send(Ended(index, work(job, _reporter(pipe, index))))
    os._exit(0)  # at once: taking numeric libraries down in order takes as long as loading them


def _stop(*_) -> None:
    raise Stop


def _reporter(pipe, index: int) -> Callable[[float], None]:
    last = time.monotonic()

    def report(seconds: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _REPORT_EVERY:
            return
        last = now
        try:
            if pipe.poll():  # nothing is sent to a busy worker: its parent has closed the pipe
                raise Stop
            pipe.send(Advanced(index, seconds))
        except OSError as error:
            raise Stop from error

    return report
