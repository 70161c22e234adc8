"""Worker processes that stay: each does one task at a time, and none can crash the server.

A worker keeps its model loaded from one task to the next. If a task is cancelled, or its process dies, only that
process ends, and another replaces it.
"""

import itertools
import logging
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from ..batch.workers import cause_of_death
from ..errors import DrumscribeError
from ..runtime import one_thread

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 0.1
"""Time between two checks for cancelled tasks, in seconds."""
_starting = threading.Lock()  # starting changes the environment (to one thread), so one at a time
_GRACE_S = 2.0
"""Time that a process may take to end on its own, in seconds."""


@dataclass(frozen=True, slots=True)
class Advanced:
    """Progress of a task: the share that is done, and results so far.

    Attributes
    ----------
    share : float
        Share that is done, 0 to 1.
    shown : dict or None
        Results to show so far.
    """

    share: float
    shown: dict | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """A task has succeeded.

    Attributes
    ----------
    result : object
        The result.
    """

    result: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """A task has failed.

    Attributes
    ----------
    message : str
        The reason, in one line.
    died : bool
        Whether its process died.
    """

    message: str
    died: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """A worker has begun a task."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A task was cancelled."""


@dataclass(eq=False)
class Task:
    """A task for a worker: its kind, its data, and a receiver of its events.

    Attributes
    ----------
    kind : str
        Kind of work.
    needs : dict
        Data for the work.
    tell : callable
        Receives the events of the task, in the crew's thread.
    cancelled : threading.Event
        Set to stop it.
    """

    kind: str
    needs: dict
    tell: Callable[[Begun | Advanced | Done | Failed | Cancelled], None]
    cancelled: threading.Event = field(default_factory=threading.Event)


class Crew:
    """Worker processes, and the queue of their tasks.

    Parameters
    ----------
    do : callable
        Does a task in a worker, given its kind, its data, and a receiver of `Advanced`. Importable by name.
    workers : int
        Number of processes.
    ready : bool
        Whether processes are started at once and load libraries in advance, or else with the first task.
    """

    def __init__(
        self, do: Callable[[str, dict, Callable[[Advanced], None]], Any], workers: int, ready: bool = True
    ) -> None:
        self._do, self._ready = do, ready
        self._tasks: queue.PriorityQueue = queue.PriorityQueue()
        self._count = itertools.count()
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(workers)]

    def start(self) -> None:
        """Start the threads, one for each worker process."""
        for thread in self._threads:
            thread.start()

    def submit(self, task: Task, urgent: bool = False) -> None:
        """Queue a task.

        Parameters
        ----------
        task : Task
            The task.
        urgent : bool
            Whether it goes before tasks that are not urgent.
        """
        self._tasks.put((not urgent, next(self._count), task))

    def close(self) -> None:
        """End all processes."""
        self._closing.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(2 * _GRACE_S)

    def _serve(self) -> None:
        worker: _Worker | None = None
        if self._ready:
            with suppress(OSError):  # if that persists, the first task reports it
                worker = _Worker(self._do, self._ready)
        while not self._closing.is_set():
            try:
                _, _, task = self._tasks.get(timeout=_LOOK_EVERY_S)
            except queue.Empty:
                continue
            if task.cancelled.is_set():
                _tell(task, Cancelled())
                continue
            if worker is None or not worker.is_usable:
                try:
                    worker = _Worker(self._do, self._ready)
                except OSError as error:
                    _tell(task, Failed(f"no process could be started: {error.strerror or error}"))
                    continue
            _tell(task, Begun())
            event = self._follow(worker, task)
            if event is not None:
                _tell(task, event)
        if worker is not None:
            worker.end()

    def _follow(self, worker: "_Worker", task: Task) -> Done | Failed | Cancelled | None:
        """Return how a task ended; None if the crew was closed meanwhile."""
        worker.send(task)
        while not self._closing.is_set():
            if task.cancelled.is_set():
                worker.end()
                return Cancelled()
            event = worker.receive()
            if isinstance(event, (Done, Failed)):
                return event
            if event is not None:
                _tell(task, event)
        return None


def _tell(task: Task, event: Begun | Advanced | Done | Failed | Cancelled) -> None:
    """Report an event; a fault of its receiver must not end the thread on which all later tasks depend."""
    try:
        task.tell(event)
    except Exception:
        _log.exception("the event %s of a task could not be reported (%s)", type(event).__name__, task.kind)


class _Worker:
    """The server's side of one process, which may fail to start with an `OSError`."""

    def __init__(self, do: Callable, ready: bool) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other_end = context.Pipe()
        self.process = context.Process(target=_work, args=(other_end, do, ready), daemon=False)
        try:
            with _starting, one_thread():
                self.process.start()
        except OSError:
            self._pipe.close()
            raise
        finally:
            other_end.close()

    @property
    def is_usable(self) -> bool:
        """Whether the process takes tasks: one that was ended may still be dying."""
        return not self._pipe.closed and self.process.is_alive()

    def send(self, task: Task) -> None:
        with suppress(OSError):  # it may already be dead, which `receive` will detect
            self._pipe.send((task.kind, task.needs))

    def receive(self) -> Advanced | Done | Failed | None:
        try:
            return self._pipe.recv() if self._pipe.poll(_LOOK_EVERY_S) else None
        except (EOFError, OSError):
            self.process.join(_GRACE_S)
            self.end()
            return Failed(cause_of_death(self.process.exitcode), died=True)

    def end(self) -> None:
        self._pipe.close()
        self.process.terminate()
        self.process.join(_GRACE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join(_GRACE_S)


def _work(pipe: Connection, do: Callable, ready: bool) -> None:
    """Run the loop of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    with suppress(EOFError, OSError, SystemExit):  # the server has ended, or has asked this process to end
        if ready:
            do("prepare", {}, lambda event: None)
        while True:
            kind, needs = pipe.recv()
            pipe.send(_outcome(do, kind, needs, pipe.send))
    os._exit(0)  # at once: unloading numeric libraries in order takes as long as loading them


def _end(*_: object) -> None:
    raise SystemExit


def _outcome(do: Callable, kind: str, needs: dict, send: Callable) -> Done | Failed:
    try:
        return Done(do(kind, needs, send))
    except DrumscribeError as error:
        return Failed(str(error))
    except OSError as error:
        return Failed(f"{error.filename or 'a file'}: {error.strerror or error}")
    except MemoryError:
        return Failed("not enough memory for this recording")
    except Exception as error:
        return Failed(f"a fault in drumscribe ({type(error).__name__}: {error})")
