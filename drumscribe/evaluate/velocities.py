"""Scores of velocities.

Velocities are compared over the matched events of the classes, in tracks with velocities on both sides, by three
measures: Pearson's correlation, averaged over the tracks; the mean absolute error in MIDI units, after a linear
least-squares fit of each track's estimates to its reference; and F of matches whose velocity error, after that fit, is
at most a tenth of the range of the track's reference (Hawthorne et al., "Onsets and Frames", ISMIR 2018, as in
`mir_eval.transcription_velocity`). Velocities are MIDI's, 1 to 127; an undefined figure is NaN.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .annotations import Track
from .matching import MICRO, NAN, match, select

VELOCITY_TOLERANCE = 0.1
"""Maximum error of a correct velocity, as a share of the range of the reference (Hawthorne et al.)."""


@dataclass(frozen=True)
class VelocityRow:
    """Agreement of the velocities of a class.

    Attributes
    ----------
    name : str
        A class, or `micro`.
    matched : int
        Number of matched events.
    tracks : int
        Number of tracks with such events.
    pearson : float
        Mean correlation.
    mae : float
        Mean absolute error in MIDI units.
    f : float
        F-measure of events with the right velocity.
    """

    name: str
    matched: int
    tracks: int
    pearson: float
    mae: float
    f: float


def score_velocities(tracks: Sequence[Track], tolerance: float, classes: Sequence[str]) -> tuple[VelocityRow, ...]:
    """Score the velocities of matched events.

    Parameters
    ----------
    tracks : Sequence[Track]
        References and estimates.
    tolerance : float
        Maximum distance of a match in seconds.
    classes : Sequence[str]
        The instruments to score.

    Returns
    -------
    tuple[VelocityRow, ...]
        A row for each class and for all of them; empty if no track has velocities on both sides.
    """
    parts = [part for track in tracks if (part := _compare(track, tolerance, classes)) is not None]
    rows = ([part.row(name) for part in parts] for name in (*classes, MICRO))
    named = zip((*classes, MICRO), rows, strict=True)
    return tuple(_velocity_row(name, row) for name, row in named if any(len(part.errors) for part in row))


@dataclass(frozen=True, slots=True)
class _Part:
    """A row of one track: correlation, errors and correctness of the matches, and the number of events."""

    correlation: float
    errors: np.ndarray
    right: np.ndarray
    events: int


@dataclass(frozen=True, slots=True)
class _Compared:
    """The matches of one track, and the numbers of events on both sides, by instrument."""

    instruments: np.ndarray
    reference: np.ndarray
    estimate: np.ndarray
    errors: np.ndarray
    right: np.ndarray
    events: dict[str, int]

    def row(self, name: str) -> _Part:
        """Return the part of a class, or of all."""
        own = np.ones(len(self.errors), bool) if name == MICRO else self.instruments == name
        events = sum(self.events.values()) if name == MICRO else self.events[name]
        return _Part(_pearson(self.reference[own], self.estimate[own]), self.errors[own], self.right[own], events)


def _compare(track: Track, tolerance: float, classes: Sequence[str]) -> _Compared | None:
    """Match a track's events, and fit the estimated velocities; None without matches, or if velocities are missing."""
    played = [event for event in track.reference if event.instrument in classes]
    found = [event for event in track.estimate if event.instrument in classes]
    velocities = [event.velocity for event in played if event.velocity is not None]
    if len(velocities) < len(played) or any(event.velocity is None for event in found):
        return None
    sides = {c: (select(played, c), select(found, c)) for c in classes}
    pairs = [pair for c in classes for pair in match(*sides[c], tolerance)]
    if not pairs:
        return None
    reference, estimate = np.array([(a.velocity, b.velocity) for a, b in pairs], float).T
    line = np.stack([estimate, np.ones(len(pairs))], axis=1)
    errors = np.abs(line @ np.linalg.lstsq(line, reference, rcond=None)[0] - reference)
    right = errors / max(1, max(velocities) - min(velocities)) < VELOCITY_TOLERANCE
    instruments = np.array([a.instrument for a, _ in pairs])
    return _Compared(
        instruments, reference, estimate, errors, right, {c: len(a) + len(b) for c, (a, b) in sides.items()}
    )


def _velocity_row(name: str, parts: Sequence[_Part]) -> VelocityRow:
    correlations = [part.correlation for part in parts if not np.isnan(part.correlation)]
    errors = np.concatenate([part.errors for part in parts])
    return VelocityRow(
        name,
        len(errors),
        sum(len(part.errors) > 0 for part in parts),
        float(np.mean(correlations)) if correlations else NAN,
        float(errors.mean()),
        2 * sum(int(part.right.sum()) for part in parts) / sum(part.events for part in parts),
    )


def _pearson(a: np.ndarray, b: np.ndarray) -> float:
    """Return the correlation of at least three values that are not all the same, else NaN."""
    return float(np.corrcoef(a, b)[0, 1]) if len(a) > 2 and np.ptp(a) > 0 and np.ptp(b) > 0 else NAN
