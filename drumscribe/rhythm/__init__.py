"""Find the rhythm of hits: tempo, beats and bars."""

from ..music.rhythm import Rhythm, RhythmChoice
from ..music.tempo_map import Meter, MeterChange, TempoMap
from .beats_file import Beats, read_beats
from .finding import analyse_rhythm
from .options import RhythmOptions

__all__ = [
    "Beats",
    "Meter",
    "MeterChange",
    "Rhythm",
    "RhythmChoice",
    "RhythmOptions",
    "TempoMap",
    "analyse_rhythm",
    "read_beats",
]
