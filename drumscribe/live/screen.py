"""Screen of a session: a lane for each instrument that moves from right to left, levels, tempo and losses."""

import math
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..stream import StreamHit

_CELL_S = 0.05
"""Time of one character of a lane (by hand)."""
_BEAT_CELLS = 20
"""Characters between two marks of the ruler: a second."""
_WIDEST = 100
"""Maximum number of characters of a lane."""
_BARS = " ▁▂▃▄▅▆▇█"
_FLOOR_DB = -60.0
"""Level at the left end of the meter."""
_LEVEL_DECAY = 0.9
"""Factor by which a displayed level falls per block (by hand)."""


class Lanes:
    """A context manager that displays a session while it is open, in the width of the terminal.

    Parameters
    ----------
    console : Console
        The terminal.
    title : str
        A line below the lanes.
    instruments : Sequence[str]
        A lane each.
    rate : int
        Samples per second, the unit of the hits' times.
    """

    def __init__(self, console: Console, title: str, instruments: Sequence[str], rate: int) -> None:
        self._title, self._rate = title, rate
        self._names = max(len(name) for name in (*instruments, "level 9"))
        self._width = max(10, min(_WIDEST, console.width - self._names - 1))
        self._cells = {name: deque([0] * self._width, self._width) for name in instruments}
        self._cell = 0  # number of the rightmost cell
        self._levels: list[float] = []
        self._count = 0
        self._lost = 0.0
        self._tempo: float | None = None
        self._live = Live(console=console, refresh_per_second=20, transient=True, get_renderable=self.render)

    def __enter__(self) -> "Lanes":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # the terminal is closed
            self._live.stop()

    def show(
        self, hits: Sequence[StreamHit], levels: Sequence[float], seconds: float, lost: float, tempo: float | None
    ) -> None:
        """Show new hits.

        Parameters
        ----------
        hits : Sequence[StreamHit]
            The new hits.
        levels : Sequence[float]
            Peak of the new sound of each channel, linear.
        seconds : float
            Time at which the lanes end.
        lost : float
            Seconds that could not be processed in time, so far.
        tempo : float or None
            Quarters per minute, if known.
        """
        cell = int(seconds / _CELL_S)
        for cells in self._cells.values():
            cells.extend([0] * min(self._width, cell - self._cell))
        self._cell = cell
        before = self._levels or [0.0] * len(levels)
        self._levels = [max(new, _LEVEL_DECAY * old) for new, old in zip(levels, before, strict=True)]
        self._count += len(hits)
        self._lost, self._tempo = lost, tempo
        for hit in hits:
            back = self._cell - int(hit.sample / self._rate / _CELL_S)
            if 0 <= back < self._width:
                cells = self._cells[hit.instrument]
                cells[-1 - back] = max(cells[-1 - back], hit.velocity)

    def render(self) -> Table:
        """Lay out the lanes as they are now; a thread of the terminal's does, while `show` may change them."""
        table = Table.grid(padding=(0, 1))
        table.add_column(no_wrap=True, width=self._names)
        table.add_column(no_wrap=True, overflow="ellipsis", width=self._width)
        for name, cells in self._cells.items():
            bars = "".join(_BARS[math.ceil(velocity / 127 * (len(_BARS) - 1))] for velocity in cells.copy())
            table.add_row(Text(name, style="bold"), Text(bars, style="cyan"))
        first = self._cell - self._width + 1
        ruler = "".join("|" if (first + i) % _BEAT_CELLS == 0 else "·" for i in range(self._width))
        table.add_row("", Text(ruler, style="dim"))
        for number, level in enumerate(self._levels or [0.0], start=1):
            name = "level" if len(self._levels) < 2 else f"level {number}"
            table.add_row(Text(name, style="dim"), self._meter(level))
        table.add_row("", Text(self._state(), style="red" if self._lost else "dim"))
        return table

    def _meter(self, level: float) -> Text:
        decibels = 20.0 * math.log10(max(level, 1e-9))
        room = self._width - len(" -60 dB")
        filled = round(room * min(1.0, max(0.0, 1.0 - decibels / _FLOOR_DB)))
        shown = f"{max(decibels, _FLOOR_DB):4.0f} dB"
        return Text("█" * filled + " " * (room - filled) + shown, style="red" if level >= 1.0 else "green")

    def _state(self) -> str:
        """Return the line of the state, with the most important part first."""
        tempo = [f"{self._tempo:.0f} BPM"] if self._tempo is not None else []
        lost = [f"{self._lost:.1f} s lost"] if self._lost else []
        return "  ".join([*lost, f"{self._count} hits", *tempo, "Ctrl-C ends it", self._title])
