"""Run a batch on many machines through a scheduler of Dask (`dask.distributed`).

Each task transcribes one recording in a process of its own below the Dask worker, as on one machine. If the process
hangs or dies, the recording is reported and is not tried on other workers. If a worker is lost, nothing is lost: the
scheduler gives its tasks to another. All machines must reach recordings and outputs by the same paths.
"""

import asyncio
import logging
import pickle
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DrumscribeError
from .events import Died, Ended, Event, Started
from .jobs import Job
from .patience import Patience
from .remote import is_remote
from .workers import WAIT_S, Work, Worker, dismiss, run_in_workers

if TYPE_CHECKING:
    from distributed import Future

INSTALL = 'pip install "drumscribe[cluster]"'
_LOCAL = "local:"
_AHEAD = 2
"""Tasks queued per thread of a worker, so that no thread waits for this process (by hand)."""
_CONNECT_S = 30


class ClusterError(DrumscribeError):
    """A cluster cannot be used."""


class Cluster:
    """A cluster of workers, a crew for `run.run`.

    Parameters
    ----------
    address : str
        Address of the scheduler, as ``tcp://host:8786``; or ``local:4``, to start one here, with that many workers.

    Raises
    ------
    ClusterError
        If Dask is not installed, there is no scheduler, or none would do any work.
    """

    def __init__(self, address: str) -> None:
        count = address.removeprefix(_LOCAL) if address.startswith(_LOCAL) else None
        if count is not None and not (count.isdecimal() and int(count)):
            raise ClusterError(f"--cluster {address}: give a number of workers, 1 or more, as local:4")
        try:
            import dask
            from distributed import Client, LocalCluster
        except ImportError:
            raise ClusterError(f"--cluster needs dask.distributed: {INSTALL}") from None
        self._own: Any = None
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        try:
            if count is not None:
                # A worker that a recording takes with it, all the same, is tried with one other.
                dask.config.set({"distributed.scheduler.allowed-failures": 1})
                self._own = LocalCluster(
                    n_workers=int(count), threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
                )
            self._client: Client = Client(self._own or address, timeout=_CONNECT_S)
        except (OSError, asyncio.TimeoutError, ValueError) as error:
            raise ClusterError(f"--cluster {address}: there is no scheduler ({error})") from error

    def close(self) -> None:
        """Leave the cluster; end it if it was started here."""
        with suppress(Exception):
            self._client.close()
            if self._own is not None:
                self._own.close()

    def __call__(
        self, make_work: Callable[[], Work], jobs: Iterator[tuple[int, Job] | None], patience: Patience
    ) -> Generator[Event, None, None]:
        """Run jobs, and yield their events; see `workers.run_in_workers`.

        Parameters
        ----------
        make_work : Callable[[], Work]
            Returns the function that does a job.
        jobs : Iterator[tuple[int, Job] | None]
            The jobs with their numbers.
        patience : Patience
            How long a job may take.

        Yields
        ------
        Event
            Start and end of each job.
        """
        # As a task, so that the scheduler makes it again if the workers that hold it are lost.
        shared = self._client.submit(pickle.loads, pickle.dumps(make_work), pure=False)
        running: dict[Future, int] = {}
        more = True
        try:
            while more or running:
                while more and len(running) < _AHEAD * max(1, self._threads()):
                    try:
                        task = next(jobs)
                    except StopIteration:
                        more = False
                        break
                    if task is None:
                        break
                    number, job = task
                    running[self._client.submit(_do, shared, number, _absolute(job), patience, pure=False)] = number
                    yield Started(number)
                for future in self._done(list(running)):
                    yield _event_of(future, running.pop(future))
        except (OSError, asyncio.TimeoutError) as error:
            raise ClusterError(f"the scheduler is gone ({error}): run the same command again to go on") from error
        finally:
            with suppress(Exception):
                self._client.cancel(list(running))

    def _threads(self) -> int:
        return sum(self._client.nthreads().values())

    def _done(self, futures: "list[Future]") -> "list[Future]":
        """Wait for tasks to end, but only for a short time."""
        from distributed import wait

        if not futures:
            time.sleep(WAIT_S)
            return []
        with suppress(asyncio.TimeoutError):  # built in from Python 3.11
            return list(wait(futures, timeout=WAIT_S, return_when="FIRST_COMPLETED").done)
        if self._client.status not in ("running", "connecting"):
            raise OSError("the connection is closed")
        return []


def _absolute(job: Job) -> Job:
    def whole(path: Path) -> Path:
        return path if is_remote(path) else path.absolute()

    return replace(job, source=whole(job.source), outputs=tuple(map(whole, job.outputs)))


def _event_of(future: "Future", number: int) -> Event:
    if future.status == "finished":
        return future.result()
    error = future.exception() if future.status == "error" else None
    if type(error).__name__ == "KilledWorker":
        return Died(number, "the workers of the cluster that had it were lost, one after the other")
    return Died(number, f"the cluster gave it up ({type(error).__name__ if error else future.status}: {error})")


_crews: dict[int, tuple[bytes, list[Worker]]] = {}
"""The processes of a Dask worker, one for each of its threads, with the work that each was made for."""


def _do(make_work: Callable[[], Work], number: int, job: Job, patience: Patience) -> Event:
    """Do a job in a process below this one, which then waits for the next job."""
    wanted = pickle.dumps(make_work)
    made, crew = _crews.get(threading.get_ident(), (b"", []))
    if made != wanted:
        dismiss(crew)
        crew = []
        _crews[threading.get_ident()] = wanted, crew
    with closing(run_in_workers(make_work, iter([(number, job)]), 1, patience, crew)) as events:
        return next(event for event in events if isinstance(event, (Ended, Died)))
