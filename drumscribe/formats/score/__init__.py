"""Drum notation: hits as strokes on the grid, bars in two voices, MusicXML, and pictures."""

from .musicxml import ScoreOptions, write_musicxml

__all__ = ["ScoreOptions", "write_musicxml"]
