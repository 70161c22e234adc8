"""A small picture of a transcription, as text: how many hits each drum has in each part of the recording."""

from ..music.drums import INSTRUMENTS
from ..music.transcription import Transcription

COLUMNS = 48
"""Parts of a recording (by hand: as many as are told apart in a row of a table)."""
_MOST = 9


def lanes_of(transcription: Transcription) -> str:
    """Count the hits.

    Parameters
    ----------
    transcription : Transcription
        What was heard.

    Returns
    -------
    str
        `COLUMNS` digits for each of `INSTRUMENTS`, one after the other: of 0 to 9 hits, or more. Empty without hits.
    """
    if not transcription.hits or transcription.duration <= 0:
        return ""
    counts = [[0] * COLUMNS for _ in INSTRUMENTS]
    for hit in transcription.hits:
        if hit.instrument in INSTRUMENTS:
            column = min(COLUMNS - 1, max(0, int(COLUMNS * hit.time / transcription.duration)))
            counts[INSTRUMENTS.index(hit.instrument)][column] += 1
    return "".join(str(min(_MOST, count)) for row in counts for count in row)
