"""The options of quantisation, for all instruments or for one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING

import click

from ..drums import INSTRUMENTS, PERCUSSION
from ..errors import RhythmError
from .options import PerInstrument, number

if TYPE_CHECKING:
    from ..rhythm.quantise import QuantiseOptions

OFF = "off"
"""What is given instead of a grid to leave an instrument as it was played."""

_INSTRUMENTS = (*INSTRUMENTS, PERCUSSION)

Given = tuple[tuple[str | None, str | float], ...]


@dataclass(frozen=True)
class Quantising:
    """What was asked for: pairs of an instrument, None standing for all, and a value."""

    grid: Given
    swing: Given
    strength: Given
    window: Given
    smoothing: Given

    def read(self) -> "QuantiseOptions | None":
        """The options, or None where nothing is to be quantised.

        Raises
        ------
        RhythmError : for values that make no sense.
        """
        from ..rhythm.quantise import QuantiseOptions

        if not self.grid:
            if self.swing or self.strength or self.window or self.smoothing:
                raise RhythmError("--swing, --strength, --window and --smooth-velocities need --quantize")
            return None
        named = {name for given in vars(self).values() for name, _ in given if name is not None}
        own = tuple((name, self._settings(name)) for name in _INSTRUMENTS if name in named)
        return QuantiseOptions(self._settings(None), own)

    def _settings(self, instrument: str | None):
        from ..rhythm.grid import Grid
        from ..rhythm.quantise import QuantiseSettings

        given = {name: dict(pairs) for name, pairs in vars(self).items()}
        values = {name: own.get(instrument, own.get(None)) for name, own in given.items()}
        grid, window = values["grid"], values["window"]
        return QuantiseSettings(
            None if grid in (None, OFF) else Grid.parse(grid),
            None if values["swing"] is None else values["swing"] / 100,
            1.0 if values["strength"] is None else values["strength"] / 100,
            None if window is None else window / 1000,
            (values["smoothing"] or 0.0) / 100,
        )


def quantise_options(command: Callable) -> Callable:
    """Add --quantize and what belongs to it; the command takes a `Quantising` as `quantising`."""

    @wraps(command)
    def gathering(*args, grid, swing, strength, window, smoothing, **others):
        return command(*args, quantising=Quantising(grid, swing, strength, window, smoothing), **others)

    for option in reversed(_OPTIONS):
        gathering = option(gathering)
    return gathering


_OPTIONS = (
    click.option(
        "--quantize",
        "grid",
        type=PerInstrument("GRID", str, _INSTRUMENTS),
        multiple=True,
        help="Move hits to 1/4, 1/8, 1/16, 1/32 or 1/64, triplets such as 1/8t, or 1/16+1/8t: either, as each bar is "
        "played. For one instrument: hihat=1/8, or hihat=off. This and the next four can be repeated.",
    ),
    click.option(
        "--swing",
        type=PerInstrument("PERCENT", number, _INSTRUMENTS),
        multiple=True,
        help="What the first of two notes gets of their time: 50 is straight, 66.7 triplets; as played if not given.",
    ),
    click.option(
        "--strength",
        type=PerInstrument("PERCENT", number, _INSTRUMENTS),
        multiple=True,
        help="How far hits are moved; 100 if not given.",
    ),
    click.option(
        "--window",
        type=PerInstrument("MS", number, _INSTRUMENTS),
        multiple=True,
        help="Hits that are farther from the grid stay.",
    ),
    click.option(
        "--smooth-velocities",
        "smoothing",
        type=PerInstrument("PERCENT", number, _INSTRUMENTS),
        multiple=True,
        help="Make hits at the same place of each bar more alike; 0 if not given.",
    ),
)
