"""Remarks for the user on a rhythm that differs from the options."""

from ..music.tempo_map import TempoMap
from ..music.transcription import Rhythm
from .options import RhythmOptions

TEMPO_FREEDOM = 1.2
"""Factor by which the tempo may differ from a given one (by hand)."""
SAME_TEMPO_SHARE = 0.04
"""Relative tolerance within which two tempi are the same, as in the field's Accuracy1."""
TEMPO_TOLERANCE = 1.001
"""Relative tolerance, as a factor, at the ends of a requested tempo range (by hand)."""


def remark_on(rhythm: Rhythm, options: RhythmOptions) -> str:
    """Describe in one line how a rhythm differs from the options.

    Parameters
    ----------
    rhythm : Rhythm
        The rhythm detected.
    options : RhythmOptions
        The constraints given.

    Returns
    -------
    str
        The line, empty if there is no difference.
    """
    tempo_map, tempo_range = rhythm.tempo_map, options.tempo_range
    if tempo_range is not None:
        asked = "{:g} to {:g} BPM".format(*tempo_range)
        if tempo_map is None:
            return f"no tempo from {asked} fits the playing"
        if not all(is_within(tempo, tempo_range) for tempo in tempo_map.tempos()):
            return f"asked for {asked}, detected {rhythm}"
    if options.tempo is None or tempo_map is None:
        return ""
    near = options.tempo / TEMPO_FREEDOM, options.tempo * TEMPO_FREEDOM
    same = abs(average_tempo(tempo_map) / options.tempo - 1.0) <= SAME_TEMPO_SHARE
    if same and all(is_within(tempo, near) for tempo in tempo_map.tempos()):
        return ""
    return f"asked for {options.tempo:g} BPM, detected {rhythm}"


def is_within(tempo: float, tempo_range: tuple[float, float]) -> bool:
    """Return whether a tempo is in a range, up to rounding.

    Parameters
    ----------
    tempo : float
        Quarters per minute.
    tempo_range : tuple[float, float]
        Slowest and fastest tempo, in quarters per minute.

    Returns
    -------
    bool
        Whether it is.
    """
    return tempo_range[0] / TEMPO_TOLERANCE <= tempo <= tempo_range[1] * TEMPO_TOLERANCE


def average_tempo(tempo_map: TempoMap) -> float:
    """Return the quarters per minute from the first to the last anchor."""
    return 60.0 * (tempo_map.quarters[-1] - tempo_map.quarters[0]) / (tempo_map.seconds[-1] - tempo_map.seconds[0])
