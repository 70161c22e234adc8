"""Rhythm options: constraints that a user gives on the rhythm of a recording."""

from dataclasses import dataclass, field

from ..errors import RhythmError
from ..music.rhythm import RhythmChoice
from ..music.tempo_map import TEMPO_LIMITS, Meter
from .beats_file import Beats


@dataclass(frozen=True, slots=True)
class RhythmOptions:
    """Constraints on the rhythm; tempo, meter and beats that are not given are detected.

    Attributes
    ----------
    tempo : float, optional
        Approximate tempo in quarters per minute: refined within 20 %, never halved or doubled.
    tempo_range : tuple[float, float], optional
        Slowest and fastest tempo to consider, in quarters per minute.
    meter : Meter, optional
        The meter throughout.
    beats : Beats, optional
        The beats, read from a file.
    fixed_tempo : bool, default False
        Whether to fit one tempo throughout, however the playing drifts.
    choice : RhythmChoice, optional
        The reading to choose; by default the likeliest, unchanged.

    Raises
    ------
    RhythmError
        If the values contradict each other, or are out of range.
    """

    tempo: float | None = None
    tempo_range: tuple[float, float] | None = None
    meter: Meter | None = None
    beats: Beats | None = None
    fixed_tempo: bool = False
    choice: RhythmChoice = field(default_factory=RhythmChoice)

    def __post_init__(self) -> None:
        lowest, highest = TEMPO_LIMITS
        for tempo in (self.tempo, *(self.tempo_range or ())):
            if tempo is not None and not lowest <= tempo <= highest:
                raise RhythmError(f"a tempo of {tempo:g} is outside {lowest:g} to {highest:g} quarters per minute")
        if self.tempo_range is not None and self.tempo_range[0] >= self.tempo_range[1]:
            raise RhythmError("the tempo range {:g}-{:g} must ascend".format(*self.tempo_range))
        if self.tempo is not None and self.tempo_range is not None:
            slowest, fastest = self.tempo_range
            if not slowest <= self.tempo <= fastest:
                raise RhythmError(f"the tempo {self.tempo:g} is outside the range {slowest:g}-{fastest:g}")
        if self.choice.reading < 1:
            raise RhythmError(f"readings are numbered from 1: there is no reading {self.choice.reading}")
        if not 0.0 < self.choice.tempo_factor < float("inf"):
            raise RhythmError(f"a tempo cannot be multiplied by {self.choice.tempo_factor:g}")
        if self.tempo is not None and self.choice.tempo_factor != 1.0:
            raise RhythmError("give either a tempo or a multiple of the one that is found")
        if self.beats is not None and (self.tempo is not None or self.tempo_range is not None):
            raise RhythmError("the beats determine the tempo: give either beats or a tempo")
        if self.beats is not None and self.meter is not None and self.beats.per_bar(self.meter) is None:
            counts = sorted({*self.beats.bar_lengths(), self.beats.highest} - {0})
            raise RhythmError(
                f"{self.beats.name}: beats are numbered up to {' and '.join(map(str, counts))}, but {self.meter} has "
                f"{self.meter.beats_per_bar} beats: give another meter, or none to take it from the beat numbers"
            )
