"""`drumscribe live`."""

from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import DrumscribeError
from . import build
from .group import Failure, before_work
from .options.addresses import HOST_AND_PORT, Address
from .options.listening import engine_options, listening_options
from .options.paths import NamedPath
from .sections import command as sectioned
from .sections import option

if TYPE_CHECKING:
    from rich.console import Console

    from ..live.clock import Timing
    from ..live.inputs import LiveInput
    from ..live.osc import OscSender
    from ..live.ports import Port
    from ..live.session import Session
    from ..stream import Engine


class ChannelNumbers(click.ParamType):
    """Numbers of channels, as 3,4."""

    name = "NUMBERS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        words = value.split(",")
        if not all(word.strip().isdecimal() and 1 <= int(word) <= 64 for word in words):
            self.fail(f"{value!r} is not a list of channels, as 3,4; the first is 1", param, ctx)
        return tuple(dict.fromkeys(int(word) for word in words))


@sectioned("live")
@option("--list", "listing", is_flag=True, section="Devices", help="List audio inputs and MIDI outputs, and stop.")
@option(
    "--device",
    "-d",
    metavar="NAME|FILE",
    section="Devices",
    help="Audio input, by number or part of its name; or a recording, played at its own speed. [default: the system's]",
)
@option(
    "--rate",
    type=click.IntRange(22050, 192000),
    metavar="HZ",
    section="Devices",
    help="Sample rate. [default: the device's own]",
)
@option(
    "--channels",
    type=ChannelNumbers(),
    section="Devices",
    help="Channels of the device to listen to, as 3,4. [default: the first two]",
)
@option(
    "--midi",
    metavar="NAME",
    section="Devices",
    help='MIDI output, by part of its name, or "none". [default: a virtual one called drumscribe]',
)
@option("--osc", type=HOST_AND_PORT, section="Devices", help="Also send hits and tempo as OSC.")
@option(
    "--record",
    type=NamedPath(path_type=Path, dir_okay=False),
    metavar="WAV",
    section="Devices",
    help="Record the sound to this new wav file, and at the end write its MIDI beside it.",
)
@option(
    "--send-clock", is_flag=True, section="Tempo", help="Send the detected tempo to the MIDI output, as MIDI clock."
)
@option(
    "--clock",
    metavar="NAME",
    section="Tempo",
    help='Take the tempo from the MIDI clock of an input, by part of its name, or "virtual" for a new one.',
)
@engine_options
@partial(listening_options, model="live")
def command(
    listing: bool,
    device: str | None,
    rate: int | None,
    channels: tuple[int, ...] | None,
    midi: str | None,
    osc: Address | None,
    record: Path | None,
    send_clock: bool,
    clock: str | None,
    latency: float | None,
    retrigger: float | None,
    kit: str | None,
    sensitivities: build.Sensitivities,
    model: Path | None,
) -> None:
    """Send the hits at a microphone to a MIDI port.

    It listens to a microphone or an audio interface, and sends hits as notes, until Ctrl-C.

    Needs pip install "drumscribe[live]".
    """
    from ..batch import summary
    from ..files import check_output
    from ..runtime import one_thread

    with one_thread():  # before numpy is loaded, which reads this once
        console = summary.make_console()
        if listing:
            _list()
            return
        from ..live.ending import ending_signals
        from ..live.inputs import check_rate, open_source

        with ExitStack() as stack:
            with before_work():
                if record is not None:
                    check_output(record, (".wav",), device or "")
                    if record.exists():
                        raise DrumscribeError(f"{record}: this file exists already: give the take another name")
                sender = _osc(osc)
                port = _port(stack, console, midi)  # before the device: JACK's client in rtmidi cannot come second
                timing = _timing(stack, console, clock, port if send_clock else None, sender)
                source = stack.enter_context(open_source(device, rate, channels))
                check_rate(source)
                engine = build.make_engine(model, kit, sensitivities, latency, retrigger)
            is_to_end = stack.enter_context(ending_signals())
            session = _play(console, source, engine, port, record, timing, sender, is_to_end)
            if record is not None:
                _keep(console, record, session, source.rate, engine.model, heard_again=kit is None)
            _report(console, session, source.rate)
        if session.lost_device:
            raise Failure(DrumscribeError(session.lost_device))


def _port(stack: ExitStack, console: "Console", midi: str | None) -> "Port | None":
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


def _osc(address: Address | None) -> "OscSender | None":
    if address is None:
        return None
    from ..live.osc import OscSender

    return OscSender(address.host, address.port)


def _timing(
    stack: ExitStack, console: "Console", clock: str | None, port: "Port | None", osc: "OscSender | None"
) -> "Timing | None":
    """What knows the tempo, where somebody wants it: the screen, another program, or the MIDI of the take."""
    from ..live.clock import ClockReceiver, ClockSender, Timing
    from ..live.ports import open_input

    if clock is None and port is None and osc is None and not console.is_terminal:
        return None
    receiver = ClockReceiver() if clock is not None else None
    if clock is not None and receiver is not None:
        stack.enter_context(open_input(clock, receiver.take))
    sender = stack.enter_context(ClockSender(port)) if port is not None else None
    return Timing(receiver, sender, osc)


def _play(
    console: "Console",
    source: "LiveInput",
    engine: "Engine",
    port: "Port | None",
    record: Path | None,
    timing: "Timing | None",
    osc: "OscSender | None",
    is_to_end: Callable[[], bool],
) -> "Session":
    from ..live.screen import Lanes
    from ..live.session import play

    lanes = Lanes(console, source.name, engine.instruments, source.rate) if console.is_terminal else nullcontext()
    also = None if osc is None else osc.send_hit
    with lanes as screen:
        return play(source, engine, port, screen, record, timing=timing, also=also, is_to_end=is_to_end)


def _report(console: "Console", session: "Session", rate: int) -> None:
    for overrun in session.overruns:
        lost, at = overrun.samples / rate, overrun.sample / rate
        console.print(f"lost {lost:.2f} s at {at:.2f} s: the machine was too slow")
    if session.lost_port:
        console.print(f"note: {session.lost_port}", soft_wrap=True)
    console.print(f"{len(session.hits)} hits in {session.frames / rate:.1f} s", soft_wrap=True)


def _keep(console: "Console", record: Path, session: "Session", rate: int, model: str, heard_again: bool) -> None:
    """Write what was played at once; then, where no kit was needed, what is heard in the take, which is better."""
    from ..formats.outputs import Delivery
    from ..formats.written import Written
    from ..rhythm import RhythmOptions

    delivery, out = Delivery(written=Written.by_user()), [record.with_suffix(".mid")]
    delivered = delivery.deliver(session.transcription(rate, model), out)
    is_kept = record.is_file()  # it could get its name
    if heard_again and is_kept:
        rhythm = None if session.tempo is None else RhythmOptions(tempo=session.tempo)  # that of --clock holds
        transcriber = build.make_transcriber(None, None, (), rhythm)
        delivered = delivery.deliver(transcriber.transcribe_file(record), out)
    written = [str(file) for file in (record, delivered.outputs[0]) if file != record or is_kept]
    console.print(f"wrote {' and '.join(written)}", soft_wrap=True)
    for note in delivered.notes:
        console.print(f"note: {note}", soft_wrap=True)


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
