"""What the commands that transcribe have in common: options, and the transcriber that they ask for."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..drums import INSTRUMENTS

if TYPE_CHECKING:
    from ..rhythm import RhythmOptions


class PerInstrument(click.ParamType):
    """A value for all instruments or, after its name and "=", for one.

    Parameters
    ----------
    name : what the value is called.
    read : makes it of text, or raises a ValueError.
    instruments : that may have one.
    """

    def __init__(self, name: str, read: Callable[[str], object], instruments: Sequence[str] = INSTRUMENTS):
        self.name = name
        self._read = read
        self._instruments = instruments

    def get_metavar(self, param, ctx=None) -> str:
        return f"[INSTRUMENT=]{self.name}"

    def convert(self, value, param, ctx) -> tuple[str | None, object]:
        instrument, equals, text = value.rpartition("=")
        if equals and instrument not in self._instruments:
            self.fail(f"{instrument!r} is not an instrument: it is one of {', '.join(self._instruments)}", param, ctx)
        try:
            return (instrument or None), self._read(text)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def number(text: str) -> float:
    """A number.

    Raises
    ------
    ValueError : for other text.
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


def listening_options(command: Callable) -> Callable:
    """Add --sensitivity and --model; the command takes them as `sensitivities` and `model`."""
    for option in (
        click.option(
            "--model",
            "-m",
            type=click.Path(path_type=Path),
            metavar="NAME|FILE",
            help="Another model that comes along, as tiny, or a model file.",
        ),
        click.option(
            "--sensitivity",
            "-s",
            "sensitivities",
            type=PerInstrument("FLOAT", _share),
            multiple=True,
            help="From 0 to 1, 0.5 if not given; more finds more hits, and more that are none. "
            f"For one instrument: hihat=0.7 ({', '.join(INSTRUMENTS)}). Can be repeated.",
        ),
    ):
        command = option(command)
    return command


percussion_option = click.option(
    "--percussion", is_flag=True, help="Report claps, tambourines, shakers and the like, too, as one instrument."
)

kit_option = click.option(
    "--kit",
    "-k",
    metavar="NAME",
    help="Hear the sounds of a kit that finetune made, too: its name, or a file that ends in .kit.",
)


def make_transcriber(
    model: Path | None,
    kit: str | None,
    sensitivities: Sequence[tuple[str | None, float]],
    rhythm: "RhythmOptions | None" = None,
    percussion: bool = False,
):
    """Make the transcriber, in the process that it works in, so that only that one loads what it needs."""
    from ..transcriber import TranscribeOptions, Transcriber

    by_instrument = dict(sensitivities)
    overall = by_instrument.pop(None, TranscribeOptions().sensitivity)
    asked = TranscribeOptions(overall, tuple(by_instrument.items()), percussion)
    return Transcriber(model, asked if rhythm is None else replace(asked, rhythm=rhythm), load_kit(kit))


def load_kit(kit: str | None):
    """The kit that is asked for, or None.

    Raises
    ------
    KitError : where it cannot be used.
    """
    if kit is None:
        return None
    from ..kits.library import load

    return load(kit)


def check_model_and_kit(model: Path | None, kit: str | None, percussion: bool = False) -> None:
    """See, before anything is begun, that what was named is there and belongs together.

    Raises
    ------
    DrumscribeError : where it is not.
    """
    from ..classifier import load_model_info

    if model is None and kit is None and not percussion:
        return
    info = load_model_info(model)
    if percussion:
        info.check_percussion()
    if kit is not None:
        load_kit(kit).check_model(info)


def engine_options(command: Callable) -> Callable:
    """Add --latency and --retrigger; the command takes them in ms."""
    for option in (
        click.option(
            "--retrigger",
            type=click.FloatRange(20, 500),
            metavar="MS",
            help="A drum does not sound again within this time; 30 if not given.",
        ),
        click.option(
            "--latency",
            type=click.FloatRange(0, 2000),
            metavar="MS",
            help="From an attack to its report, about; more finds more, and errs less. 85 if not given.",
        ),
    ):
        command = option(command)
    return command


def make_engine(
    model: Path | None,
    kit: str | None,
    sensitivities: Sequence[tuple[str | None, float]],
    latency: float | None,
    retrigger: float | None,
    threaded: bool = True,
):
    """Make an engine; its look-ahead is what the latency leaves, as near as the model has it."""
    from ..stream import Engine

    engine = Engine(model, kit=load_kit(kit), threaded=threaded)
    for instrument, value in sorted(sensitivities, key=lambda pair: pair[0] is not None):
        for name in engine.instruments if instrument is None else (instrument,):
            engine.parameters[f"sensitivity_{name}"] = value
    if retrigger is not None:
        engine.parameters["retrigger"] = retrigger
    if latency is not None:
        engine.set_latency(latency / 1000.0)
    return engine
