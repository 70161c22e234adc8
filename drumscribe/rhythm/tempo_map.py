"""Where beats and bars lie in time.

Positions are counted in quarter notes from the first downbeat of a recording, which is quarter 0: what is played before
it lies at negative quarters. Tempi are in quarter notes per minute whatever the meter, as in a MIDI file and a DAW.
"""

from dataclasses import dataclass

import numpy as np

NEAR = 0.015
"""Seconds: what comes so little before a line belongs to it, and a recording that begins so late begins with it."""
TEMPO_LIMITS = (20.0, 400.0)
"""The slowest and the fastest tempo that can be asked for, in quarters or beats per minute."""


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature.

    Raises
    ------
    ValueError : for numbers that no bar has.
    """

    numerator: int = 4
    denominator: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.numerator <= 64:
            raise ValueError(f"numerator must be 1 to 64, not {self.numerator}")
        if self.denominator not in (1, 2, 4, 8, 16, 32):
            raise ValueError(f"denominator must be 1, 2, 4, 8, 16 or 32, not {self.denominator}")

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"

    @classmethod
    def parse(cls, text: str) -> "Meter":
        """The meter that is written "6/8".

        Raises
        ------
        ValueError : for other text.
        """
        numerator, slash, denominator = text.strip().partition("/")
        if not (slash and numerator.isdecimal() and denominator.isdecimal()):
            raise ValueError(f"{text!r} is not a meter: write it like 4/4 or 6/8")
        return cls(int(numerator), int(denominator))

    @property
    def compound(self) -> bool:
        """Whether three eighths make a beat: 6/8, 9/8, 12/8 (3/8 is counted in eighths)."""
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
        """How many beats a bar has."""
        return self.numerator // 3 if self.compound else self.numerator


@dataclass(frozen=True, slots=True)
class MeterChange:
    """The downbeat, in quarters, from which on a meter holds."""

    quarter: float
    meter: Meter


@dataclass(frozen=True, slots=True)
class TempoMap:
    """A piecewise linear relation of seconds and quarters, and the meters in it.

    Attributes
    ----------
    seconds, quarters : anchors, at least two, both ascending; before the first and after the last one the tempo of the
        first and last segment holds on.
    meters : from which downbeat on which meter holds, ascending; the first one, at quarter 0, holds before it, too.

    Raises
    ------
    ValueError : for anchors or meters that are not so.
    """

    seconds: tuple[float, ...]
    quarters: tuple[float, ...]
    meters: tuple[MeterChange, ...] = (MeterChange(0.0, Meter()),)

    def __post_init__(self) -> None:
        if len(self.seconds) != len(self.quarters) or len(self.seconds) < 2:
            raise ValueError("a tempo map needs two anchors or more, each in seconds and in quarters")
        if not (np.all(np.diff(self.seconds) > 0) and np.all(np.diff(self.quarters) > 0)):
            raise ValueError("the anchors of a tempo map must ascend")
        if not self.meters or self.meters[0].quarter != 0 or np.any(np.diff([m.quarter for m in self.meters]) <= 0):
            raise ValueError("the meters of a tempo map must begin at quarter 0 and ascend")

    @classmethod
    def steady(cls, tempo: float, first_downbeat: float = 0.0, meter: Meter | None = None) -> "TempoMap":
        """One tempo in quarters per minute throughout, with a downbeat at `first_downbeat` seconds."""
        seconds = (first_downbeat, first_downbeat + 60.0 / tempo)
        return cls(seconds, (0.0, 1.0), (MeterChange(0.0, meter or Meter()),))

    @property
    def tempo(self) -> float | None:
        """The tempo in quarters per minute where there is one, None where it changes."""
        tempos = self.tempos()
        return round(float(tempos[0]), 9) if np.ptp(tempos) <= 1e-6 * tempos[0] else None

    def tempos(self) -> np.ndarray:
        """``(anchors - 1,)``: the tempo between each two anchors in quarters per minute."""
        return 60.0 * np.diff(self.quarters) / np.diff(self.seconds)

    def quarters_at(self, seconds: np.ndarray | float) -> np.ndarray:
        """The positions, in quarters, of times in seconds, in the shape that they have."""
        return _interpolate(seconds, self.seconds, self.quarters)

    def seconds_at(self, quarters: np.ndarray | float) -> np.ndarray:
        """The times, in seconds, of positions in quarters, in the shape that they have."""
        return _interpolate(quarters, self.quarters, self.seconds)

    def beats(self, duration: float) -> np.ndarray:
        """The times of the beats from 0 to `duration`, in seconds; one that comes `NEAR` before is at 0."""
        return self._pulses(duration, lambda meter: meter.beat_quarters)

    def downbeats(self, duration: float) -> np.ndarray:
        """The times of the bar lines from 0 to `duration`, in seconds; one that comes `NEAR` before is at 0."""
        return self._pulses(duration, lambda meter: meter.bar_quarters)

    def _pulses(self, duration: float, length) -> np.ndarray:
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
    """Linear interpolation that goes on beyond the knots as in the first and in the last segment."""
    x, knots, values = np.asarray(x, np.float64), np.asarray(knots), np.asarray(values)
    i = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 2)
    slope = (values[i + 1] - values[i]) / (knots[i + 1] - knots[i])
    return values[i] + (x - knots[i]) * slope
