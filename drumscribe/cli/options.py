"""What the commands that transcribe have in common: options, and the transcriber that they ask for."""

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from ..drums import INSTRUMENTS


class Sensitivity(click.ParamType):
    """A number from 0 to 1, for all instruments or, after its name and "=", for one."""

    name = "sensitivity"

    def get_metavar(self, param, ctx=None) -> str:
        return "[INSTRUMENT=]FLOAT"

    def convert(self, value, param, ctx) -> tuple[str | None, float]:
        instrument, equals, number = value.rpartition("=")
        if equals and instrument not in INSTRUMENTS:
            self.fail(f"{instrument!r} is not an instrument: it is one of {', '.join(INSTRUMENTS)}", param, ctx)
        try:
            sensitivity = float(number)
        except ValueError:
            self.fail(f"{number!r} is not a number", param, ctx)
        if not 0 <= sensitivity <= 1:
            self.fail(f"{number} is not between 0 and 1", param, ctx)
        return (instrument or None), sensitivity


def listening_options(command: Callable) -> Callable:
    """Add --sensitivity and --model; the command takes them as `sensitivities` and `model`."""
    for option in (
        click.option(
            "--model",
            "-m",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A model file, instead of the one that comes with drumscribe.",
        ),
        click.option(
            "--sensitivity",
            "-s",
            "sensitivities",
            type=Sensitivity(),
            multiple=True,
            help="From 0 to 1, 0.5 if not given; more finds more hits, and more that are none. "
            f"For one instrument: hihat=0.7 ({', '.join(INSTRUMENTS)}). Can be repeated.",
        ),
    ):
        command = option(command)
    return command


def make_transcriber(model: Path | None, sensitivities: Sequence[tuple[str | None, float]]):
    """Make the transcriber, in the process that it works in, so that only that one loads what it needs."""
    from ..transcriber import TranscribeOptions, Transcriber

    by_instrument = dict(sensitivities)
    overall = by_instrument.pop(None, TranscribeOptions().sensitivity)
    return Transcriber(model, TranscribeOptions(overall, tuple(by_instrument.items())))
