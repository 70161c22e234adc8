"""What is done with a transcription: the files that it becomes, and what there is to say of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .. import export
from ..errors import DrumscribeError, RhythmError
from ..hits import Transcription
from ..midi import MidiOptions, count_merged, lay_out

if TYPE_CHECKING:
    from ..rhythm.quantise import QuantiseOptions


@dataclass(frozen=True, slots=True)
class Delivery:
    """How transcriptions are written.

    Attributes
    ----------
    formats : keys of `export.FORMATS`, one for each output; told by the names of the outputs if not given.
    midi : how they become MIDI.
    quantise : how their hits are moved to the grid, or None.
    """

    formats: tuple[str, ...] = ()
    midi: MidiOptions = field(default_factory=MidiOptions)
    quantise: "QuantiseOptions | None" = None

    def deliver(self, transcription: Transcription, outputs: Sequence[Path]) -> tuple[str, ...]:
        """Write the outputs; what the user should know of them comes back, a line each.

        Raises
        ------
        DrumscribeError : where one cannot be written.
        """
        remarks = transcription.remarks
        transcription, notes = self._quantised(transcription)
        for output, format in zip(outputs, self.formats or (None,) * len(outputs), strict=True):
            try:
                export.write(transcription, output, format, self.midi)
            except OSError as problem:
                raise DrumscribeError(f"{output}: cannot be written: {problem.strerror or problem}") from problem
        if any(output.suffix == ".mid" for output in outputs) and (count := count_merged(transcription, self.midi)):
            hits = len(transcription.hits)
            notes += (f"MIDI: {count} of {hits} hits merged with louder ones of the same note and time",)
        return (*remarks, *notes, *self._started_elsewhere(transcription))

    def _quantised(self, transcription: Transcription) -> tuple[Transcription, tuple[str, ...]]:
        if self.quantise is None:
            return transcription, ()
        from ..rhythm.quantise import quantise

        try:
            transcription, report = quantise(transcription, self.quantise)
        except RhythmError as error:
            return transcription, (f"not quantised: {error}",)
        return transcription, (str(report),)

    def _started_elsewhere(self, transcription: Transcription) -> tuple[str, ...]:
        if not self.midi.start_at_bar:
            return ()
        if transcription.rhythm is None or transcription.rhythm.tempo_map is None:
            return ("in free time there is no bar to begin with: the MIDI begins with the recording",)
        start = lay_out(transcription, True).start
        if abs(start) < 0.0005:
            return ("the MIDI begins with a bar, where the recording does: both line up",)
        what = f"cut {start:.3f} s off" if start >= 0 else f"put {-start:.3f} s of silence before"
        return (f"the MIDI begins with a bar, at {start:.3f} s: {what} the recording to line both up",)
