"""Transcriptions as pretty_midi objects."""

from typing import TYPE_CHECKING

import numpy as np

from ...music.transcription import Transcription
from .notes import MidiOptions, tracks_of
from .timeline import Timeline

if TYPE_CHECKING:
    from pretty_midi import PrettyMIDI


def to_pretty_midi(transcription: Transcription, options: MidiOptions | None = None) -> "PrettyMIDI":
    """Convert a transcription to a `pretty_midi.PrettyMIDI` with the tempi, meters and notes of `write_midi`'s file.

    Parameters
    ----------
    transcription : Transcription
        The transcription to convert.
    options : MidiOptions, optional
        Options of the file.

    Returns
    -------
    PrettyMIDI
        The file as an object.
    """
    import pretty_midi

    options = options or MidiOptions()
    timeline = options.lay_out(transcription)
    midi = pretty_midi.PrettyMIDI(resolution=timeline.division, initial_tempo=60e6 / float(timeline.tempos[0]))
    _set_tempos(midi, timeline)

    def seconds(ticks: list[int]) -> list[float]:
        return timeline.seconds_at(np.array(ticks, np.int64)).tolist()

    times = seconds([tick for tick, _ in timeline.meters])
    midi.time_signature_changes = [
        pretty_midi.TimeSignature(meter.numerator, meter.denominator, time)
        for time, (_, meter) in zip(times, timeline.meters, strict=True)
    ]
    for name, notes in tracks_of(transcription, timeline, options):
        drums = pretty_midi.Instrument(program=0, is_drum=True, name=name)
        spans = zip(notes, seconds([n.start for n in notes]), seconds([n.end for n in notes]), strict=True)
        drums.notes = [pretty_midi.Note(note.velocity, note.number, start, end) for note, start, end in spans]
        midi.instruments.append(drums)
    return midi


def _set_tempos(midi: "PrettyMIDI", timeline: Timeline) -> None:
    """Set the tempi through private attributes: the only public way is to read a file, and long ones are refused."""
    midi._tick_scales = [  # noqa: SLF001
        (tick, tempo / 1e6 / timeline.division)
        for tick, tempo in zip(timeline.ticks.tolist(), timeline.tempos.tolist(), strict=True)
    ]
    midi._update_tick_to_time(int(timeline.ticks[-1]) + 1)  # noqa: SLF001
