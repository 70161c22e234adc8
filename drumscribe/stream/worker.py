"""A thread that listens while the host goes on: sound waits for it in a queue of bounded length.

The host never waits for it. One thread writes and one reads, so that no lock is held while either works: each index
is written by one side alone, and an entry of `_orders` is there before the samples that follow it are.
"""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .events import Overrun, StreamHit
from .processor import Analysis

_STOP_TIMEOUT_S = 2.0
"""Maximum time to wait for the thread to end; by hand."""


@dataclass(frozen=True)
class _Order:
    """Something to do before a sample is heard.

    Attributes
    ----------
    index : int
        The number of that sample among those written.
    origin : int or None
        Its number for the host, if a stream starts anew with it.
    values : mapping of str to float, or None
        Those of the parameters from there on, if they change.
    drop : bool
        Whether hits that are still open are forgotten, instead of being decided at once.
    done : threading.Event or None
        Set when it is done.
    """

    index: int
    origin: int | None = None
    values: Mapping[str, float] | None = None
    drop: bool = False
    done: threading.Event | None = None


class Worker:
    """Listens in a thread of its own.

    Parameters
    ----------
    analysis : Analysis
        Prepared; belongs to the thread from now on.
    capacity : int
        Samples that the queue holds.
    piece : int
        Maximum number of samples that are heard at a time.
    """

    def __init__(self, analysis: Analysis, capacity: int, piece: int) -> None:
        self._analysis = analysis
        self._ring = np.zeros(capacity, np.float32)
        self._piece = piece
        self._written = self._read = 0  # of all samples
        self._skipped = 0  # what was written before this index is not heard any more
        self._position = 0  # for the host, of the next sample
        self._lost = 0  # samples, since the last that was written
        self._orders: deque[_Order] = deque()
        self._found: deque[tuple[int, list[StreamHit]]] = deque()
        self._overruns: deque[Overrun] = deque()
        self._stream = self._hosts_stream = 0
        self._wake = threading.Event()
        self._stopped = False
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="drumscribe", daemon=True)
        self._thread.start()

    def push(self, samples: np.ndarray) -> list[StreamHit]:
        """Take the next samples, which are lost if the queue is full.

        Parameters
        ----------
        samples : np.ndarray
            ``(samples,) float32``, at the host's rate.

        Returns
        -------
        list of StreamHit
            The hits that are found by now.
        """
        capacity, count = len(self._ring), len(samples)
        if count > capacity - (self._written - max(self._read, self._skipped)):  # what a reset forgot takes no room
            self._lost += count
            self._position += count
            return self._take()
        if self._lost:
            self._orders.append(_Order(self._written, origin=self._position))
            self._note_overrun()
        start = self._written % capacity
        first = min(count, capacity - start)
        self._ring[start : start + first] = samples[:first]
        self._ring[: count - first] = samples[first:]
        self._written += count
        self._position += count
        if not self._wake.is_set():
            self._wake.set()
        return self._take()

    def hear(self, samples: np.ndarray) -> list[StreamHit]:
        """Take the next samples, and wait until they are heard: nothing is lost, however fast they come.

        Parameters
        ----------
        samples : np.ndarray
            ``(samples,) float32``, at the host's rate.

        Returns
        -------
        list of StreamHit
            The hits that are known by then.
        """
        self._wait_for(_Order(self._written, done=threading.Event()))
        hits = self.push(samples)
        self._wait_for(_Order(self._written, done=threading.Event()))
        return hits + self._take()

    def set(self, values: Mapping[str, float]) -> None:
        """Listen by other values of the parameters from the next sample on.

        Parameters
        ----------
        values : mapping of str to float
            All of them.
        """
        self._orders.append(_Order(self._written, values=values))

    def flush(self) -> list[StreamHit]:
        """Wait until all is heard; the next sample is number 0 of a new stream.

        Returns
        -------
        list of StreamHit
            The hits that are found by then.
        """
        if self._lost:
            self._note_overrun()
        self._wait_for(_Order(self._written, origin=0, done=threading.Event()))
        self._position = 0
        return self._take()

    def reset(self) -> None:
        """Forget all sound and hits in the queue; the next sample is number 0 of a new stream."""
        self._lost = 0
        self._overruns.clear()
        self._skipped = self._written
        self._hosts_stream += 1
        self._orders.append(_Order(self._written, origin=0, drop=True))
        self._position = 0
        self._wake.set()

    def take_overruns(self) -> list[Overrun]:
        """Report the gaps since the last call.

        Returns
        -------
        list of Overrun
            In order.
        """
        return [self._overruns.popleft() for _ in range(len(self._overruns))]

    def stop(self) -> bool:
        """End the thread.

        Returns
        -------
        bool
            Whether it has ended in time.
        """
        self._stopped = True
        self._wake.set()
        self._thread.join(_STOP_TIMEOUT_S)
        return not self._thread.is_alive()

    def _note_overrun(self) -> None:
        self._overruns.append(Overrun(self._position - self._lost, self._lost))
        self._lost = 0

    def _wait_for(self, order: _Order) -> None:
        self._orders.append(order)
        self._wake.set()
        while order.done is not None and not order.done.wait(0.1):
            if self._failure is not None:
                break

    def _take(self) -> list[StreamHit]:
        if self._failure is not None:
            raise RuntimeError("the thread that listens has failed") from self._failure
        hits = []
        while self._found:
            stream, found = self._found.popleft()
            if stream == self._hosts_stream:
                hits += found
        return hits

    def _run(self) -> None:
        try:
            while not self._stopped:
                self._wake.wait()
                self._wake.clear()
                while not self._stopped and self._step():
                    pass
        except BaseException as failure:  # told to the host, whose thread it must not end
            self._failure = failure

    def _step(self) -> bool:
        """Hear a piece, or follow an order; False where there is nothing to do."""
        written = self._written  # read before the orders: no sample up to here is behind an order not yet seen
        order = self._orders[0] if self._orders else None
        if self._read < self._skipped:
            self._read = min(self._skipped, order.index) if order else self._skipped
        until = written if order is None else order.index  # all samples before an order were written before it
        if self._read < until:
            start = self._read % len(self._ring)
            count = min(until - self._read, self._piece, len(self._ring) - start)
            self._give(self._analysis.push(self._ring[start : start + count].copy()))
            self._read += count
        elif order is not None:
            self._give(self._follow(self._orders.popleft()))
            if order.done is not None:
                order.done.set()
        else:
            return False
        return True

    def _give(self, hits: list[StreamHit]) -> None:
        if hits:
            self._found.append((self._stream, hits))

    def _follow(self, order: _Order) -> list[StreamHit]:
        if order.values is not None:
            self._analysis.set(order.values)
        if order.origin is None:
            return []
        hits = [] if order.drop else self._analysis.flush()
        self._analysis.restart(order.origin)
        self._stream += order.drop
        return hits
