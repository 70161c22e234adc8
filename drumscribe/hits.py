"""What a transcription is: hits in time."""

from dataclasses import dataclass

from .drums import ARTICULATION_BY_NAME


@dataclass(frozen=True, slots=True)
class Hit:
    """One stroke on one drum.

    Attributes
    ----------
    time : the physical attack, in seconds from the first sample of the recording.
    articulation : a name of `drums.ARTICULATIONS`.
    velocity : MIDI velocity, 1 to 127.
    confidence : the activation that the hit was picked from, 0 to 1.
    """

    time: float
    articulation: str
    velocity: int
    confidence: float = 1.0

    @property
    def instrument(self) -> str:
        """The instrument that the articulation belongs to."""
        return ARTICULATION_BY_NAME[self.articulation].instrument

    @property
    def note(self) -> int:
        """The General MIDI note."""
        return ARTICULATION_BY_NAME[self.articulation].note


@dataclass(frozen=True, slots=True)
class Transcription:
    """The hits of one recording, in order of time, and its duration in seconds."""

    hits: tuple[Hit, ...]
    duration: float
    model: str = ""

    def to_pretty_midi(self):
        """The transcription as a `pretty_midi.PrettyMIDI`, equal to the file that `midi.write_midi` writes."""
        from .midi import to_pretty_midi

        return to_pretty_midi(self)
