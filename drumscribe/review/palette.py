"""The colour of each instrument in pictures."""

from ..music.drums import ARTICULATION_BY_NAME, ARTICULATIONS, INSTRUMENTS
from ..music.transcription import Transcription

_COLOURS = dict(zip(INSTRUMENTS, ("#c0392b", "#2471a3", "#7d3c98", "#b7950b", "#1e8449", "#d35400"), strict=True))
_OWN_COLOUR = "#34495e"


def colour_of(articulation: str) -> str:
    """Return the colour of an articulation's instrument; a player's own sounds share one colour.

    Parameters
    ----------
    articulation : str
        Its name.

    Returns
    -------
    str
        As ``#rrggbb``.
    """
    known = ARTICULATION_BY_NAME.get(articulation)
    return _OWN_COLOUR if known is None else _COLOURS[known.instrument]


def lanes_of(transcription: Transcription) -> list[str]:
    """List the articulations that occur, one for each lane.

    Parameters
    ----------
    transcription : Transcription
        The transcription.

    Returns
    -------
    list of str
        In the order of the vocabulary, then a player's own sounds.
    """
    played = {hit.articulation for hit in transcription.hits}
    known = [a.name for a in ARTICULATIONS if a.name in played]
    return [*known, *sorted(played - set(known))]
