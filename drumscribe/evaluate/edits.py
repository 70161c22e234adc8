"""Count the corrections by hand that a transcription needs: strokes to add, to remove, or to move to another drum."""

from collections.abc import Sequence
from dataclasses import dataclass

from .annotations import Event, Track
from .matching import NAN, match, select


@dataclass(frozen=True)
class Edits:
    """Edits that turn the estimates into the references, of the scored classes.

    Attributes
    ----------
    added, removed, changed : int
        Strokes that were missed; that were not played; and that were reported for another drum than the one played (one
        edit, not two).
    per_100 : float
        Sum of these per 100 strokes of the references.
    """

    added: int
    removed: int
    changed: int
    per_100: float


def count_edits(tracks: Sequence[Track], tolerance: float, classes: Sequence[str]) -> Edits:
    """Count the edits over all tracks.

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
    Edits
        The edits.
    """
    added = removed = changed = played = 0
    for track in tracks:
        missed: list[Event] = []
        false: list[Event] = []
        for name in classes:
            reference, estimate = select(track.reference, name), select(track.estimate, name)
            pairs = match(reference, estimate, tolerance)
            right = {id(event) for pair in pairs for event in pair}
            missed += [event for event in reference if id(event) not in right]
            false += [event for event in estimate if id(event) not in right]
            played += len(reference)
        same = len(match(missed, false, tolerance))
        added, removed, changed = added + len(missed) - same, removed + len(false) - same, changed + same
    return Edits(added, removed, changed, 100.0 * (added + removed + changed) / played if played else NAN)
