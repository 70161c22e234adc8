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
    """Take the signals that end a session, so that its take and its MIDI are kept.

    What is going on is not interrupted; the first signal is remembered, and a second Ctrl-C is one as usual. Where the
    terminal is closed, what is still printed is dropped.

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
    """Let nothing that is printed fail for want of a terminal."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in terminals:
        os.dup2(nowhere, number)
    os.close(nowhere)
