"""Compare a draft with a reference or another draft: scores of each drum, and which hits are right or wrong."""

import math
from collections.abc import Sequence
from typing import Any

from ..evaluate.annotations import Event, Track
from ..music.drums import ARTICULATION_BY_NAME
from ..music.transcription import Hit


def events_of(hits: Sequence[Hit]) -> tuple[Event, ...]:
    """Return hits as events to score; a player's own sounds are outside the vocabulary."""
    return tuple(
        Event(hit.time, hit.articulation if hit.articulation in ARTICULATION_BY_NAME else None, velocity=hit.velocity)
        for hit in hits
    )


def compare(estimate: Sequence[Event], reference: Sequence[Event], tolerance: float) -> dict[str, Any]:
    """Compute scores for each instrument, and list the errors.

    Parameters
    ----------
    estimate, reference : sequence of Event
        In order of time.
    tolerance : float
        Maximum distance of a match, in seconds.

    Returns
    -------
    dict
        ``rows`` with precision, recall and F (null if undefined); ``edits`` per 100 notes of the reference (null
        without any); ``right``, ``missing`` and ``false``, each ``[time, instrument]`` in order of time; ``confused``,
        the instruments that were mistaken for others.

    Raises
    ------
    DrumscribeError
        If the package that matches events is not installed.
    """
    from ..evaluate.matching import match, select
    from ..evaluate.scores import score
    from ..music.drums import INSTRUMENTS

    scores = score([Track("song", tuple(reference), tuple(estimate))], tolerance, INSTRUMENTS)
    right: list[tuple[float, str]] = []
    missing: list[tuple[float, str]] = []
    false: list[tuple[float, str]] = []
    for instrument in INSTRUMENTS:
        played, heard = select(reference, instrument), select(estimate, instrument)
        pairs = match(played, heard, tolerance)
        matched = {id(event) for pair in pairs for event in pair}
        right += [(found.time, instrument) for _, found in pairs]
        missing += [(event.time, instrument) for event in played if id(event) not in matched]
        false += [(event.time, instrument) for event in heard if id(event) not in matched]
    confused = [(c.missed, c.estimated, c.count) for c in scores.confusions if c.missed in INSTRUMENTS]
    named = [row for row in scores.rows if row.reference or row.estimated]
    return {
        "rows": [
            {
                "name": row.name,
                "reference": row.reference,
                "estimated": row.estimated,
                **{name: _defined(getattr(row, name)) for name in ("precision", "recall", "f", "offset_median_ms")},
            }
            for row in named
        ],
        "edits": _defined(scores.edits.per_100),
        "right": sorted(right),
        "missing": sorted(missing),
        "false": sorted(false),
        "confused": sorted(confused, key=lambda c: -c[2]),
    }


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)
