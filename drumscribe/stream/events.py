"""Events that an engine reports to its host."""

from dataclasses import dataclass

from ..music.transcription import Hit


@dataclass(frozen=True, slots=True)
class StreamHit:
    """One stroke on one drum, in the host's own time.

    Attributes
    ----------
    sample : int
        The sample of the attack, counted at the host's rate from the first that was processed.
    articulation : str
        As in `music.transcription.Hit`.
    velocity : int
        As in `music.transcription.Hit`.
    confidence : float
        As in `music.transcription.Hit`.
    own_note : int or None
        As in `music.transcription.Hit`.
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
        """Convert it to a hit in seconds.

        Parameters
        ----------
        rate : int
            The host's sample rate.

        Returns
        -------
        Hit
            The same stroke.
        """
        return Hit(self.sample / rate, self.articulation, self.velocity, self.confidence, self.own_note)


@dataclass(frozen=True, slots=True)
class Overrun:
    """Sound that was lost because the queue was full.

    Attributes
    ----------
    sample : int
        The first sample that was lost, counted as in `StreamHit`.
    samples : int
        The number of samples.
    """

    sample: int
    samples: int
