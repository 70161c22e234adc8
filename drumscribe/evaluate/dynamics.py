"""Scoring velocities.

They are compared over the matched events of the classes, in tracks where both sides have velocities: the mean over
the tracks of Pearson's correlation; the mean absolute error, in MIDI units, after the line that fits each track's
estimates to its reference best in the least-squares sense; and F where a match also has to lie, after that, within a
tenth of the range of the track's reference: the measure of Hawthorne et al., "Onsets and Frames" (ISMIR 2018), as in
`mir_eval.transcription_velocity`. Velocities are MIDI's, 1 to 127; a figure that is not defined is NaN.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .annotations import Track
from .matching import MICRO, NAN, match, select

VELOCITY_TOLERANCE = 0.1


@dataclass(frozen=True)
class VelocityRow:
    """How velocities agree: matched events, correlation, error in MIDI units, and F with the velocity right too."""

    name: str
    matched: int
    tracks: int
    pearson: float
    mae: float
    f: float


def score_velocities(tracks: Sequence[Track], tolerance: float, classes: Sequence[str]) -> tuple[VelocityRow, ...]:
    """A row for each class and for all of them, empty where no track has velocities on both sides."""
    totals = {name: [] for name in (*classes, MICRO)}  # of each track: correlation, errors, how many are right, Counts
    for track in tracks:
        played = [event for event in track.reference if event.instrument in classes]
        heard = [event for event in track.estimate if event.instrument in classes]
        if not played or not heard or any(event.velocity is None for event in (*played, *heard)):
            continue
        counts = {c: (select(played, c), select(heard, c)) for c in classes}
        pairs = [pair for c in classes for pair in match(*counts[c], tolerance)]
        if not pairs:
            continue
        reference, estimate = np.array([(a.velocity, b.velocity) for a, b in pairs], float).T
        line = np.stack([estimate, np.ones(len(pairs))], axis=1)
        error = np.abs(line @ np.linalg.lstsq(line, reference, rcond=None)[0] - reference)
        velocities = [event.velocity for event in played]
        right = error / max(1, max(velocities) - min(velocities)) < VELOCITY_TOLERANCE
        instrument = np.array([a.instrument for a, _ in pairs])
        for name in totals:
            of_row = instrument == name if name != MICRO else np.ones(len(pairs), bool)
            events = sum(len(side) for c in classes if name in (c, MICRO) for side in counts[c])
            totals[name].append((_pearson(reference[of_row], estimate[of_row]), error[of_row], right[of_row], events))
    return tuple(_velocity_row(name, parts) for name, parts in totals.items() if any(len(p[1]) for p in parts))


def _velocity_row(name: str, parts: Sequence[tuple[float, np.ndarray, np.ndarray, int]]) -> VelocityRow:
    correlations = [correlation for correlation, *_ in parts if not np.isnan(correlation)]
    errors = np.concatenate([error for _, error, _, _ in parts])
    right = sum(int(r.sum()) for _, _, r, _ in parts)
    return VelocityRow(
        name,
        len(errors),
        sum(len(error) > 0 for _, error, _, _ in parts),
        float(np.mean(correlations)) if correlations else NAN,
        float(errors.mean()),
        2 * right / sum(events for *_, events in parts),
    )


def _pearson(a: np.ndarray, b: np.ndarray) -> float:
    """The correlation of three values or more that are not all the same, else NaN."""
    return float(np.corrcoef(a, b)[0, 1]) if len(a) > 2 and np.ptp(a) > 0 and np.ptp(b) > 0 else NAN
