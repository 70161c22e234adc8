"""Tempo maps: the times of beats and bars.

Positions count in quarter notes from the first downbeat of a recording, which is quarter 0; anything before it has a
negative position. Tempi are in quarter notes per minute whatever the meter, as in a MIDI file and a DAW.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

NEAR = 0.015
"""Tolerance in seconds (by hand): a hit up to this time before a bar line belongs to that bar, and a first downbeat up
to this time after the start is at the start."""
TEMPO_LIMITS = (20.0, 400.0)
"""The slowest and the fastest tempo that a user may give, in quarters or beats per minute (by hand)."""


_MOST = 64
"""Notes in the longest bar."""
_SHORTEST = 32
"""Denominator of the shortest notes that are counted."""


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature.

    Attributes
    ----------
    numerator : int, default 4
        Notes per bar, 1 to 64.
    denominator : int, default 4
        The value of these notes: 1, 2, 4, 8, 16 or 32.

    Raises
    ------
    ValueError
        If either number is out of range.
    """

    numerator: int = 4
    denominator: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.numerator <= _MOST:
            raise ValueError(f"numerator must be 1 to {_MOST}, not {self.numerator}")
        if self.denominator not in (1, 2, 4, 8, 16, 32):
            raise ValueError(f"denominator must be 1, 2, 4, 8, 16 or 32, not {self.denominator}")

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"

    @classmethod
    def parse(cls, text: str) -> "Meter":
        """Parse a meter written like "6/8".

        Raises
        ------
        ValueError
            If the text is not a meter.
        """
        numerator, slash, denominator = text.strip().partition("/")
        if not (slash and numerator.isdecimal() and denominator.isdecimal()):
            raise ValueError(f"{text!r} is not a meter: write it like 4/4 or 6/8")
        return cls(int(numerator), int(denominator))

    @property
    def compound(self) -> bool:
        """Whether a beat has three eighths, as in 6/8, 9/8 and 12/8 (in 3/8 each eighth is a beat)."""
        return self.denominator >= 8 and self.numerator > 3 and self.numerator % 3 == 0

    @property
    def bar_quarters(self) -> float:
        """Length of a bar in quarters."""
        return self.numerator * 4 / self.denominator

    @property
    def beat_quarters(self) -> float:
        """Length of a beat in quarters: a dotted quarter in 6/8, the denominator's note in simple meters."""
        return (12 if self.compound else 4) / self.denominator

    @property
    def beats_per_bar(self) -> int:
        """Number of beats in a bar."""
        return self.numerator // 3 if self.compound else self.numerator


def meters_of_bar(quarters: float, denominator: int) -> list[Meter]:
    """Return the meter of a bar of this length; of one that is too long for any meter, those of its parts.

    Parameters
    ----------
    quarters : float
        The length, which is rounded to 32nds.
    denominator : int
        The denominator to use if it divides the length.

    Returns
    -------
    list of Meter
        In order; none for a length of nothing.
    """
    units = (unit for unit in (denominator, 4, 8, 16) if abs(quarters * unit / 4 - round(quarters * unit / 4)) < 1e-6)
    unit = next(units, _SHORTEST)
    count = round(quarters * unit / 4)
    if count <= _MOST:
        return [Meter(count, unit)] if count else []
    wholes = min(_MOST, int(quarters / 4))
    return [Meter(wholes, 1), *meters_of_bar(quarters - 4 * wholes, denominator)]


@dataclass(frozen=True, slots=True)
class MeterChange:
    """A meter that takes effect at a downbeat.

    Attributes
    ----------
    quarter : float
        The downbeat, in quarters.
    meter : Meter
        The meter from this downbeat to the next change.
    """

    quarter: float
    meter: Meter


