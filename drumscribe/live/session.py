"""A session: sound comes in, hits go to a MIDI port, to the screen, and with the sound into a take."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from ..errors import DrumscribeError
from ..hits import Transcription
from ..rhythm import analyse_rhythm
from ..stream import Engine, Overrun, StreamHit
from .inputs import DeviceError, LiveInput
from .ports import Port

_NOTE_SECONDS = 0.05
_CHANNEL = 9  # the tenth, as drums have it


class Screen(Protocol):
    """What shows a session."""

    def show(self, hits: Sequence[StreamHit], level: float, seconds: float) -> None: ...


@dataclass
class Session:
    """What came of one.

    Attributes
    ----------
    hits : in the order in which they became known.
    overruns : what could not be listened to in time.
    frames : of the input.
    lost_device : what was said when the device went; "" where it did not.
    """

    hits: list[StreamHit] = field(default_factory=list)
    overruns: list[Overrun] = field(default_factory=list)
    frames: int = 0
    lost_device: str = ""

    def transcription(self, rate: int, model: str) -> Transcription:
        """The hits as those of a recording, with its rhythm."""
        hits = sorted((hit.at_rate(rate) for hit in self.hits), key=lambda hit: (hit.time, hit.note))
        heard = Transcription(tuple(hits), self.frames / rate, model)
        return replace(heard, rhythm=analyse_rhythm(heard))


def play(
    source: LiveInput,
    engine: Engine,
    port: Port | None = None,
    screen: Screen | None = None,
    record: Path | None = None,
) -> Session:
    """Listen until Ctrl-C, until the device goes, or until a recording in its place ends.

    Parameters
    ----------
    engine : not yet prepared.
    record : where the sound is written, as wav of floats; whole even where the device goes.

    Raises
    ------
    DrumscribeError : where the recording cannot be written.
    """
    session = Session()
    engine.prepare(source.rate, 16384, source.channels, "interleaved")
    notes = _Notes(port)
    try:
        with _recorder(record, source) as take:
            try:
                for block in source.blocks():
                    if take is not None:
                        take.write(block)
                    _hear(session, engine.process(block), block, source.rate, notes, screen)
            except DeviceError as error:
                session.lost_device = str(error)
            except KeyboardInterrupt:
                pass
            session.overruns += engine.take_overruns()
            _hear(session, engine.flush(), np.zeros((0, 1), np.float32), source.rate, notes, screen)
    except OSError as error:
        raise DrumscribeError(f"{record}: cannot be written: {error.strerror or error}") from error
    finally:
        notes.end()
        engine.close()
    return session


def _hear(session: Session, hits, block: np.ndarray, rate: int, notes: "_Notes", screen: Screen | None) -> None:
    session.frames += len(block)
    session.hits += hits
    notes.play(hits)
    if screen is not None:
        level = float(np.abs(block).max()) if len(block) else 0.0
        screen.show(hits, level, session.frames / rate)


def _recorder(path: Path | None, source: LiveInput) -> AbstractContextManager:
    if path is None:
        return nullcontext()
    from contextlib import contextmanager

    import soundfile

    from ..files import written_whole

    @contextmanager
    def opened():
        with (
            written_whole(path) as temporary,
            soundfile.SoundFile(temporary, "w", source.rate, source.channels, "FLOAT", format="WAV") as file,
        ):
            yield file

    return opened()


class _Notes:
    """Notes on a port, each ended after a while."""

    def __init__(self, port: Port | None) -> None:
        self._port = port
        self._sounding: dict[int, float] = {}

    def play(self, hits: Sequence[StreamHit]) -> None:
        """Begin these, and end those that have sounded long enough."""
        if self._port is None:
            return
        now = time.monotonic()
        for note in [note for note, until in self._sounding.items() if until <= now]:
            self._stop(note)
        for hit in hits:
            if hit.note in self._sounding:
                self._stop(hit.note)
            self._send("note_on", hit.note, hit.velocity)
            self._sounding[hit.note] = now + _NOTE_SECONDS

    def end(self) -> None:
        """End all."""
        for note in list(self._sounding):
            self._stop(note)

    def _stop(self, note: int) -> None:
        del self._sounding[note]
        self._send("note_off", note, 0)

    def _send(self, kind: str, note: int, velocity: int) -> None:
        import mido

        self._port.send(mido.Message(kind, channel=_CHANNEL, note=note, velocity=velocity))
