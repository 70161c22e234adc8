"""What a transcription is: hits in time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .drums import ARTICULATION_BY_NAME

if TYPE_CHECKING:
    from .rhythm import Rhythm


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
    """The hits of one recording, in order of time, and its duration in seconds.

    Attributes
    ----------
    model : the name and version of the model that heard them.
    rhythm : their tempo, beats and bars; None where that was not asked for.
    """

    hits: tuple[Hit, ...]
    duration: float
    model: str = ""
    rhythm: "Rhythm | None" = None

    def to_pretty_midi(self):
        """The transcription as a `pretty_midi.PrettyMIDI`, equal to the file that `midi.write_midi` writes."""
        from .midi import to_pretty_midi

        return to_pretty_midi(self)
