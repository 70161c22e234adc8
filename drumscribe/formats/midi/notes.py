"""Notes of a MIDI file."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ...errors import DrumscribeError
from ...music.drums import INSTRUMENTS
from ...music.transcription import Hit, Transcription
from ..drum_maps import GENERAL_MIDI, DrumMap
from .timeline import Timeline, lay_out

NOTE_SECONDS = 0.1
"""Length of a note (by hand): samplers ignore it or expect it to be short."""
TRACK_NAME = "Drums"
_TRIPLET_QUARTERS = 4.0
"""Within this many quarters of a quantised triplet, notes end on triplets (by hand)."""
_EXACT = 1e-3
"""Tolerance in quarters of quantised positions."""


@dataclass(frozen=True, slots=True)
class MidiOptions:
    """Options of a MIDI file.

    Attributes
    ----------
    drum_map : DrumMap, optional
        The notes to write.
    start_at_bar : bool, default False
        Whether to begin with the bar of the first hit instead of the recording.
    split_tracks : bool, default False
        Whether each instrument has its own track.
    file_type : int, default 1
        1 for parallel tracks, 0 for a single one.
    one_tempo : bool, default False
        Whether to write exactly one tempo, without a lead-in; no effect if the tempo of the playing changes.
    one_pedal : bool, default False
        Whether to write all kicks of a chart for one pedal.

    Raises
    ------
    ValueError
        If the file type is unknown.
    DrumscribeError
        If split tracks are requested in a file of type 0.
    """

    drum_map: DrumMap = GENERAL_MIDI
    start_at_bar: bool = False
    split_tracks: bool = False
    file_type: int = 1
    one_tempo: bool = False
    one_pedal: bool = False

    def __post_init__(self) -> None:
        if self.file_type not in (0, 1):
            raise ValueError(f"file_type must be 0 or 1, not {self.file_type}")
        if self.split_tracks and self.file_type == 0:
            raise DrumscribeError("a MIDI file of type 0 has only one track: use type 1 for split tracks")

    def lay_out(self, transcription: Transcription) -> Timeline:
        """Lay out the timeline of a transcription."""
        return lay_out(transcription, self.start_at_bar, self.one_tempo)


@dataclass(frozen=True, slots=True)
class Note:
    """A note of a MIDI file.

    Attributes
    ----------
    start, end : int
        First and last tick.
    number : int
        MIDI note, 0 to 127.
    velocity : int
        MIDI velocity, 1 to 127.
    """

    start: int
    end: int
    number: int
    velocity: int


def to_notes(hits: Iterable[Hit], timeline: Timeline, drum_map: DrumMap = GENERAL_MIDI) -> list[Note]:
    """Convert hits to notes, in order of time.

    Quantised hits are at the ticks of their positions, whatever the tempo of the file's first beat. A note lasts
    `NOTE_SECONDS`. A quantised note lasts until the next sixteenth, or among triplets until the next triplet. No note
    lasts beyond the next note of its number or the end of the recording. If several hits have the same tick and note,
    which one MIDI channel cannot hold, only the loudest is kept.

    Parameters
    ----------
    hits : Iterable[Hit]
        Hits in any order.
    timeline : Timeline
        Ticks and seconds of the file.
    drum_map : DrumMap, optional
        The notes to write.

    Returns
    -------
    list[Note]
        The notes.
    """
    hits = list(hits)
    starts = timeline.ticks_at(np.array([hit.time for hit in hits]))
    quantised = np.array([hit.quarter is not None for hit in hits], bool)
    quarters = np.array([hit.quarter for hit in hits if hit.quarter is not None], np.float64)
    starts[quantised] = timeline.ticks_of(quarters)
    loudest: dict[tuple[int, int], int] = {}
    for hit, start in zip(hits, starts.tolist(), strict=True):
        key = (start, drum_map.note_for(hit))
        loudest[key] = max(loudest.get(key, 1), min(127, hit.velocity))
    keys = sorted(loudest, reverse=True)
    begun = timeline.seconds_at(np.array([start for start, _ in keys], np.int64))
    ends = timeline.ticks_at(begun + timeline.start + NOTE_SECONDS).tolist()
    on_grid = _grid_ends(quarters, timeline)
    ends = [on_grid.get(start, end) for (start, _), end in zip(keys, ends, strict=True)]
    notes: list[Note] = []
    next_start: dict[int, int] = {}
    for (start, number), end in zip(keys, ends, strict=True):
        last = max(start + 1, min(end, timeline.end, next_start.get(number, end)))
        notes.append(Note(start, last, number, loudest[start, number]))
        next_start[number] = start
    return notes[::-1]


def _grid_ends(quarters: np.ndarray, timeline: Timeline) -> dict[int, int]:
    """Return the end ticks of notes of quantised hits, by their start ticks."""
    off, blocks = np.mod(quarters, 1.0), np.floor(quarters / _TRIPLET_QUARTERS + _EXACT)
    triplet = np.minimum(np.abs(off - 1 / 3), np.abs(off - 2 / 3)) < _EXACT
    step = np.where(np.isin(blocks, blocks[triplet]), 1 / 3, 1 / 4)
    ends = step * np.ceil(quarters / step + 0.5 - _EXACT)
    return dict(zip(timeline.ticks_of(quarters).tolist(), timeline.ticks_of(ends).tolist(), strict=True))


def tracks_of(transcription: Transcription, timeline: Timeline, options: MidiOptions) -> list[tuple[str, list[Note]]]:
    """Distribute the notes of a transcription to tracks.

    Parameters
    ----------
    transcription : Transcription
        The hits.
    timeline : Timeline
        Ticks and seconds of the file.
    options : MidiOptions
        The drum map, and whether to split tracks.

    Returns
    -------
    list[tuple[str, list[Note]]]
        Names and notes of the tracks.
    """
    if not options.split_tracks:
        return [(TRACK_NAME, to_notes(transcription.hits, timeline, options.drum_map))]
    present = {hit.instrument for hit in transcription.hits}
    lanes = [*(name for name in INSTRUMENTS if name in present), *sorted(present - set(INSTRUMENTS))]
    return [
        (
            name.replace("_", " ").capitalize(),
            to_notes((hit for hit in transcription.hits if hit.instrument == name), timeline, options.drum_map),
        )
        for name in lanes
    ]


def count_merged(transcription: Transcription, options: MidiOptions) -> int:
    """Count the hits that are not in the file because a louder one has their tick and note.

    Parameters
    ----------
    transcription : Transcription
        The hits.
    options : MidiOptions
        Options of the file.

    Returns
    -------
    int
        Number of hits.
    """
    timeline = options.lay_out(transcription)
    return len(transcription.hits) - sum(len(notes) for _, notes in tracks_of(transcription, timeline, options))
