"""Match estimated events with reference events.

Events are instants in seconds. A matching pairs each event at most once with an event of the other side within the
tolerance; a distance of exactly the tolerance counts. It has as many pairs as possible and, among all such matchings,
the smallest distances. Offsets are estimate minus reference, in seconds: positive is late. An undefined figure is NaN.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from .annotations import Event

NAN = float("nan")
MICRO = "micro"
"""The row with the sums over the classes."""
_SLACK_S = 1e-9
"""Added to the tolerance, so that a distance of exactly the tolerance counts in spite of rounding."""


@dataclass(frozen=True)
class Counts:
    """Numbers of events, and of those that match.

    Attributes
    ----------
    reference : int
        Events of the reference.
    estimated : int
        Events of the estimate.
    matched : int
        Matched pairs.
    offsets : tuple[float, ...], optional
        Estimate minus reference of each pair, in seconds.
    """

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
        """Share of the estimate that matches."""
        return self.matched / self.estimated if self.estimated else NAN

    @property
    def recall(self) -> float:
        """Share of the reference that matches."""
        return self.matched / self.reference if self.reference else NAN

    @property
    def f(self) -> float:
        """F-measure: the harmonic mean of precision and recall."""
        total = self.reference + self.estimated
        return 2 * self.matched / total if total else NAN


def match(reference: Sequence[Event], estimate: Sequence[Event], tolerance: float) -> list[tuple[Event, Event]]:
    """Match events one-to-one: as many as possible and, among all such matchings, as closely as possible.

    Parameters
    ----------
    reference, estimate : Sequence[Event]
        Events in any order.
    tolerance : float
        Maximum distance of a match in seconds.

    Returns
    -------
    list[tuple[Event, Event]]
        Pairs of a reference and an estimate, in order of time.
    """
    played, found = (sorted(side, key=lambda event: event.time) for side in (reference, estimate))
    pairs = match_times([event.time for event in played], [event.time for event in found], tolerance)
    return [(played[i], found[j]) for i, j in pairs]


def match_times(reference: Sequence[float], estimate: Sequence[float], tolerance: float) -> list[tuple[int, int]]:
    """Match ascending times, like `match`.

    The pairs of a best matching need not cross, so dynamic programming over the references finds it: it keeps the best
    matching for each possible last estimate.

    Parameters
    ----------
    reference, estimate : Sequence[float]
        Times in seconds, ascending.
    tolerance : float
        Maximum distance of a match in seconds.

    Returns
    -------
    list[tuple[int, int]]
        Indices of the pairs, ascending.
    """
    tolerance += _SLACK_S
    best = {-1: _Matching()}  # by the last estimate that they may use
    for i, time in enumerate(reference):
        first, last = bisect_left(estimate, time - tolerance), bisect_right(estimate, time + tolerance)
        before = best[max(j for j in best if j < first)]
        following = {first - 1: before}
        for j in range(first, last):
            kept = best.get(j, before)
            following[j] = max(following[j - 1], kept, before.with_pair(i, j, abs(estimate[j] - time)))
            before = kept
        best = following
    return best[max(best)].pairs()


@dataclass(frozen=True, slots=True, order=True)
class _Matching:
    """A matching, as a linked list; a better one compares as greater."""

    size: int = 0
    closeness: float = 0.0
    last: tuple[int, int] = field(default=(-1, -1), compare=False)
    rest: "_Matching | None" = field(default=None, compare=False)

    def with_pair(self, i: int, j: int, distance: float) -> "_Matching":
        return _Matching(self.size + 1, self.closeness - distance, (i, j), self)

    def pairs(self) -> list[tuple[int, int]]:
        found, at = [], self
        while at.rest is not None:
            found.append(at.last)
            at = at.rest
        return found[::-1]


def select(events: Sequence[Event], instrument: str | None) -> list[Event]:
    """Select the events of an instrument.

    Parameters
    ----------
    events : Sequence[Event]
        Events of any instruments.
    instrument : str | None
        Its name; None for events outside the vocabulary.

    Returns
    -------
    list[Event]
        The events, in the same order.
    """
    return [event for event in events if event.instrument == instrument]


def count(reference: Sequence[Event], estimate: Sequence[Event], tolerance: float) -> Counts:
    """Match events, and count.

    Parameters
    ----------
    reference, estimate : Sequence[Event]
        Events in any order.
    tolerance : float
        Maximum distance of a match in seconds.

    Returns
    -------
    Counts
        The counts.
    """
    pairs = match(reference, estimate, tolerance)
    return Counts(len(reference), len(estimate), len(pairs), tuple(found.time - played.time for played, found in pairs))
