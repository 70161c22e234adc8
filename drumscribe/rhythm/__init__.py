"""Beats, bars and tempo of what was played."""

from .analysis import Rhythm, analyse_rhythm
from .options import RhythmOptions
from .tempo_map import Meter, MeterChange, TempoMap

__all__ = ["Meter", "MeterChange", "Rhythm", "RhythmOptions", "TempoMap", "analyse_rhythm"]
