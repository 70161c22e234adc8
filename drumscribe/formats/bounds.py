"""Bounds on transcriptions read from files: a file of few bytes may describe more beats than fit into memory."""

import math
from typing import TYPE_CHECKING

from ..music.transcription import Rhythm

if TYPE_CHECKING:
    from ..music.tempo_map import TempoMap

LONGEST_S = 360_000.0
"""Length of the longest transcription that is read: a hundred hours (by hand)."""
MOST_QUARTERS = 1_000_000.0
"""Quarters of the longest tempo map that is read: over forty hours at the fastest tempo that a user may give (by
hand)."""
_NEAR_S = 1.0


def check_bounds(duration: float, rhythm: Rhythm | None) -> None:
    """Refuse a transcription that nobody can have played.

    Parameters
    ----------
    duration : float
        Length in seconds.
    rhythm : Rhythm, optional
        The rhythm; the tempo map of each of its readings has to fit a recording of this length.

    Raises
    ------
    ValueError
        If the transcription is too long, or has too many beats, or a probability is none.
    """
    if not 0 <= duration <= LONGEST_S:
        raise ValueError(f"a length of {duration:g} s is outside 0 to {LONGEST_S:g}")
    for reading in () if rhythm is None else rhythm.readings:
        if not (0 <= reading.confidence <= 1 and 0 <= reading.probability <= 1):
            raise ValueError(f"confidence {reading.confidence:g} or probability {reading.probability:g}")
        if reading.tempo_map is not None:
            _check_map(reading.tempo_map, duration)


def _check_map(tempo_map: "TempoMap", duration: float) -> None:
    changes = [change.quarter for change in tempo_map.meters]
    if not all(map(math.isfinite, (*tempo_map.seconds, *tempo_map.quarters, *changes))):
        raise ValueError("a tempo map without end")
    first, last = tempo_map.quarters_at(-_NEAR_S), tempo_map.quarters_at(duration + _NEAR_S)
    if not float(last) - float(first) <= MOST_QUARTERS:
        raise ValueError(f"{float(last) - float(first):.3g} quarters in {duration:g} s are no tempo")
    if changes[-1] > max(MOST_QUARTERS, float(last)):
        raise ValueError(f"a meter at quarter {changes[-1]:g}")
