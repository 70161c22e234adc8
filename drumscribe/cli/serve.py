"""`drumscribe serve`."""

import json
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from . import build
from .group import before_work
from .options.addresses import HOST_AND_PORT, Address
from .options.listening import engine_options, listening_options
from .options.paths import NamedPath
from .sections import command as sectioned
from .sections import option

if TYPE_CHECKING:
    from ..live.sockets import Clients
    from ..stream import Engine, StreamHit

TOKEN = "DRUMSCRIBE_TOKEN"
"""Environment variable with the token of a server that other machines can reach."""


@sectioned("serve")
@option("--stdio", is_flag=True, section="Input", help="Read sound from standard input, print hits to standard output.")
@option("--tcp", type=HOST_AND_PORT, section="Input", help="Listen at this address, such as 127.0.0.1:7676.")
@option(
    "--unix",
    type=NamedPath(path_type=Path, dir_okay=False),
    metavar="PATH",
    section="Input",
    help="Listen at a Unix socket with this path.",
)
@option(
    "--protocol",
    type=click.Choice(["1", "2"]),
    default="1",
    section="Input",
    help="With --stdio: 1 is raw sound; 2 is sound and commands in messages, as on sockets.",
)
@option(
    "--rate",
    type=click.IntRange(22050, 192000),
    default=48000,
    metavar="HZ",
    section="Input",
    help="Sample rate of the sound.",
)
@option("--channels", type=click.IntRange(1, 64), default=1, section="Input", help="Channels of the sound.")
@option("--osc", type=HOST_AND_PORT, section="Output", help="Also send hits as OSC.")
@engine_options
@partial(listening_options, model="live")
def command(
    stdio: bool,
    tcp: Address | None,
    unix: Path | None,
    protocol: str,
    rate: int,
    channels: int,
    osc: Address | None,
    latency: float | None,
    retrigger: float | None,
    kit: str | None,
    sensitivities: build.Sensitivities,
    model: Path | None,
) -> None:
    """Detect hits for a program in another language.

    32-bit float frames come in, and one JSON hit per line goes out.

    With --stdio, frames are interleaved and little-endian, without a header. The first line is {"event": "ready", ...}
    with "latency" in frames; then comes {"event": "hit", "sample": ..., "note": ..., "velocity": ...} for each hit, and
    {"event": "end"} once standard input is closed. The manual's page "In a host" has the rest, and examples.

    With --tcp or --unix, any number of clients may connect, until Ctrl-C. At an address that other machines can reach,
    they need a token: that of the environment variable DRUMSCRIBE_TOKEN, or the one that serve prints.

    The exit code is 0 if the whole input was read, 1 if the reader of the output has gone.
    """
    from ..runtime import one_thread

    if not (stdio or tcp or unix):
        raise click.UsageError("give --stdio, --tcp or --unix")

    def make_engine() -> "Engine":
        return build.make_engine(model, kit, sensitivities, latency, retrigger, threaded=False)

    with one_thread(), ExitStack() as stack:  # before numpy is loaded, which reads this once
        with before_work():
            engine = make_engine()
            also = _osc(osc)
            if tcp or unix:
                _listen(stack, tcp, unix, lambda token: _clients(make_engine, rate, channels, token, also))
        if stdio:
            _talk(engine, rate, channels, int(protocol), also)
        else:
            _wait()


def _osc(address: Address | None) -> "Callable[[StreamHit, float], None] | None":
    if address is None:
        return None
    from ..live.osc import OscSender

    return OscSender(address.host, address.port).send_hit


def _clients(
    make_engine: "Callable[[], Engine]",
    rate: int,
    channels: int,
    token: str | None,
    also: "Callable[[StreamHit, float], None] | None",
) -> "Clients":
    from ..live.sockets import Clients

    return Clients(make_engine, rate, channels, token, also)


def _listen(
    stack: ExitStack, tcp: Address | None, unix: Path | None, clients: "Callable[[str | None], Clients]"
) -> None:
    """Open the sockets, and say where, on standard error, where no hits are."""
    from ..live.sockets import listen_tcp, listen_unix
    from ..runtime import is_loopback

    if tcp is not None:
        given = os.environ.get(TOKEN)
        token = given or (None if is_loopback(tcp.host) else secrets.token_urlsafe(16))
        port = stack.enter_context(listen_tcp(tcp.host, tcp.port, clients(token)))
        shown = {"token": token} if token and not given else {}
        _say("listening", tcp=f"{tcp.host}:{port}", **shown)
    if unix is not None:
        _say("listening", unix=str(stack.enter_context(listen_unix(unix, clients(None)))))


def _say(event: str, **facts: str) -> None:
    click.echo(json.dumps({"event": event, **facts}), err=True)


def _talk(
    engine: "Engine",
    rate: int,
    channels: int,
    protocol: int,
    also: "Callable[[StreamHit, float], None] | None",
) -> None:
    from ..live.pipes import Conversation

    try:
        Conversation(engine, rate, channels, sys.stdout, protocol, also).hold(cast(BufferedReader, sys.stdin.buffer))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that closing it does not fail again
        sys.exit(1)


def _wait() -> None:
    """Wait for Ctrl-C or the system's request to end."""
    ended = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: ended.set())
    while not ended.wait(0.5):  # a wait without end would not be interrupted on Windows
        pass
