"""A run that is asked to stop ends after the step that it is at, so that nothing is lost."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether Ctrl+C, or a request to end the process, has come within.

    A second Ctrl+C interrupts at once. Outside the main thread nothing is caught.
    """
    asked = threading.Event()

    def note(number: int, frame: object) -> None:
        asked.set()
        signal.signal(number, before[number])

    before: dict[int, Callable[[int, FrameType | None], Any] | int | None] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
