"""Progress on a terminal: of training, with the loss, and of anything else that takes more than two seconds."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

Progress = Callable[[int, float, dict[str, float]], None]
"""Receives the number of steps done, the loss, and what was measured."""
Thing = TypeVar("Thing")

_QUIET_SECONDS = 2.0
"""What takes less shows no bar; by hand."""


def _bar() -> "Bar | None":
    """Make a bar on standard error; None if that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if not console.is_terminal:
        return None
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    return Bar(*columns, console=console, transient=True)


@contextmanager
def shown(steps: int) -> Iterator[Progress | None]:
    """Yield what shows the progress of a run on standard error, from its first step on; None if that is no terminal.

    Parameters
    ----------
    steps : int
        Number of steps in all.

    Yields
    ------
    Progress | None
        Receives every step.
    """
    bar = _bar()
    if bar is None:
        yield None
        return
    last: dict[str, float] = {}
    task = bar.add_task("", total=steps)

    def show(done: int, loss: float, measured: dict[str, float]) -> None:
        bar.start()
        last.update(measured)
        held_out = f", held out: loss {last['val_loss']:.3f}, F {last['val_f']:.3f}" if "val_f" in last else ""
        bar.update(task, completed=done, description=f"loss {loss:.3f}{held_out}")

    try:
        yield show
    finally:
        bar.stop()


def tracked(things: Iterable[Thing], count: int, doing: str) -> Iterator[Thing]:
    """Yield things one by one, with a bar on a terminal once they have taken two seconds.

    Parameters
    ----------
    things : Iterable[Thing]
        The things.
    count : int
        Number of them.
    doing : str
        What is being done, for the bar.

    Yields
    ------
    Thing
        Each of them.
    """
    bar = _bar()
    if bar is None:
        yield from things
        return
    began, task = time.monotonic(), bar.add_task(doing, total=count)
    try:
        for done, thing in enumerate(things):
            if time.monotonic() - began > _QUIET_SECONDS:
                bar.start()
                bar.update(task, completed=done)
            yield thing
    finally:
        bar.stop()
