"""The options of what is detected, and with which model and kit."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from ...errors import did_you_mean
from ...music.drums import INSTRUMENTS
from ...network.bundled import bundled_models
from ...options import ALL
from ..sections import option
from .gathering import Command
from .numbers import FiniteRange
from .paths import NamedPath

Value = TypeVar("Value", float, str)


class PerInstrument(click.ParamType):
    """A value for all instruments or, after its name and "=", for one: a pair of the name, or "all", and the value.

    Parameters
    ----------
    name : str
        What the value is called.
    read : callable
        Makes it of text, or raises a ValueError.
    instruments : sequence of str, optional
        Those that may have one; None if model and kit decide that.
    """

    def __init__(self, name: str, read: Callable[[str], Any], instruments: Sequence[str] | None = None) -> None:
        self.name = name
        self._read = read
        self._instruments = instruments

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return f"[INSTRUMENT=]{self.name}"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Any]:
        instrument, equals, text = value.rpartition("=")
        if equals and not instrument:
            self.fail(f"{value!r} names no instrument", param, ctx)
        if equals and self._instruments is not None and instrument not in self._instruments:
            known = f"it is one of {', '.join(self._instruments)}{did_you_mean(instrument, self._instruments)}"
            self.fail(f"{instrument!r} is not an instrument: {known}", param, ctx)
        try:
            return (instrument or ALL), self._read(text)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def number(text: str) -> float:
    """Read a number.

    Parameters
    ----------
    text : str
        As it is written.

    Returns
    -------
    float
        The number.

    Raises
    ------
    ValueError
        For other text.
    """
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None


def _share(text: str) -> float:
    value = number(text)
    if not 0 <= value <= 1:
        raise ValueError(f"{text} is not between 0 and 1")
    return value


def complete_model(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the names of bundled models, and files.

    Parameters
    ----------
    ctx : click.Context
        Of the command line so far.
    param : click.Parameter
        The option or argument.
    incomplete : str
        What is typed of it.

    Returns
    -------
    list[CompletionItem]
        What it may become.
    """
    names = [CompletionItem(name) for name in bundled_models() if name.startswith(incomplete)]
    return [*names, CompletionItem(incomplete, type="file")]


def complete_kit(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the names of the user's kits, and files.

    Parameters
    ----------
    ctx : click.Context
        Of the command line so far.
    param : click.Parameter
        The option or argument.
    incomplete : str
        What is typed of it.

    Returns
    -------
    list[CompletionItem]
        What it may become.
    """
    from ...kits.library import kit_files

    names = [CompletionItem(path.stem) for path in kit_files() if path.stem.startswith(incomplete)]
    return [*names, CompletionItem(incomplete, type="file")]


hearing = partial(option, section="Hearing")


def model_option(default: str = "base") -> Callable[[Command], Command]:
    """Make --model, whose help names the default."""
    return hearing(
        "--model",
        "-m",
        type=NamedPath(path_type=Path),
        metavar="NAME|FILE",
        shell_complete=complete_model,
        help=f"A bundled model ({', '.join(bundled_models())}) or a model file. [default: {default}]",
    )


sensitivity_option = hearing(
    "--sensitivity",
    "-s",
    "sensitivities",
    type=PerInstrument("FLOAT", _share),
    multiple=True,
    help="Sensitivity from 0 to 1; higher finds more hits, and more false ones. For one instrument: hihat=0.7 "
    f"({', '.join(INSTRUMENTS)}, or a sound of your model or kit). Can be repeated. [default: 0.5]",
)
percussion_option = hearing(
    "--percussion",
    is_flag=True,
    help="Also report claps, tambourines, shakers and other percussion, as one instrument.",
)
kit_option = hearing(
    "--kit",
    "-k",
    metavar="NAME",
    shell_complete=complete_kit,
    help="Also detect the sounds of a kit made with finetune: its name (see drumscribe kits list) or a .kit file.",
)


def listening_options(command: Command, model: str = "base") -> Command:
    """Add --sensitivity, --model and --kit; the command takes them as `sensitivities`, `model` and `kit`.

    Parameters
    ----------
    command : callable
        The function of the command.
    model : str
        The default model, for the help.

    Returns
    -------
    callable
        It, with the options.
    """
    return sensitivity_option(model_option(model)(kit_option(command)))


def engine_options(command: Command) -> Command:
    """Add --latency and --retrigger; the command takes them in ms."""
    for add in (
        hearing(
            "--retrigger",
            type=FiniteRange(20, 500),
            metavar="MS",
            help="Minimum time between two hits of one drum. [default: 30]",
        ),
        hearing(
            "--latency",
            type=FiniteRange(0, 2000),
            metavar="MS",
            help="Maximum time from a stroke to its report; a longer one finds more, with fewer errors. [default: 96]",
        ),
    ):
        command = add(command)
    return command
