"""What an engine tells its host."""

from dataclasses import dataclass

from ..hits import Hit


@dataclass(frozen=True, slots=True)
class StreamHit:
    """One stroke on one drum, in the host's own time.

    Attributes
    ----------
    sample : of the attack, counted at the host's rate from the first that was processed.
    articulation, velocity, confidence, own_note : as of `hits.Hit`.
    """

    sample: int
    articulation: str
    velocity: int
    confidence: float
    own_note: int | None = None

    @property
    def instrument(self) -> str:
        """The instrument that the articulation belongs to; a sound of a player's own is one by itself."""
        return self.at_rate(1).instrument

    @property
    def note(self) -> int:
        """The General MIDI note, or the player's own."""
        return self.at_rate(1).note

    def at_rate(self, rate: int) -> Hit:
        """The hit in seconds."""
        return Hit(self.sample / rate, self.articulation, self.velocity, self.confidence, self.own_note)


@dataclass(frozen=True, slots=True)
class Overrun:
    """Sound that was not listened to, because the queue was full: from `sample` on, so many `samples`."""

    sample: int
    samples: int
