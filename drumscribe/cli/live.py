"""`drumscribe live`."""

from contextlib import ExitStack
from pathlib import Path

import click

from ..errors import DrumscribeError
from . import options
from .group import Failure, before_work


@click.command("live")
@click.option("--list", "listing", is_flag=True, help="Show audio inputs and MIDI outputs, and end.")
@click.option(
    "--device",
    "-d",
    metavar="NAME|FILE",
    help="An audio input, by number or a part of its name; or a recording, which is played at its own speed instead.",
)
@click.option("--rate", type=click.IntRange(22050, 192000), metavar="HZ", help="Of the device, if not its own.")
@click.option(
    "--midi",
    metavar="NAME",
    help='A MIDI output, by a part of its name, or "none"; a virtual one called drumscribe if not given.',
)
@click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="WAV",
    help="Keep the sound as this wav, and write its transcription beside it at the end.",
)
@options.engine_options
@options.kit_option
@options.listening_options
def command(listing, device, rate, midi, record, latency, retrigger, kit, sensitivities, model) -> None:
    """Listen to a microphone or an interface, and play what is heard to a MIDI port, until Ctrl-C.

    Needs pip install "drumscribe[live]".
    """
    from ..batch import reporting
    from ..batch.workers import native_chatter_dropped, one_thread
    from ..files import check_output

    with one_thread():  # before numpy is loaded, which reads this once
        console = reporting.make_console()
        if listing:
            _list()
            return
        with ExitStack() as stack:
            with before_work():
                if record is not None:
                    check_output(record, (".wav",), device or "")
                source = stack.enter_context(_source(device, rate))
                port = _port(stack, console, midi)
                with native_chatter_dropped():
                    engine = options.make_engine(model, kit, sensitivities, latency, retrigger)
            session = _play(console, source, engine, port, record)
        for overrun in session.overruns:
            console.print(
                f"{overrun.samples / source.rate:.2f} s from {overrun.sample / source.rate:.2f} s on were lost"
            )
        console.print(f"{len(session.hits)} hits in {session.frames / source.rate:.1f} s", soft_wrap=True)
        if record is not None:
            _keep(console, record, session.transcription(source.rate, engine.model) if kit is not None else None)
        if session.lost_device:
            raise Failure(DrumscribeError(session.lost_device))


def _source(device: str | None, rate: int | None):
    from contextlib import nullcontext

    from ..live.inputs import RecordingInput, open_device

    if device is not None and Path(device).is_file():
        return nullcontext(RecordingInput(Path(device)))
    return open_device(device, rate)


def _port(stack: ExitStack, console, midi: str | None):
    from ..live.ports import PortError, open_port

    if midi == "none":
        return None
    try:
        return stack.enter_context(open_port(midi))
    except PortError as error:
        if midi is not None:
            raise
        console.print(f"note: no MIDI out: {error}", soft_wrap=True)
        return None


def _play(console, source, engine, port, record):
    from contextlib import nullcontext

    from ..live.screen import Lanes
    from ..live.session import play

    lanes = Lanes(console, source.name, engine.instruments, source.rate) if console.is_terminal else nullcontext()
    with lanes as screen:
        return play(source, engine, port, screen, record)


def _keep(console, record: Path, played) -> None:
    """Write the transcription of a take: what was played, or, better where no kit was needed, what is heard in it."""
    from ..batch.delivery import Delivery

    out = record.with_suffix(".mid")
    Delivery().deliver(played or options.make_transcriber(None, None, ()).transcribe_file(record), [out])
    console.print(f"{record} and {out}", soft_wrap=True)


def _list() -> None:
    from ..live.inputs import DeviceError, list_inputs
    from ..live.ports import PortError, list_ports

    for what, lines, problem in (("audio inputs", list_inputs, DeviceError), ("MIDI outputs", list_ports, PortError)):
        click.echo(f"{what}:")
        try:
            for line in lines() or ["none"]:
                click.echo(f"  {line}")
        except problem as error:
            click.echo(f"  {error}")
