"""What a transcription is: hits in time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .drums import ARTICULATION_BY_NAME, ARTICULATION_BY_NOTE

if TYPE_CHECKING:
    from .rhythm import Rhythm


@dataclass(frozen=True, slots=True)
class Hit:
    """One stroke on one drum.

    Attributes
    ----------
    time : the physical attack, in seconds from the first sample of the recording.
    articulation : a name of `drums.ARTICULATIONS`, or one of a player's own, which then has an `own_note`.
    velocity : MIDI velocity, 1 to 127.
    confidence : the activation that the hit was picked from, 0 to 1.
    own_note : the MIDI note that a player's kit gives it; None where it is that of the table.
    quarter : the position that quantisation gave it, in quarters of the tempo map; None where it is as played. Its time
        is the same, except that a recording has none before its first sample.
    """

    time: float
    articulation: str
    velocity: int
    confidence: float = 1.0
    own_note: int | None = None
    quarter: float | None = None

    @property
    def instrument(self) -> str:
        """The instrument that the articulation belongs to; a sound of a player's own is one by itself."""
        known = ARTICULATION_BY_NAME.get(self.articulation)
        return self.articulation if known is None else known.instrument

    @property
    def note(self) -> int:
        """The General MIDI note, or the player's own."""
        return self.own_note if self.own_note is not None else ARTICULATION_BY_NAME[self.articulation].note

    @property
    def stand_in(self) -> str:
        """The articulation that stands for it where only the vocabulary will do: that of its note, or a tom."""
        if self.articulation in ARTICULATION_BY_NAME:
            return self.articulation
        return ARTICULATION_BY_NOTE[self.own_note].name if self.own_note in ARTICULATION_BY_NOTE else "tom_mid"


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

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is odd about it, a line each: nothing was heard, or a rhythm that is not what was asked for."""
        if not self.hits:
            return ("no drums were heard",)
        return (self.rhythm.remark,) if self.rhythm is not None and self.rhythm.remark else ()

    def to_pretty_midi(self):
        """The transcription as a `pretty_midi.PrettyMIDI`, equal to the file that `midi.write_midi` writes."""
        from .midi import to_pretty_midi

        return to_pretty_midi(self)
