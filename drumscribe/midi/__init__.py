"""Transcriptions as Standard MIDI Files, and back: where ticks lie in time (timeline), files out and files in."""

from .reading import read_midi, read_note_ons, read_transcription
from .timeline import Timeline, lay_out
from .writing import MidiOptions, count_merged, to_pretty_midi, write_midi

__all__ = [
    "MidiOptions",
    "Timeline",
    "count_merged",
    "lay_out",
    "read_midi",
    "read_note_ons",
    "read_transcription",
    "to_pretty_midi",
    "write_midi",
]
