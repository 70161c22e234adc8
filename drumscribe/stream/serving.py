"""Listening for a program in another language, over its pipes.

The protocol, version 1
-----------------------
In: raw sound and nothing else, as 32-bit float samples, little-endian, interleaved, at the rate and with the channels
that were said at the start. There is no header; the stream ends when the pipe is closed.

Out: one JSON object per line, in UTF-8, each flushed at once. `event` says which:

``ready``  first, once sound is listened to: ``protocol`` (1), ``rate``, ``channels``, ``latency`` (frames from an
           attack to the sound that must have come before it can be reported), ``model``, ``instruments``.
``hit``    ``sample`` (the frame of the attack, counted from 0), ``time`` (the same in seconds), ``instrument``,
           ``articulation``, ``note`` (General MIDI), ``velocity`` (1 to 127), ``confidence`` (0 to 1).
``warning``  ``message``: samples that are no sound (taken as silence), or a last frame that was not whole.
``end``    last, when the pipe was closed and all hits are told: ``frames``.

Hits come in the order in which they become known. Nothing is lost where the sound comes faster than it can be listened
to: the pipe fills, and the writer waits; so write from a thread that may.
"""

import json
from typing import BinaryIO, TextIO

import numpy as np

from .engine import LARGEST_BLOCK, Engine
from .events import StreamHit

PROTOCOL = 1
_LOUDEST = 1e10  # beyond any scale that samples are written in


def serve(engine: Engine, rate: int, channels: int, source: BinaryIO, sink: TextIO) -> None:
    """Listen to a pipe until it is closed, and write what is heard to another.

    Parameters
    ----------
    engine : not threaded: the pipe is the queue.
    source : has `read1`, which gives what has come by now.

    Raises
    ------
    BrokenPipeError : where nobody reads any more.
    """
    engine.prepare(rate, LARGEST_BLOCK, channels, "interleaved")

    def tell(event: str, **facts) -> None:
        sink.write(json.dumps({"event": event, **facts}) + "\n")
        sink.flush()

    def tell_hits(hits: list[StreamHit]) -> None:
        for hit in hits:
            names = {"instrument": hit.instrument, "articulation": hit.articulation, "note": hit.note}
            sure = round(hit.confidence, 4)
            tell("hit", sample=hit.sample, time=hit.sample / rate, **names, velocity=hit.velocity, confidence=sure)

    told = {"latency": engine.latency_samples, "model": engine.model, "instruments": list(engine.instruments)}
    tell("ready", protocol=PROTOCOL, rate=rate, channels=channels, **told)
    size = 4 * channels
    rest, frames, warned = b"", 0, False
    while data := source.read1(size * LARGEST_BLOCK - len(rest)):
        data = rest + data
        whole = len(data) // size * size
        rest = data[whole:]
        block = np.frombuffer(data[:whole], "<f4").astype(np.float32, copy=False)
        if not warned and not (np.abs(block) < _LOUDEST).all():
            warned = True
            at = frames + int(np.argmin(np.abs(block) < _LOUDEST)) // channels
            tell("warning", message=f"samples from frame {at} on are no sound (NaN, infinite or absurdly large)")
        frames += len(block) // channels
        tell_hits(engine.process(block))
    tell_hits(engine.flush())
    if rest:
        tell("warning", message=f"the stream ends with {len(rest)} bytes of a frame of {size}")
    tell("end", frames=frames)