@dataclass(frozen=True, slots=True)
class TempoMap:
    """A piecewise linear map between seconds and quarters, with its meters.

    Attributes
    ----------
    seconds, quarters : tuple[float, ...]
        Anchor points, at least two, both strictly ascending. Outside of them the tempo of the first or last segment
        continues.
    meters : tuple[MeterChange, ...], optional
        The meters in order of their downbeats. The first is at quarter 0, and holds before it, too.

    Raises
    ------
    ValueError
        If the anchors or meters are out of order.
    """

    seconds: tuple[float, ...]
    quarters: tuple[float, ...]
    meters: tuple[MeterChange, ...] = (MeterChange(0.0, Meter()),)

    def __post_init__(self) -> None:
        if len(self.seconds) != len(self.quarters) or len(self.seconds) < 2:
            raise ValueError("a tempo map needs two anchors or more, each in seconds and in quarters")
        if not (np.all(np.diff(self.seconds) > 0) and np.all(np.diff(self.quarters) > 0)):
            raise ValueError("the anchors of a tempo map must ascend")
        if not self.meters or self.meters[0].quarter != 0 or not np.all(np.diff([m.quarter for m in self.meters]) > 0):
            raise ValueError("the meters of a tempo map must begin at quarter 0 and ascend")

    @classmethod
    def steady(cls, tempo: float, first_downbeat: float = 0.0, meter: Meter | None = None) -> "TempoMap":
        """Build a map with one tempo throughout.

        Parameters
        ----------
        tempo : float
            Quarters per minute.
        first_downbeat : float, default 0.0
            Time of quarter 0, in seconds.
        meter : Meter, optional
            The meter throughout, 4/4 if not given.

        Returns
        -------
        TempoMap
            The map.
        """
        seconds = (first_downbeat, first_downbeat + 60.0 / tempo)
        return cls(seconds, (0.0, 1.0), (MeterChange(0.0, meter or Meter()),))

    @property
    def tempo(self) -> float | None:
        """The tempo in quarters per minute, or None if it changes."""
        tempos = self.tempos()
        return round(float(tempos[0]), 9) if np.ptp(tempos) <= 1e-6 * tempos[0] else None

    def tempos(self) -> np.ndarray:
        """Return the tempo of each segment between two anchors, ``(anchors - 1,)`` in quarters per minute."""
        return 60.0 * np.diff(self.quarters) / np.diff(self.seconds)

    def quarters_at(self, seconds: np.ndarray | float) -> np.ndarray:
        """Convert times in seconds to positions in quarters, of the same shape."""
        return _interpolate(seconds, self.seconds, self.quarters)

    def seconds_at(self, quarters: np.ndarray | float) -> np.ndarray:
        """Convert positions in quarters to times in seconds, of the same shape."""
        return _interpolate(quarters, self.quarters, self.seconds)

    def beats(self, duration: float) -> np.ndarray:
        """Return the times of the beats from 0 to `duration`, in seconds; a beat up to `NEAR` before 0 is at 0."""
        return self._pulses(duration, lambda meter: meter.beat_quarters)

    def downbeats(self, duration: float) -> np.ndarray:
        """Return the times of the bar lines from 0 to `duration`, in seconds; a line up to `NEAR` before 0 is at 0."""
        return self._pulses(duration, lambda meter: meter.bar_quarters)

    def _pulses(self, duration: float, length: Callable[[Meter], float]) -> np.ndarray:
        first, last = self.quarters_at(np.array([-NEAR, duration]))
        ends = [change.quarter for change in self.meters[1:]] + [np.inf]
        pulses = []
        for i, (change, end) in enumerate(zip(self.meters, ends, strict=True)):
            step = length(change.meter)
            before = np.ceil((first - change.quarter) / step - 1e-9)
            count = np.arange(before if i == 0 else max(0.0, before), (min(last, end) - change.quarter) / step + 1e-9)
            at = change.quarter + step * count
            pulses.append(at[at < end - 1e-9])
        times = self.seconds_at(np.concatenate(pulses))
        return np.maximum(times[times <= duration], 0.0)


def _interpolate(x: np.ndarray | float, knots: tuple[float, ...], values: tuple[float, ...]) -> np.ndarray:
    """Interpolate linearly; outside the knots, continue the first or last segment."""
    at, xs, ys = np.asarray(x, np.float64), np.asarray(knots), np.asarray(values)
    i = np.clip(np.searchsorted(xs, at, side="right") - 1, 0, len(xs) - 2)
    slope = (ys[i + 1] - ys[i]) / (xs[i + 1] - xs[i])
    return ys[i] + (at - xs[i]) * slope
