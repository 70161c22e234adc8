"""The options of quantisation, for all instruments or for one."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

from ...options import QUANTISED, quantise_options
from ..sections import option
from .gathering import Command, gathered
from .listening import PerInstrument, number

if TYPE_CHECKING:
    from ...quantisation.settings import OrnamentPolicy, QuantiseOptions

Numbers = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Quantising:
    """How hits are quantised, as it was given: pairs of an instrument, or "all", and a value.

    Attributes
    ----------
    grid : tuple[tuple[str, str], ...]
        Grids as text.
    swing : Numbers
        In percent.
    strength : Numbers
        In percent.
    window : Numbers
        In ms.
    smoothing : Numbers
        In percent.
    ornaments : OrnamentPolicy
        What becomes of flams, rolls and doubled hits, for all instruments.
    """

    grid: tuple[tuple[str, str], ...]
    swing: Numbers
    strength: Numbers
    window: Numbers
    smoothing: Numbers
    ornaments: "OrnamentPolicy"

    def read(self) -> "QuantiseOptions | None":
        """Return the options, or None where nothing is to be quantised.

        Returns
        -------
        QuantiseOptions or None
            See `options.quantise_options`.

        Raises
        ------
        DrumscribeError
            For values that make no sense.
        """
        swing, strength, window, smoothing = map(dict, (self.swing, self.strength, self.window, self.smoothing))
        return quantise_options(dict(self.grid), swing, strength, window, smoothing, self.ornaments)


def quantising_options(command: Command) -> Command:
    """Add --quantize and what belongs to it; the command takes a `Quantising` as `quantising`."""
    return gathered(command, Quantising, "quantising", _OPTIONS)


_quantisation = partial(option, section="Quantisation")
_percent = PerInstrument("PERCENT", number, QUANTISED)

_OPTIONS = (
    _quantisation(
        "--quantize",
        "grid",
        type=PerInstrument("GRID", str, QUANTISED),
        multiple=True,
        help="Move hits to a grid: 1/4, 1/8, 1/16, 1/32 or 1/64; triplets such as 1/8t; 1/16+1/8t for either, as each "
        "bar is played. This and the next four options can be repeated for one instrument: hihat=1/8, hihat=off. "
        "[default: off]",
    ),
    _quantisation(
        "--swing",
        type=_percent,
        multiple=True,
        help="Swing: the first note's share of each pair (50 straight, 66.7 triplets). [default: as played]",
    ),
    _quantisation(
        "--strength", type=_percent, multiple=True, help="How far hits move towards the grid. [default: 100]"
    ),
    _quantisation(
        "--window",
        type=PerInstrument("MS", number, QUANTISED),
        multiple=True,
        help="Move only hits that are this near to the grid. [default: no limit]",
    ),
    _quantisation(
        "--smooth-velocities",
        "smoothing",
        type=_percent,
        multiple=True,
        help="Even out the velocities of hits at the same place in each bar. [default: 0]",
    ),
    _quantisation(
        "--ornaments",
        type=click.Choice(("keep", "grid", "drop")),
        default="keep",
        help="Flams, rolls and doubled hits: keep them beside their strokes, move all to the grid, or leave them out.",
    ),
)
