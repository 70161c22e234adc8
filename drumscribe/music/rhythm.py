"""The rhythm of a recording, and a user's choice among its readings."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .tempo_map import Meter, TempoMap


@dataclass(frozen=True, slots=True)
class RhythmChoice:
    """A choice among the readings of a rhythm, which needs no new transcription.

    Attributes
    ----------
    reading : int, default 1
        The number of a reading; 1 is the likeliest.
    tempo_factor : float, default 1.0
        Factor by which the tempo is multiplied.
    shift_bar : int, default 0
        Number of beats by which the bars begin later.
    """

    reading: int = 1
    tempo_factor: float = 1.0
    shift_bar: int = 0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The rhythm of a recording.

    Attributes
    ----------
    tempo_map : TempoMap or None
        Beats and bars, or None in free time, or with too few hits to find a tempo.
    confidence : float
        Probability that the tempo is right, its octave included, 0 to 1, calibrated on simulated transcriptions that
        trained nothing; in free time, the probability of free time. The manual says how far it holds.
    steady : bool
        Whether the recording has one tempo throughout.
    remark : str, default ""
        One line on how it differs from the rhythm that was asked for; empty if it does not.
    probability : float, default 1.0
        Probability that the whole reading is right (tempo, beats, bars and meter), 0 to 1; the probabilities of a
        reading and its `alternatives` add up to 1.
    relation : str, default ""
        For an alternative, how it differs from the likeliest reading, such as ``"half the tempo"``.
    alternatives : tuple of Rhythm
        Other readings of the same hits, the likeliest first; they have no alternatives themselves.
    """

    tempo_map: "TempoMap | None"
    confidence: float
    steady: bool
    remark: str = ""
    probability: float = 1.0
    relation: str = ""
    alternatives: "tuple[Rhythm, ...]" = ()

    @property
    def tempo(self) -> float | None:
        """Quarters per minute where there is one tempo, else None."""
        return self.tempo_map.tempo if self.tempo_map is not None and self.steady else None

    @property
    def meter(self) -> "Meter | None":
        """The meter that the recording begins in, or None in free time."""
        return self.tempo_map.meters[0].meter if self.tempo_map is not None else None

    @property
    def readings(self) -> "tuple[Rhythm, ...]":
        """This rhythm and its alternatives; a reading's number is its place here, counted from 1."""
        return self, *self.alternatives

    def __str__(self) -> str:
        if self.tempo_map is None:
            return "free time"
        meters = ", ".join(dict.fromkeys(str(change.meter) for change in self.tempo_map.meters))
        if self.tempo is not None:
            return f"{self.tempo:.5g} BPM, {meters}"
        tempos = self.tempo_map.tempos()
        return f"{tempos.min():.0f} to {tempos.max():.0f} BPM, {meters}"
