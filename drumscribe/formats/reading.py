"""Reading of transcriptions of any program: MIDI, JSON, CSV, labels, markers, and other text.

If a file has no velocities, all hits get the same one. If it has no rhythm, and one is needed, the hits are analysed. A
text file ends a second after its last hit.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import LabelError
from ..music.drums import PERCUSSION, PERCUSSION_NOTE
from ..music.transcription import Hit, Transcription
from .drum_maps import GENERAL_MIDI, DrumMap
from .events import Event, read_lines, read_text
from .json_file import read_json
from .text_files import FIELDS, read_csv

if TYPE_CHECKING:
    from ..rhythm import RhythmOptions

MIDI_SUFFIXES = (".mid", ".midi")
SUFFIXES = (*MIDI_SUFFIXES, ".json", ".csv", ".txt")
"""Suffixes of the files that can be read."""
# By hand.
_VELOCITY, _GHOST_VELOCITY = 96, 30
"""Velocities of hits and ghost notes that have none."""
_TAIL_S = 1.0
"""Seconds from the last hit to the end of a file that does not give its length."""


def read(path: Path, drum_map: DrumMap = GENERAL_MIDI) -> Transcription:
    """Read a transcription.

    Parameters
    ----------
    path : Path
        A file with one of `SUFFIXES`.
    drum_map : DrumMap, optional
        The meaning of the notes, if it is a MIDI file.

    Returns
    -------
    Transcription
        The hits in order of time; the rhythm is None if the file has none.

    Raises
    ------
    LabelError
        If the file has another suffix, or is broken.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in MIDI_SUFFIXES:
        from .midi import read_transcription

        return read_transcription(path, drum_map)
    if suffix == ".json":
        return read_json(path)
    if suffix not in SUFFIXES:
        raise LabelError(f"{path}: transcriptions are read from {', '.join(SUFFIXES)} files")
    own = read_lines(path)[:1] == [",".join(FIELDS)]
    hits = read_csv(path) if own else [_hit(event) for event in read_text(path)]
    return Transcription(tuple(sorted(hits, key=lambda hit: (hit.time, hit.note))), _end(hits))


def read_with_rhythm(
    path: Path, known: "RhythmOptions", drum_map: DrumMap = GENERAL_MIDI, duration: float | None = None
) -> Transcription:
    """Read a transcription, and analyse its rhythm if the file has none, or if options of the rhythm are given.

    If only another reading is asked for, it is chosen from those in the file. If the file has fewer, the hits are
    analysed.

    Parameters
    ----------
    path : Path
        A file with one of `SUFFIXES`.
    known : RhythmOptions
        Options of the rhythm.
    drum_map : DrumMap, optional
        The meaning of the notes, if it is a MIDI file.
    duration : float, optional
        Length of the recording in seconds; by default that of the file.

    Returns
    -------
    Transcription
        Hits and rhythm.

    Raises
    ------
    LabelError
        If the file has another suffix, or is broken.
    RhythmError
        If the beats given are not those of the file.
    """
    from ..music.rhythm_choice import choose
    from ..rhythm import RhythmOptions, analyse_rhythm

    transcription = read(path, drum_map)
    if duration is not None:
        transcription = replace(transcription, duration=duration)
    rhythm, choice = transcription.rhythm, known.choice
    if rhythm is not None and known == RhythmOptions(choice=choice) and choice.reading <= len(rhythm.readings):
        return replace(transcription, rhythm=choose(rhythm, choice))
    return replace(transcription, rhythm=analyse_rhythm(transcription, known))


def _hit(event: Event) -> Hit:
    velocity = event.velocity or (_GHOST_VELOCITY if event.ghost else _VELOCITY)
    if event.articulation is None:
        return Hit(max(0.0, event.time), PERCUSSION, velocity, own_note=PERCUSSION_NOTE)
    return Hit(max(0.0, event.time), event.articulation, velocity)


def _end(hits: list[Hit]) -> float:
    return max((hit.time for hit in hits), default=0.0) + _TAIL_S
