"""Transcriptions as text files: CSV, labels, markers.

CSV has one line per hit under the header `time,articulation,instrument,note,velocity,confidence`.

Audacity labels are lines of start, end and articulation, separated by tabs; both times are that of the hit. Reaper
markers (Region/Marker Manager, Import) are CSV under the header `#,Name,Start,End,Length`, with times as
h:mm:ss.ffffff: a marker for each hit, named after its articulation, and a region for each complete bar.
"""

import csv
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import LabelError, damage_told
from ..music.drums import ARTICULATION_BY_NAME
from ..music.transcription import Hit, Transcription
from .bounds import LONGEST_S

if TYPE_CHECKING:
    from .midi import MidiOptions

FIELDS = ("time", "articulation", "instrument", "note", "velocity", "confidence")
_LARGEST = 64_000_000
"""Bytes of the largest file that is read: about a million hits (by hand)."""
REAPER_FIELDS = ("#", "Name", "Start", "End", "Length")


def row_of(hit: Hit) -> tuple:
    """Return the values of `FIELDS`, with times in microseconds: finer than any onset, and short enough to read."""
    time, confidence = round(float(hit.time), 6), round(float(hit.confidence), 4)
    return (time, hit.articulation, hit.instrument, hit.note, int(hit.velocity), confidence)


def write_csv(transcription: Transcription, path: Path, options: "MidiOptions | None" = None) -> None:
    """Write the hits as CSV (see the module's description).

    Parameters
    ----------
    transcription : Transcription
        The transcription to write.
    path : Path
        The file to write.
    options : MidiOptions, optional
        Ignored.
    """
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(row_of(hit) for hit in transcription.hits)


def read_csv(path: Path) -> list[Hit]:
    """Read the hits of a file written by `write_csv`, in its order.

    Raises
    ------
    LabelError
        If a line is broken; it names the line.
    """
    hits = []
    with damage_told(path, LabelError, "CSV file", _LARGEST), open(path, encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file, strict=True), 2):  # strict: every quote is closed
            try:
                hits.append(_hit_of(row))
            except (ValueError, TypeError, LookupError, ArithmeticError) as error:
                raise LabelError(f"{path}, line {number}: not a hit ({error})") from error
    return hits


def _hit_of(row: dict[str, str]) -> Hit:
    name, note, velocity = row["articulation"], int(row["note"]), int(row["velocity"])
    known = ARTICULATION_BY_NAME.get(name)
    if known is None and row["instrument"] != name:
        raise ValueError(f"{name!r} is not an articulation")
    if not 0 <= note <= 127 or not 1 <= velocity <= 127:
        raise ValueError(f"note {note} or velocity {velocity} is outside MIDI")
    own = None if known is not None and note in (known.note, *known.notes_read) else note
    time, confidence = max(0.0, float(row["time"])), float(row["confidence"])
    if not time <= LONGEST_S or not 0 <= confidence <= 1:
        raise ValueError(f"time {time:g} or confidence {confidence:g}")
    return Hit(time, name, velocity, confidence, own)


def write_audacity(transcription: Transcription, path: Path, options: "MidiOptions | None" = None) -> None:
    """Write the hits as a label track for Audacity (see the module's description).

    Parameters
    ----------
    transcription : Transcription
        The transcription to write.
    path : Path
        The file to write.
    options : MidiOptions, optional
        Ignored.
    """
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{hit.time:.6f}\t{hit.time:.6f}\t{hit.articulation}\n" for hit in transcription.hits)


def write_reaper(transcription: Transcription, path: Path, options: "MidiOptions | None" = None) -> None:
    """Write hits and bars as markers and regions for Reaper (see the module's description).

    Parameters
    ----------
    transcription : Transcription
        The transcription to write.
    path : Path
        The file to write.
    options : MidiOptions, optional
        Ignored.
    """
    rhythm = transcription.rhythm
    tempo_map = None if rhythm is None else rhythm.tempo_map
    bars = [] if tempo_map is None else tempo_map.downbeats(transcription.duration).tolist()
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(REAPER_FIELDS)
        for i, (start, end) in enumerate(pairwise(bars), 1):
            writer.writerow((f"R{i}", f"bar {i}", _clock(start), _clock(end), _clock(end - start)))
        writer.writerows((f"M{i}", h.articulation, _clock(h.time), "", "") for i, h in enumerate(transcription.hits, 1))


def _clock(seconds: float) -> str:
    microseconds = round(seconds * 1e6)
    minutes, rest = divmod(microseconds, 60_000_000)
    return f"{minutes // 60}:{minutes % 60:02}:{rest // 1_000_000:02}.{rest % 1_000_000:06}"
