"""Matching what was heard with what was played.

Events are instants in seconds. A matching is one-to-one, of as many events as possible, between a reference and an
estimate that are no further apart than the tolerance; a tie at exactly the tolerance counts. Offsets are estimate
minus reference, in seconds: positive is late. A figure that is not defined is NaN.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..errors import DrumscribeError
from .annotations import Event

NAN = float("nan")
MICRO = "micro"
"""The row that sums the classes."""


@dataclass(frozen=True)
class Counts:
    """Events of the reference and the estimate, and how many of them match; offsets in seconds of those that do."""

    reference: int
    estimated: int
    matched: int
    offsets: tuple[float, ...] = field(default=(), repr=False)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.reference + other.reference,
            self.estimated + other.estimated,
            self.matched + other.matched,
            self.offsets + other.offsets,
        )

    @property
    def precision(self) -> float:
        return self.matched / self.estimated if self.estimated else NAN

    @property
    def recall(self) -> float:
        return self.matched / self.reference if self.reference else NAN

    @property
    def f(self) -> float:
        total = self.reference + self.estimated
        return 2 * self.matched / total if total else NAN


def match(reference: Sequence[Event], estimate: Sequence[Event], tolerance: float) -> list[tuple[Event, Event]]:
    """The pairs of a maximum one-to-one matching of events no further apart than the tolerance, in seconds.

    Raises
    ------
    DrumscribeError : where mir_eval is not installed.
    """
    try:
        from mir_eval.util import match_events
    except ImportError as error:
        raise DrumscribeError("scoring needs mir_eval, which is not installed: run `pip install mir_eval`") from error
    if not reference or not estimate:
        return []
    times = [np.array([event.time for event in side]) for side in (reference, estimate)]
    # A nanosecond of slack: a tie at exactly the tolerance counts however the times are rounded.
    return [(reference[i], estimate[j]) for i, j in match_events(*times, tolerance + 1e-9)]


def select(events: Sequence[Event], instrument: str | None) -> list[Event]:
    return [event for event in events if event.instrument == instrument]


def count(reference: Sequence[Event], estimate: Sequence[Event], tolerance: float) -> Counts:
    pairs = match(reference, estimate, tolerance)
    return Counts(len(reference), len(estimate), len(pairs), tuple(found.time - played.time for played, found in pairs))
