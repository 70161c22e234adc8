"""Bounds on transcriptions read from files: a file of few bytes may describe more beats than fit into memory."""

import math

from ..music.transcription import Rhythm

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
        The rhythm, whose tempo map has to fit a recording of this length.

    Raises
    ------
    ValueError
        If the transcription is too long, or has too many beats.
    """
    if not 0 <= duration <= LONGEST_S:
        raise ValueError(f"a length of {duration:g} s is outside 0 to {LONGEST_S:g}")
    if rhythm is None or rhythm.tempo_map is None:
        return
    tempo_map = rhythm.tempo_map
    if not all(map(math.isfinite, (*tempo_map.seconds, *tempo_map.quarters))):
        raise ValueError("a tempo map without end")
    first, last = tempo_map.quarters_at(-_NEAR_S), tempo_map.quarters_at(duration + _NEAR_S)
    if not float(last) - float(first) <= MOST_QUARTERS:
        raise ValueError(f"{float(last) - float(first):.3g} quarters in {duration:g} s are no tempo")
