"""Transcription while it is played: the engine as a plugin host calls it.

    engine = Engine()
    engine.prepare(sample_rate=48000, max_block_size=512, channels=2)
    for hit in engine.process(block):
        hit.sample, hit.note, hit.velocity

Hits carry the sample of their attack, counted from the stream's first; they are reported within `latency_samples`.
`Engine.parameters` are sensitivities by instrument, the minimum time between two hits of one drum (`retrigger`), the
time that the engine waits for what follows an attack (`look_ahead`), and `bypass`.
"""

from .engine import Engine
from .events import Overrun, StreamHit
from .parameters import Parameter, Parameters, StateError

__all__ = ["Engine", "Overrun", "Parameter", "Parameters", "StateError", "StreamHit"]
