"""Worker processes that stay: each does one task at a time, and none can take the server down.

A worker keeps its model loaded from one task to the next. A task that is cancelled, or whose process dies, costs that
process alone, and another takes its place.
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

from ..errors import DrumscribeError
from ..runtime import one_thread

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 0.1
"""How often a cancelled task is looked for."""
_starting = threading.Lock()  # the environment, which tells processes to use one thread, is changed by one at a time
_GRACE_S = 2.0
"""How long a process may take to end by itself."""


@dataclass(frozen=True, slots=True)
class Advanced:
    """The share that is done, 0 to 1, and what a task has to show so far.

    Attributes
    ----------
    share : float
        Share that is done, 0 to 1.
    shown : dict or None
        What there is to show so far.
    """

    share: float
    shown: dict | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """A task has ended well.

    Attributes
    ----------
    result : object
        What came of it.
    """

    result: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """A task has ended otherwise: why, in a line, and whether its process died under it.

    Attributes
    ----------
    message : str
        Why, in a line.
    died : bool
        Whether the process died under it.
    """

    message: str
    died: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """A worker has taken a task."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A task was cancelled."""


@dataclass(eq=False)
class Task:
    """Something to do in a worker: a kind of work, what it needs, and who is told of it.

    Attributes
    ----------
    kind : str
        Kind of work.
    needs : dict
        What the work needs.
    tell : callable
        Takes what happens to it, in the crew's thread.
    cancelled : threading.Event
        Set to stop it.
    """

    kind: str
    needs: dict
    tell: Callable[[Begun | Advanced | Done | Failed | Cancelled], None]
    cancelled: threading.Event = field(default_factory=threading.Event)


class Crew:
    """Worker processes, and the tasks that wait for them.

    Parameters
    ----------
    do : callable
        Does a task in a worker: its kind, its needs, and a function that takes `Advanced`. Importable by its name.
    workers : int
        How many processes there are.
    ready : bool
        Whether processes are started at once, and load what they need while they wait; else with the first task.
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
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def submit(self, task: Task, urgent: bool = False) -> None:
        """Let a worker do a task, as soon as those before it are done.

        Parameters
        ----------
        task : Task
            What to do.
        urgent : bool
            Whether it goes before those that are not.
        """
        self._tasks.put((not urgent, next(self._count), task))

    def close(self) -> None:
        """End all processes."""
        self._closing.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(2 * _GRACE_S)

    def _serve(self) -> None:
        worker = _Worker(self._do, self._ready) if self._ready else None
        while not self._closing.is_set():
            try:
                _, _, task = self._tasks.get(timeout=_LOOK_EVERY_S)
            except queue.Empty:
                continue
            if task.cancelled.is_set():
                _tell(task, Cancelled())
                continue
            if worker is None or not worker.process.is_alive():
                worker = _Worker(self._do, self._ready)
            _tell(task, Begun())
            event = self._follow(worker, task)
            if event is not None:
                _tell(task, event)
        if worker is not None:
            worker.end()

    def _follow(self, worker: "_Worker", task: Task) -> Done | Failed | Cancelled | None:
        """How a task ends; None where the crew is closed under it."""
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
    """Tell of an event; a fault of the one that is told must not end the thread that all later tasks wait for."""
    try:
        task.tell(event)
    except Exception:
        _log.exception("%s could not be noted of a task (%s)", type(event).__name__, task.kind)


class _Worker:
    """The server's side of one process."""

    def __init__(self, do: Callable, ready: bool) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other_end = context.Pipe()
        self.process = context.Process(target=_work, args=(other_end, do, ready), daemon=False)
        with _starting, one_thread():
            self.process.start()
        other_end.close()

    def send(self, task: Task) -> None:
        with suppress(OSError):  # it may be dead already, which `receive` will find
            self._pipe.send((task.kind, task.needs))

    def receive(self) -> Advanced | Done | Failed | None:
        try:
            return self._pipe.recv() if self._pipe.poll(_LOOK_EVERY_S) else None
        except (EOFError, OSError):
            self.process.join(_GRACE_S)
            return Failed(_cause_of_death(self.process.exitcode), died=True)

    def end(self) -> None:
        self._pipe.close()
        self.process.terminate()
        self.process.join(_GRACE_S)
        if self.process.is_alive():
            self.process.kill()


def _cause_of_death(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        name = signal.Signals(-exit_code).name
        return f"its process was killed ({name}{', perhaps for want of memory' if name == 'SIGKILL' else ''})"
    return f"its process ended unexpectedly (exit code {exit_code})"


def _work(pipe: Connection, do: Callable, ready: bool) -> None:
    """The life of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    with suppress(EOFError, OSError, SystemExit):  # the server is gone, or has asked to end
        if ready:
            do("prepare", {}, lambda event: None)
        while True:
            kind, needs = pipe.recv()
            pipe.send(_outcome(do, kind, needs, pipe.send))
    os._exit(0)  # at once: taking numeric libraries down in order takes as long as loading them


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
        return Failed("there is not enough memory for this recording")
    except Exception as error:
        return Failed(f"a fault in drumscribe ({type(error).__name__}: {error})")
