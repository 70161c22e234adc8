"""How sessions end: on Ctrl-C, when the system asks, or when the terminal is closed."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Those that end a session, as far as the system has them."""


@contextmanager
def ending_signals() -> Iterator[Callable[[], bool]]:
    """Catch the signals that end a session, so that its take and its MIDI are written.

    The first signal interrupts nothing, and is remembered. A second Ctrl-C interrupts as usual. After the terminal is
    closed, further output is dropped.

    Yields
    ------
    callable
        Tells whether a signal has come.
    """
    came: list[int] = []
    terminals = [s.fileno() for s in (sys.__stdout__, sys.__stderr__) if s is not None and s.isatty()]

    def take(number: int, _: object) -> None:
        came.append(number)
        if number == getattr(signal, "SIGHUP", None):
            _drop_output(terminals)
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    numbers = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    try:
        before = {number: signal.signal(number, take) for number in numbers}
    except ValueError:  # not in the main thread, which alone takes signals
        before = {}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _drop_output(terminals: Sequence[int]) -> None:
    """Drop all output, so that printing cannot fail without a terminal."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in terminals:
        os.dup2(nowhere, number)
    os.close(nowhere)
