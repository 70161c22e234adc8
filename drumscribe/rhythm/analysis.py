"""Hits to rhythm."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .options import RhythmOptions
from .tempo_map import Meter, TempoMap

if TYPE_CHECKING:
    from ..hits import Transcription


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The rhythm of a recording.

    Attributes
    ----------
    tempo_map : beats and bars, or None for playing in free time.
    confidence : how sure the tempo is, 0 to 1.
    steady : whether one tempo holds throughout.
    """

    tempo_map: TempoMap | None
    confidence: float
    steady: bool

    @property
    def tempo(self) -> float | None:
        """Quarters per minute where there is one tempo, else None."""
        return self.tempo_map.tempo if self.tempo_map is not None and self.steady else None

    @property
    def meter(self) -> Meter | None:
        """The meter that the recording begins in, or None in free time."""
        return self.tempo_map.meters[0].meter if self.tempo_map is not None else None


def analyse_rhythm(transcription: "Transcription", options: RhythmOptions | None = None) -> Rhythm:
    """The rhythm of a transcription."""
    options = options or RhythmOptions()
    if options.tempo is None:
        return Rhythm(None, 0.0, False)
    return Rhythm(TempoMap.steady(options.tempo, 0.0, options.meter), 1.0, True)
