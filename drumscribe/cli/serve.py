"""`drumscribe serve`."""

import os
import sys
from pathlib import Path

import click

from . import options


@click.command("serve")
@click.option("--stdio", is_flag=True, required=True, help="Sound on standard input, hits on standard output.")
@click.option("--rate", type=click.IntRange(22050, 192000), default=48000, show_default=True, metavar="HZ")
@click.option("--channels", type=click.IntRange(1, 2), default=1, show_default=True)
@options.engine_options
@options.kit_option
@options.listening_options
def command(stdio: bool, rate: int, channels: int, latency, retrigger, kit, sensitivities, model: Path | None) -> None:
    """Listen for a program in another language: frames of 32-bit floats in, one JSON hit per line out.

    Frames are interleaved and little-endian, without a header. The lines are {"event": "ready", ...} first, with
    "latency" in frames; then {"event": "hit", "sample": ..., "note": ..., "velocity": ...} as hits become known; and
    {"event": "end"} once standard input is closed. examples/stdio_client.py and stdio_client.c show both ends.

    The exit code is 0 if the input was listened to to its end, 1 if nobody reads the output any more.
    """
    from ..batch.workers import native_chatter_dropped, one_thread

    with one_thread():  # before numpy is loaded, which reads this once
        from ..stream.serving import serve

        with native_chatter_dropped():
            engine = options.make_engine(model, kit, sensitivities, latency, retrigger, threaded=False)
        try:
            serve(engine, rate, channels, sys.stdin.buffer, sys.stdout)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that closing it does not fail again
            sys.exit(1)
