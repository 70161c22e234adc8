"""Live sessions: send the hits of an input to a MIDI port and the screen, and record the sound as a take."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from ..formats.midi.writing import DRUM_CHANNEL
from ..music.transcription import Transcription
from ..rhythm import RhythmOptions, analyse_rhythm
from ..stream import Engine, Overrun, StreamHit
from .clock import Timing
from .inputs import DeviceError, LiveInput
from .ports import Outlet, Port
from .takes import Take, TakeError

_NOTE_SECONDS = 0.05  # length of a note (by hand)
_BLOCK_FRAMES = 16384  # the largest block that inputs give


class Screen(Protocol):
    """The interface of displays."""

    def show(
        self, hits: Sequence[StreamHit], levels: Sequence[float], seconds: float, lost: float, tempo: float | None
    ) -> None:
        """Show new hits.

        Parameters
        ----------
        hits : Sequence[StreamHit]
            The new hits.
        levels : Sequence[float]
            Peak of the new sound of each channel, linear.
        seconds : float
            Time since the start.
        lost : float
            Seconds that could not be processed in time, so far.
        tempo : float or None
            Quarters per minute, if known.
        """
        ...


@dataclass
class Session:
    """The results of a session.

    Attributes
    ----------
    hits : list[StreamHit], optional
        The hits, in the order of their reports.
    overruns : list[Overrun], optional
        Sound that could not be processed in time.
    frames : int, default 0
        Frames of the input so far.
    lost_device : str, default ""
        What was lost, and why, if the device or the file was, else "".
    lost_port : str, default ""
        The message of the MIDI port if it was lost, else "".
    tempo : float, optional
        Quarters per minute, if another program gave the tempo.
    """

    hits: list[StreamHit] = field(default_factory=list)
    overruns: list[Overrun] = field(default_factory=list)
    frames: int = 0
    lost_device: str = ""
    lost_port: str = ""
    tempo: float | None = None

    def transcription(self, rate: int, model: str) -> Transcription:
        """Convert the session to a transcription, with its rhythm.

        Parameters
        ----------
        rate : int
            Samples per second of the input.
        model : str
            Name of the model.

        Returns
        -------
        Transcription
            The hits in order of time.
        """
        hits = sorted((hit.at_rate(rate) for hit in self.hits), key=lambda hit: (hit.time, hit.note))
        transcription = Transcription(tuple(hits), self.frames / rate, model)
        return replace(transcription, rhythm=analyse_rhythm(transcription, RhythmOptions(tempo=self.tempo)))


def play(
    source: LiveInput,
    engine: Engine,
    port: Port | None = None,
    screen: Screen | None = None,
    record: Path | None = None,
    *,
    timing: Timing | None = None,
    also: Callable[[StreamHit, float], None] | None = None,
    is_to_end: Callable[[], bool] = lambda: False,
) -> Session:
    """Transcribe live sound until `is_to_end`, Ctrl-C, the loss of the device, or the end of a recording.

    Parameters
    ----------
    source : LiveInput
        The input.
    engine : Engine
        Not yet prepared.
    port : Port, optional
        Receives notes.
    screen : Screen, optional
        Displays hits and levels.
    record : Path, optional
        A wav file of floats for the sound; see `takes.Take`.
    timing : Timing, optional
        Keeps the tempo.
    also : callable, optional
        Also called with each hit and its time in seconds.
    is_to_end : callable, optional
        Called before each block; whether to end.

    Returns
    -------
    Session
        The hits, and any losses.

    Raises
    ------
    TakeError
        If the file of the sound cannot be opened.
    """
    session = Session()
    engine.prepare(source.rate, _BLOCK_FRAMES, source.channels, "interleaved")
    player = _Player(session, source.rate, _Notes(port), screen, timing, also)
    try:
        take = nullcontext() if record is None else Take(record, source.rate, source.channels)
        with _losses_noted(session), take as recording, _losses_noted(session):
            for block in source.blocks():
                if is_to_end():
                    break
                if recording is not None:
                    recording.write(block)
                session.overruns += engine.take_overruns()
                player.take(engine.process(block), block)
        player.take(engine.flush(), np.zeros((0, source.channels), np.float32))
        session.overruns += engine.take_overruns()
    finally:
        player.end()
        engine.close()
    return session


@contextmanager
def _losses_noted(session: Session) -> Iterator[None]:
    """Record a lost device or file in the session, and end the block on it or on Ctrl-C."""
    try:
        yield
    except (DeviceError, TakeError) as error:
        session.lost_device = "; ".join(filter(None, (session.lost_device, str(error))))
    except KeyboardInterrupt:
        pass


class _Player:
    """Counts, plays and shows hits as they come."""

    def __init__(
        self,
        session: Session,
        rate: int,
        notes: "_Notes",
        screen: Screen | None,
        timing: Timing | None,
        also: Callable[[StreamHit, float], None] | None,
    ) -> None:
        self._session, self._rate, self._notes = session, rate, notes
        self._screen, self._timing, self._also = screen, timing, also

    def take(self, hits: Sequence[StreamHit], block: np.ndarray) -> None:
        """Take a block and the hits that it completed."""
        session = self._session
        self._notes.play(hits)
        session.frames += len(block)
        session.hits += hits
        seconds, tempo = session.frames / self._rate, None
        for hit in hits:
            if self._also is not None:
                self._also(hit, hit.sample / self._rate)
        if self._timing is not None:
            tempo = self._timing.take([hit.at_rate(self._rate) for hit in hits], seconds)
            session.tempo = tempo if self._timing.is_told and tempo is not None else session.tempo
        if self._screen is not None:
            levels = np.abs(block).max(axis=0).tolist() if len(block) else [0.0] * block.shape[1]
            lost = sum(overrun.samples for overrun in session.overruns) / self._rate
            self._screen.show(hits, levels, seconds, lost, tempo)

    def end(self) -> None:
        """End all notes."""
        self._notes.end()
        self._session.lost_port = self._notes.failure or ("" if self._timing is None else self._timing.failure)


class _Notes:
    """Plays notes on a port, and ends each after a fixed time."""

    def __init__(self, port: Port | None) -> None:
        self._outlet = Outlet(port)
        self._sounding: dict[int, float] = {}

    @property
    def failure(self) -> str:
        """The message of the port if it was lost, else ""."""
        return self._outlet.failure

    def play(self, hits: Sequence[StreamHit]) -> None:
        """Begin notes, and end those that have sounded long enough."""
        now = time.monotonic()
        for note in [note for note, until in self._sounding.items() if until <= now]:
            self._stop(note)
        for hit in hits:
            if hit.note in self._sounding:
                self._stop(hit.note)
            self._send("note_on", hit.note, hit.velocity)
            self._sounding[hit.note] = now + _NOTE_SECONDS

    def end(self) -> None:
        """End all notes."""
        for note in list(self._sounding):
            self._stop(note)

    def _stop(self, note: int) -> None:
        del self._sounding[note]
        self._send("note_off", note, 0)

    def _send(self, kind: str, note: int, velocity: int) -> None:
        import mido

        self._outlet.send(mido.Message(kind, channel=DRUM_CHANNEL, note=note, velocity=velocity))
