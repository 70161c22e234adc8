"""A small picture of a transcription, as text: the number of hits of each drum in each part of the recording."""

from ..music.drums import INSTRUMENTS
from ..music.transcription import Transcription

COLUMNS = 48
"""Number of parts of a recording (by hand: as many as can be told apart in a table row)."""
_MOST = 9


def lanes_of(transcription: Transcription) -> str:
    """Count the hits.

    Parameters
    ----------
    transcription : Transcription
        The transcription.

    Returns
    -------
    str
        `COLUMNS` digits for each of `INSTRUMENTS`, one after another, for 0 to 8 hits, and 9 for more. Empty without
        hits.
    """
    if not transcription.hits or transcription.duration <= 0:
        return ""
    counts = [[0] * COLUMNS for _ in INSTRUMENTS]
    for hit in transcription.hits:
        if hit.instrument in INSTRUMENTS:
            column = min(COLUMNS - 1, max(0, int(COLUMNS * hit.time / transcription.duration)))
            counts[INSTRUMENTS.index(hit.instrument)][column] += 1
    return "".join(str(min(_MOST, count)) for row in counts for count in row)
