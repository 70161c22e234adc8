"""Beats, bars and tempo of what was played."""

from .analysis import Rhythm, analyse_rhythm
from .beats_file import Beats, read_beats
from .options import RhythmOptions
from .tempo_map import Meter, MeterChange, TempoMap

__all__ = [
    "Beats",
    "Meter",
    "MeterChange",
    "Rhythm",
    "RhythmOptions",
    "TempoMap",
    "analyse_rhythm",
    "read_beats",
]
