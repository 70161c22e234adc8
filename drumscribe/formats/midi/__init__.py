"""Standard MIDI Files: the timeline of ticks and seconds, notes, writing and reading."""

from .notes import MidiOptions, count_merged
from .pretty import to_pretty_midi
from .reading import read_midi, read_note_ons, read_transcription
from .timeline import Timeline, lay_out
from .writing import write_midi

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
