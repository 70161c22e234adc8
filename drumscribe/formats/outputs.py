"""Delivery of a transcription: the files that are written, and notes about them for the user."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import DrumscribeError, RhythmError
from ..music.tempo_map import NEAR
from ..music.transcription import Transcription
from . import export
from .midi import MidiOptions, count_merged

if TYPE_CHECKING:
    from ..quantisation.settings import QuantiseOptions
    from .written import Written


_EXACT_S = 0.0005
"""Offsets in seconds below this, half a millisecond, are not told."""


class Delivered(NamedTuple):
    """The result of a delivery.

    Parameters
    ----------
    outputs : tuple[Path, ...]
        The files written.
    notes : tuple[str, ...]
        Notes for the user, a line each.
    """

    outputs: tuple[Path, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Writes transcriptions: formats, MIDI options, quantisation, and which files to keep.

    Attributes
    ----------
    formats : tuple of str
        Keys of `export.FORMATS`, one for each output; by default chosen by the endings of the outputs.
    midi : MidiOptions
        Options of the MIDI notes.
    quantise : QuantiseOptions, optional
        Settings of the grid to which hits are moved.
    written : Written, optional
        Record of files that drumscribe wrote before: other files are kept. Without it, any file is replaced.
    """

    formats: tuple[str, ...] = ()
    midi: MidiOptions = field(default_factory=MidiOptions)
    quantise: "QuantiseOptions | None" = None
    written: "Written | None" = None

    def deliver(
        self, transcription: Transcription, outputs: Sequence[Path], recording: Path | None = None
    ) -> Delivered:
        """Write the outputs.

        Parameters
        ----------
        transcription : Transcription
            What to write.
        outputs : sequence of Path
            Where to.
        recording : Path, optional
            The recording, for formats that name or contain it.

        Returns
        -------
        Delivered
            The written files, under other names where earlier files were kept; and notes.

        Raises
        ------
        DrumscribeError
            If a file cannot be written.
        """
        remarks = transcription.remarks
        transcription, notes = self._quantised(transcription)
        written = tuple(
            self._write(transcription, output, format, recording)
            for output, format in zip(outputs, self.formats or (None,) * len(outputs), strict=True)
        )
        has_midi = any(export.format_of(output) == "mid" for output in outputs)
        if has_midi and (count := count_merged(transcription, self.midi)):
            hits = len(transcription.hits)
            notes += (f"MIDI: {count} of {hits} hits merged with louder ones of the same note and time",)
        if any(not export.places_recording(output) for output in outputs):
            notes += self._started_elsewhere(transcription)
        return Delivered(written, (*remarks, *notes, *_kept(outputs, written)))

    def _write(self, transcription: Transcription, output: Path, format: str | None, recording: Path | None) -> Path:
        try:
            return export.write(transcription, output, format, self.midi, self.written, recording)
        except OSError as problem:
            raise DrumscribeError(f"{output}: cannot be written: {problem.strerror or problem}") from problem

    def _quantised(self, transcription: Transcription) -> tuple[Transcription, tuple[str, ...]]:
        if self.quantise is None:
            return transcription, ()
        from ..quantisation.quantise import quantise

        try:
            transcription, report = quantise(transcription, self.quantise)
        except RhythmError as error:
            return transcription, (f"not quantised: {error}",)
        return transcription, (str(report),)

    def _started_elsewhere(self, transcription: Transcription) -> tuple[str, ...]:
        rhythm = transcription.rhythm
        if rhythm is None or rhythm.tempo_map is None:
            told = "in free time there is no bar to begin with: the MIDI begins with the recording"
            return (told,) if self.midi.start_at_bar else ()
        if not self.midi.start_at_bar and not (self.midi.one_tempo and rhythm.tempo):
            return ()
        start = self.midi.lay_out(transcription).start
        if abs(start) < NEAR:
            within = f" within {1000 * abs(start):.0f} ms" if abs(start) >= _EXACT_S else ""
            return (f"the MIDI begins with a bar, where the recording does: both line up{within}",)
        what = f"cut {start:.3f} s off" if start >= 0 else f"put {-start:.3f} s of silence before"
        return (f"the MIDI begins with a bar, at {start:.3f} s: {what} the recording to line both up",)


def _kept(outputs: Sequence[Path], written: Sequence[Path]) -> tuple[str, ...]:
    return tuple(kept_note(output, new) for output, new in zip(outputs, written, strict=True) if new != output)


def kept_note(asked: Path, new: Path, expected: str = "by drumscribe from this recording") -> str:
    """Return the note that a file was kept and the output has another name.

    Parameters
    ----------
    asked : Path
        The file that was kept.
    new : Path
        The file that was written.
    expected : str
        What would have been replaced.

    Returns
    -------
    str
        The note.
    """
    return f"{asked} was edited, or is not {expected}, and is kept: wrote {new.name} (--overwrite replaces it)"
