"""Tempo of live playing: estimated from the hits, or received as a MIDI clock; and sent as a MIDI clock."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..music.transcription import Hit, Transcription
from .osc import OscSender
from .ports import Outlet, Port

if TYPE_CHECKING:
    from mido import Message

PULSES = 24
"""Of a MIDI clock, in a quarter."""
_LISTENED_S = 12.0
"""Last seconds of playing that the tempo is of; by hand."""
_INTERVAL_S = 2.0
"""Seconds between two estimates, each of which takes some hundredths of a second; by hand."""
_CUT_S = 0.2
"""Silence put before seconds that are cut out of a stream, whose first stroke is no beginning."""
_FEWEST_HITS = 8
_CATCH_UP = 0.05
"""Share by which a clock is faster or slower than its tempo while it is not yet on the beat; by hand."""
_TOLD_S = 0.5
"""Seconds between two times that others are told; by hand."""
_LOST_S = 1.0
"""A clock that is silent for so long has stopped; by hand."""


@dataclass(frozen=True)
class Beat:
    """A tempo, and the position in quarters of one moment.

    Attributes
    ----------
    tempo : float
        Quarters per minute.
    quarters : float
        Quarters from the first beat to `moment`.
    moment : float
        Seconds.
    """

    tempo: float
    quarters: float
    moment: float

    def quarters_at(self, moment: float) -> float:
        """Count the quarters up to another moment, at the same tempo.

        Parameters
        ----------
        moment : float
            Seconds.

        Returns
        -------
        float
            Quarters from the first beat.
        """
        return self.quarters + (moment - self.moment) * self.tempo / 60.0


def heard_beat(hits: Sequence[Hit], now: float) -> Beat | None:
    """Estimate the tempo of the last seconds.

    Parameters
    ----------
    hits : sequence of Hit
        In order of time.
    now : float
        Seconds, in the time of the hits.

    Returns
    -------
    Beat or None
        None for free time, or too few hits.
    """
    from ..rhythm import analyse_rhythm

    start = max(0.0, now - _LISTENED_S)
    origin = start - _CUT_S if start else 0.0
    recent = tuple(replace(hit, time=hit.time - origin) for hit in hits if hit.time >= start)
    if len(recent) < _FEWEST_HITS:
        return None
    tempo_map = analyse_rhythm(Transcription(recent, now - origin)).tempo_map
    if tempo_map is None:
        return None
    return Beat(float(tempo_map.tempos()[-1]), float(tempo_map.quarters_at(now - origin)), now)


class TempoTracker:
    """Estimates the tempo of the playing, in a thread of its own."""

    def __init__(self) -> None:
        self.beat: Beat | None = None
        self._hits: deque[Hit] = deque()
        self._due = _INTERVAL_S
        self._busy: threading.Thread | None = None

    def take(self, hits: Sequence[Hit], now: float) -> None:
        """Take new hits, and begin an estimate if one is due.

        Parameters
        ----------
        hits : sequence of Hit
            The new ones.
        now : float
            Seconds since the start.
        """
        self._hits.extend(hits)
        while self._hits and self._hits[0].time < now - _LISTENED_S:
            self._hits.popleft()
        if now < self._due or (self._busy is not None and self._busy.is_alive()):
            return
        self._due = now + _INTERVAL_S
        recent = sorted(self._hits, key=lambda hit: (hit.time, hit.note))
        self._busy = threading.Thread(target=self._estimate, args=(recent, now), daemon=True)
        self._busy.start()

    def _estimate(self, hits: Sequence[Hit], now: float) -> None:
        self.beat = heard_beat(hits, now) or self.beat


class ClockReceiver:
    """Takes the tempo from the MIDI clock of another program: its pulses, starts and song positions.

    A stop is not taken: the clock has stopped once no pulses come, and some programs send them on.
    """

    def __init__(self) -> None:
        self._pulses: deque[float] = deque(maxlen=2 * PULSES + 1)
        self._count = 0

    def take(self, message: "Message") -> None:
        """Take a message.

        Parameters
        ----------
        message : Message
            A message of any kind.
        """
        if message.type == "clock":
            self._pulses.append(time.monotonic())
            self._count += 1
        elif message.type == "start":
            self._count = 0
            self._pulses.clear()
        elif message.type == "songpos":
            self._count = message.pos * PULSES // 4

    @property
    def beat(self) -> Beat | None:
        """The tempo, and the last pulse; None before the first pulses, and after the clock has stopped. Moments are
        those of `time.monotonic`."""
        pulses = list(self._pulses)
        if len(pulses) < PULSES // 4 or time.monotonic() - pulses[-1] > _LOST_S:
            return None
        tempo = 60.0 / PULSES * (len(pulses) - 1) / max(pulses[-1] - pulses[0], 1e-6)
        return Beat(tempo, (self._count - 1) / PULSES, pulses[-1])


class Timing:
    """Keeps the tempo of a session, and sends it to others.

    Parameters
    ----------
    receiver : ClockReceiver or None
        Receives the tempo; None to estimate it from the hits.
    sender : ClockSender or None
        Sends the tempo as a MIDI clock.
    osc : OscSender or None
        Sends the tempo as OSC.
    """

    def __init__(
        self,
        receiver: "ClockReceiver | None" = None,
        sender: "ClockSender | None" = None,
        osc: OscSender | None = None,
    ) -> None:
        self._receiver, self._sender, self._osc = receiver, sender, osc
        self._tracker = TempoTracker()
        self._heard: Beat | None = None
        self._dated: Beat | None = None
        self._told: Beat | None = None
        self._due = 0.0

    @property
    def is_told(self) -> bool:
        """Whether the tempo is given by another program."""
        return self._receiver is not None

    @property
    def failure(self) -> str:
        """The message of the port of the clock if it was lost, else ""."""
        return "" if self._sender is None else self._sender.failure

    def take(self, hits: Sequence[Hit], now: float) -> float | None:
        """Take new hits.

        Parameters
        ----------
        hits : sequence of Hit
            The new ones.
        now : float
            Seconds since the start.

        Returns
        -------
        float or None
            The tempo in quarters per minute, if known.
        """
        beat = self._receiver.beat if self._receiver is not None else self._hear(hits, now)
        if beat is not None and beat != self._told and now >= self._due:
            self._told, self._due = beat, now + _TOLD_S
            if self._sender is not None:
                self._sender.follow(beat)
            if self._osc is not None:
                self._osc.send_tempo(beat.tempo, beat.quarters_at(time.monotonic()))
        return None if beat is None else beat.tempo

    def _hear(self, hits: Sequence[Hit], now: float) -> Beat | None:
        """Return the estimated tempo, with a moment of `time.monotonic`."""
        self._tracker.take(hits, now)
        heard = self._tracker.beat
        if heard is not self._heard and heard is not None:
            self._dated = replace(heard, moment=time.monotonic() - (now - heard.moment))
        self._heard = heard
        return self._dated


class ClockSender:
    """A context manager that sends a MIDI clock, from the first tempo on.

    Parameters
    ----------
    port : Port
        Receives a start, pulses, and a stop at the end.
    """

    def __init__(self, port: Port) -> None:
        self._outlet = Outlet(port)
        self._beat: Beat | None = None
        self._known, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def __enter__(self) -> "ClockSender":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._known.set()
        self._thread.join(1.0)

    @property
    def failure(self) -> str:
        """The message of the port if it was lost, else ""."""
        return self._outlet.failure

    def follow(self, beat: Beat) -> None:
        """Continue at another tempo.

        Parameters
        ----------
        beat : Beat
            The tempo; its moment is one of `time.monotonic`.
        """
        self._beat = beat
        self._known.set()

    def _run(self) -> None:
        import mido

        self._known.wait()
        if self._beat is None:
            return
        self._ended.wait(next_pulse(self._beat, 0, time.monotonic()))
        self._outlet.send(mido.Message("start"))
        pulse, due = 0, time.monotonic()
        while not self._ended.is_set():
            self._outlet.send(mido.Message("clock"))
            pulse += 1
            due += next_pulse(self._beat, pulse, due)
            self._ended.wait(max(0.0, due - time.monotonic()))
        self._outlet.send(mido.Message("stop"))


def next_pulse(beat: Beat, pulse: int, moment: float) -> float:
    """Return how long to wait for a pulse, so that the pulses of whole quarters fall on beats.

    Parameters
    ----------
    beat : Beat
        The tempo.
    pulse : int
        Number of the pulse; 0 waits for the next beat.
    moment : float
        When the previous pulse was sent; or now.

    Returns
    -------
    float
        Seconds.
    """
    quarters = beat.quarters_at(moment)
    if pulse == 0:
        return float(-quarters % 1.0) * 60.0 / beat.tempo
    ahead = ((pulse - 1) / PULSES - quarters + 0.5) % 1.0 - 0.5  # quarters that the clock is before the beat
    return 60.0 / beat.tempo / PULSES * (1.0 + max(-_CATCH_UP, min(_CATCH_UP, ahead * PULSES)))
