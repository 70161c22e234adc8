"""What is heard, on the screen: a lane for each instrument that runs from right to left, and the level."""

import math
from collections import deque
from collections.abc import Sequence

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..stream import StreamHit

_CELL = 0.05
_CELLS = 60
_BARS = " ▁▂▃▄▅▆▇█"
_FLOOR_DB = -60.0


class Lanes:
    """A context manager that shows a session while it is open.

    Parameters
    ----------
    title : a line above.
    instruments : a lane each.
    rate : of the samples that hits count in.
    """

    def __init__(self, console: Console, title: str, instruments: Sequence[str], rate: int) -> None:
        self._title, self._rate = title, rate
        self._cells = {name: deque([0] * _CELLS, _CELLS) for name in instruments}
        self._cell = 0  # number of the rightmost
        self._level = 0.0
        self._count = 0
        self._live = Live(console=console, refresh_per_second=20, transient=True, get_renderable=self.render)

    def __enter__(self) -> "Lanes":
        self._live.start()
        return self

    def __exit__(self, *_) -> None:
        self._live.stop()

    def show(self, hits: Sequence[StreamHit], level: float, seconds: float) -> None:
        """Take what is new; `level` is a peak, `seconds` the time that the lanes end at."""
        cell = int(seconds / _CELL)
        for cells in self._cells.values():
            cells.extend([0] * min(_CELLS, cell - self._cell))
        self._cell = cell
        self._level = max(level, 0.9 * self._level)
        self._count += len(hits)
        for hit in hits:
            back = self._cell - int(hit.sample / self._rate / _CELL)
            if 0 <= back < _CELLS:
                cells = self._cells[hit.instrument]
                cells[-1 - back] = max(cells[-1 - back], hit.velocity)

    def render(self) -> Table:
        """The lanes as they are."""
        table = Table.grid(padding=(0, 1))
        for name, cells in self._cells.items():
            bars = "".join(_BARS[math.ceil(velocity / 127 * (len(_BARS) - 1))] for velocity in cells)
            table.add_row(Text(name, style="bold"), Text(bars, style="cyan"))
        decibels = 20.0 * math.log10(max(self._level, 1e-9))
        filled = round(_CELLS * min(1.0, max(0.0, 1.0 - decibels / _FLOOR_DB)))
        loud = "red" if self._level >= 1.0 else "green"
        table.add_row(Text("level", style="dim"), Text("█" * filled, style=loud))
        table.add_row(Text("", style="dim"), Text(f"{self._title}  {self._count} hits  Ctrl-C ends it", style="dim"))
        return table
