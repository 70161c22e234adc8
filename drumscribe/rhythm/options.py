"""What is known about the rhythm of a recording beforehand."""

from dataclasses import dataclass

from ..errors import RhythmError
from .beats_file import Beats
from .tempo_map import TEMPO_LIMITS, Meter


@dataclass(frozen=True, slots=True)
class RhythmOptions:
    """What is given, and need not be found.

    Attributes
    ----------
    tempo : about so many quarters per minute: it is refined within 20 %, its octave holds.
    tempo_range : the slowest and the fastest tempo to consider.
    meter : the meter throughout.
    beats : where the beats are.
    fixed_tempo : one tempo throughout, however the playing drifts.

    Raises
    ------
    RhythmError : for values that contradict each other or that no music has.
    """

    tempo: float | None = None
    tempo_range: tuple[float, float] | None = None
    meter: Meter | None = None
    beats: Beats | None = None
    fixed_tempo: bool = False

    def __post_init__(self) -> None:
        lowest, highest = TEMPO_LIMITS
        for tempo in (self.tempo, *(self.tempo_range or ())):
            if tempo is not None and not lowest <= tempo <= highest:
                raise RhythmError(f"a tempo of {tempo:g} is outside {lowest:g} to {highest:g} quarters per minute")
        if self.tempo_range is not None and self.tempo_range[0] >= self.tempo_range[1]:
            raise RhythmError("the tempo range {:g}-{:g} must go from slow to fast".format(*self.tempo_range))
        if self.tempo is not None and self.tempo_range is not None:
            slowest, fastest = self.tempo_range
            if not slowest <= self.tempo <= fastest:
                raise RhythmError(f"the tempo {self.tempo:g} is outside the range {slowest:g}-{fastest:g}")
        if self.beats is not None and (self.tempo is not None or self.tempo_range is not None):
            raise RhythmError("beats say what the tempo is: give either the one or the other")
        if self.beats is not None and self.meter is not None and self.beats.per_bar(self.meter) is None:
            counts = sorted({*self.beats.bar_lengths(), self.beats.highest} - {0})
            raise RhythmError(
                f"{self.beats.name}: bars are numbered to {' and '.join(map(str, counts))}, and {self.meter} has "
                f"{self.meter.beats_per_bar} beats: give another meter, or none, and the numbers tell it"
            )
