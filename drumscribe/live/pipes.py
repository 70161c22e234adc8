"""Conversations: sound and commands in, events out; see `protocol`."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BufferedReader
from typing import Any, ClassVar, TextIO

import numpy as np

from ..sound.audio import LOUDEST
from ..stream.engine import LARGEST_BLOCK, MOST_CHANNELS, RATES, Engine
from ..stream.events import StreamHit
from .protocol import LARGEST_MESSAGE, Command, ProtocolError, read_messages, read_sound

_LONGEST_NOTE_S = 60.0
"""Longest note length that a client may ask for; by hand."""


@dataclass(frozen=True)
class _Transport:
    """Position of the host's song: at `beat` in frame `sample`, at `tempo` quarters per minute, if it is playing."""

    sample: int
    beat: float
    tempo: float
    playing: bool

    def beat_at(self, sample: int, rate: int) -> float:
        """The beat at a frame."""
        return round(self.beat + (sample - self.sample) / rate * self.tempo / 60.0, 6)


class Conversation:
    """Transcribes the sound of one client.

    Parameters
    ----------
    engine : Engine
        Not threaded: the pipe is the queue.
    rate : int
        Samples per second.
    channels : int
        Number of channels.
    sink : TextIO
        Receives the events.
    protocol : int
        Version of the protocol.
    also : callable or None
        Also called with each hit and its time in seconds.
    """

    def __init__(
        self,
        engine: Engine,
        rate: int,
        channels: int,
        sink: TextIO,
        protocol: int = 1,
        also: Callable[[StreamHit, float], None] | None = None,
    ) -> None:
        self._engine, self._rate, self._channels = engine, rate, channels
        self._sink, self._protocol, self._also = sink, protocol, also
        self._frames = 0  # of this stream
        self._rest = b""
        self._warned = False
        self._note_frames: int | None = None
        self._sounding: dict[int, int] = {}  # the frame at which each note ends
        self._transports: list[_Transport] = []  # a hit is reported after the song has gone on, or elsewhere

    def hold(self, source: BufferedReader) -> None:
        """Answer until the client ends.

        Parameters
        ----------
        source : BufferedReader
            Sound, and commands.

        Raises
        ------
        BrokenPipeError
            If the reader of the events is gone.
        ProtocolError
            If something other than a message is received; an event says so.
        """
        self._engine.prepare(self._rate, LARGEST_BLOCK, self._channels, "interleaved")
        self._send("ready", **self._facts())
        if self._protocol == 1:
            for data in read_sound(source, 4 * self._channels * LARGEST_BLOCK):
                self._hear(data)
        else:
            self._take_messages(source)
        self._flush()
        if self._rest:
            size = 4 * self._channels
            self._send("warning", message=f"the stream ends with {len(self._rest)} bytes of a frame of {size}")
        self._send("end", frames=self._frames)

    def _take_messages(self, source: BufferedReader) -> None:
        try:
            for message in read_messages(source):
                if isinstance(message, bytes):
                    self._hear(message)
                elif message.get("command") == "end":
                    return
                else:
                    self._obey(message)
        except ProtocolError as error:
            self._send("error", message=str(error))
            raise

    def _facts(self) -> dict[str, Any]:
        engine = self._engine
        facts = {
            "protocol": self._protocol,
            "rate": self._rate,
            "channels": self._channels,
            "latency": engine.latency_samples,
            "model": engine.model,
            "instruments": list(engine.instruments),
        }
        if self._protocol == 1:
            return facts
        fields = ("name", "minimum", "maximum", "default", "unit")
        return facts | {
            "kit": engine.kit,
            "look_aheads": list(engine.look_aheads),
            "notes": engine.notes,
            "parameters": [
                {**{field: getattr(p, field) for field in fields}, "value": engine.parameters[p.name]}
                for p in engine.parameters.ranges
            ],
            "limits": {"message": LARGEST_MESSAGE, "rate": RATES, "channels": (1, MOST_CHANNELS)},
        }

    def _send(self, event: str, **facts: Any) -> None:
        self._sink.write(json.dumps({"event": event, **facts}) + "\n")
        self._sink.flush()

    def _hear(self, data: bytes) -> None:
        """Transcribe sound of any length."""
        data = self._rest + data
        size = 4 * self._channels
        whole = len(data) // size * size
        self._rest = data[whole:]
        samples = np.frombuffer(data[:whole], "<f4").astype(np.float32, copy=False)
        for start in range(0, len(samples), self._channels * LARGEST_BLOCK):
            block = samples[start : start + self._channels * LARGEST_BLOCK]
            self._check(block)
            self._frames += len(block) // self._channels
            self._send_hits(self._engine.process(block))
            self._send_note_offs(self._frames - self._engine.latency_samples)

    def _check(self, block: np.ndarray) -> None:
        """Warn once of invalid samples."""
        if not self._warned and not (np.abs(block) < LOUDEST).all():
            self._warned = True
            at = self._frames + int(np.argmin(np.abs(block) < LOUDEST)) // self._channels
            self._send("warning", message=f"invalid samples (NaN, infinite or absurdly large), the first in frame {at}")

    def _send_hits(self, hits: Sequence[StreamHit]) -> None:
        for hit in hits:
            self._send_note_offs(hit.sample, hit.note)
            names = {"instrument": hit.instrument, "articulation": hit.articulation, "note": hit.note}
            numbers = {"velocity": hit.velocity, "confidence": round(hit.confidence, 4)}
            at = next((song for song in reversed(self._transports) if song.sample <= hit.sample), None)
            if at is not None and at.playing:
                numbers["beat"] = at.beat_at(hit.sample, self._rate)
            time = hit.sample / self._rate
            self._send("hit", sample=hit.sample, time=time, **names, **numbers)
            if self._note_frames is not None:
                self._sounding[hit.note] = hit.sample + self._note_frames
            if self._also is not None:
                self._also(hit, time)

    def _send_note_offs(self, until: float, struck: int | None = None) -> None:
        """End the notes that are over by frame `until`, or the note that is struck again there."""
        for note, end in sorted(self._sounding.items(), key=lambda item: item[1]):
            if note == struck or (struck is None and end <= until):
                del self._sounding[note]
                self._send("note_off", sample=int(min(end, until)), note=note)

    def _flush(self) -> None:
        self._send_hits(self._engine.flush())
        self._send_note_offs(np.inf)

    def _begin_anew(self) -> None:
        self._frames, self._rest, self._transports = 0, b"", []
        self._sounding.clear()

    def _obey(self, command: Command) -> None:
        """Carry out a command, or send an error."""
        kind = command.get("command")
        obey = self._COMMANDS.get(kind) if isinstance(kind, str) else None
        if obey is None:
            self._send("error", message=f"not a command: {kind!r}; it is one of {', '.join([*self._COMMANDS, 'end'])}")
            return
        try:
            obey(self, command)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            wrong = f"{error.args[0]!r} is missing or unknown" if isinstance(error, KeyError) else str(error)
            self._send("error", message=f"{kind}: {wrong}")

    def _set(self, command: Command) -> None:
        parameters, values = self._engine.parameters, command["parameters"]
        before = dict(parameters)
        try:
            for name, value in values.items() if isinstance(values, dict) else [(values, None)]:
                parameters[name] = _number(value, name)
        except (KeyError, TypeError, ValueError):
            parameters.update(before)
            raise
        self._send_parameters()

    def _set_latency(self, command: Command) -> None:
        self._engine.set_latency(_number(command["milliseconds"], "milliseconds") / 1000.0)
        self._send_parameters()

    def _send_parameters(self) -> None:
        self._send("parameters", values=dict(self._engine.parameters), latency=self._engine.latency_samples)

    def _set_notes(self, command: Command) -> None:
        seconds = command["seconds"]
        if seconds is None:
            self._note_frames = None
            return
        if not 0.0 < _number(seconds, "seconds") <= _LONGEST_NOTE_S:
            raise ValueError(f"seconds is {seconds}: a note lasts up to {_LONGEST_NOTE_S:g}")
        self._note_frames = max(1, round(seconds * self._rate))

    def _set_transport(self, command: Command) -> None:
        tempo, beat = _number(command["tempo"], "tempo"), _number(command["beat"], "beat")
        if tempo <= 0.0:
            raise ValueError(f"tempo is {tempo}: it is above 0")
        passed = self._frames - 2 * self._engine.latency_samples
        gone = [song for song in self._transports if song.sample <= passed][:-1]  # the last of them still counts
        self._transports = [song for song in self._transports if song not in gone]
        self._transports.append(_Transport(self._frames, beat, tempo, bool(command["playing"])))

    def _reset(self, command: Command) -> None:
        self._engine.reset()
        self._send_note_offs(np.inf)
        self._begin_anew()
        self._send("reset")

    def _end_stream(self, command: Command) -> None:
        self._flush()
        self._begin_anew()
        self._send("flush")

    def _sync(self, command: Command) -> None:
        self._send("sync", id=command["id"], sample=self._frames)

    _COMMANDS: ClassVar[dict[str, Callable[["Conversation", Command], None]]] = {
        "set": _set,
        "latency": _set_latency,
        "notes": _set_notes,
        "transport": _set_transport,
        "reset": _reset,
        "flush": _end_stream,
        "sync": _sync,
    }


def _number(value: object, name: str) -> float:
    """Return a number from JSON.

    Raises
    ------
    ValueError
        If it is not a number, or not finite.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
        raise ValueError(f"{name} is {value!r}: it is a number")
    return float(value)
