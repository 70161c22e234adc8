"""Transcriptions as files: one table of formats, all written whole or not at all.

Times are in seconds from the first sample of the recording, velocities MIDI's 1 to 127, notes General MIDI.

CSV is one line per hit under the header `time,articulation,instrument,note,velocity,confidence`.

JSON is one object, version 2 of `drumscribe.transcription`; the README has a table of its fields. Version 1 had neither
`midi_start` nor `rhythm`; it is read, too.

Labels for Audacity are lines of start, end and the articulation, separated by tabs; both times are that of the hit.
Markers for Reaper (Region/Marker Manager, Import) are CSV under the header `#,Name,Start,End,Length`, times written
h:mm:ss.ffffff: a marker for each hit, named after its articulation, and a region for each whole bar.
"""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from .drums import ARTICULATION_BY_NAME
from .errors import LabelError
from .files import written_whole
from .hits import Hit, Transcription

if TYPE_CHECKING:
    from .midi import MidiOptions
    from .rhythm import Rhythm, TempoMap

JSON_FORMAT = "drumscribe.transcription"
JSON_VERSION = 2
FIELDS = ("time", "articulation", "instrument", "note", "velocity", "confidence")
REAPER_FIELDS = ("#", "Name", "Start", "End", "Length")


def _row(hit: Hit) -> tuple:
    """The values of `FIELDS`: microseconds are finer than any onset, and short enough to read."""
    time, confidence = round(float(hit.time), 6), round(float(hit.confidence), 4)
    return (time, hit.articulation, hit.instrument, hit.note, int(hit.velocity), confidence)


def write_midi(transcription: Transcription, path: Path, options: "MidiOptions | None" = None) -> None:
    """Write the hits as MIDI (see `midi.writing`)."""
    from .midi import write_midi

    write_midi(transcription, path, options)


def write_csv(transcription: Transcription, path: Path, options: "MidiOptions | None" = None) -> None:
    """Write the hits as CSV (see the module's description)."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(_row(hit) for hit in transcription.hits)


def write_json(transcription: Transcription, path: Path, options: "MidiOptions | None" = None) -> None:
    """Write the transcription as JSON (see the module's description)."""
    from .midi import lay_out

    head = {
        "format": JSON_FORMAT,
        "version": JSON_VERSION,
        "duration": round(transcription.duration, 6),
        "model": transcription.model,
        "midi_start": round(lay_out(transcription, options is not None and options.start_at_bar).start, 6),
        "rhythm": _rhythm_data(transcription.rhythm, transcription.duration),
    }
    with open(path, "w", encoding="utf-8") as file:  # hit by hit: there may be hours of them
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "hits": [')
        for i, hit in enumerate(transcription.hits):
            row = dict(zip(FIELDS, _row(hit), strict=True))
            file.write((",\n" if i else "\n") + json.dumps(row, ensure_ascii=False))
        file.write("\n]}\n")


def _rhythm_data(rhythm: "Rhythm | None", duration: float) -> dict | None:
    if rhythm is None:
        return None
    tempo = None if rhythm.tempo is None else round(rhythm.tempo, 6)
    tempo_map = None if rhythm.tempo_map is None else _tempo_map_data(rhythm.tempo_map, duration)
    return {"confidence": round(rhythm.confidence, 4), "steady": rhythm.steady, "tempo": tempo, "tempo_map": tempo_map}


def _tempo_map_data(tempo_map: "TempoMap", duration: float) -> dict:
    return {
        "seconds": [round(float(s), 9) for s in tempo_map.seconds],
        "quarters": [round(float(q), 9) for q in tempo_map.quarters],
        "meters": [
            {"quarter": float(c.quarter), "numerator": c.meter.numerator, "denominator": c.meter.denominator}
            for c in tempo_map.meters
        ],
        "beats": tempo_map.beats(duration).round(6).tolist(),
        "downbeats": tempo_map.downbeats(duration).round(6).tolist(),
    }


def read_json(path: Path) -> Transcription:
    """Read what `write_json` wrote.

    Raises
    ------
    LabelError : where the file cannot be read, is not JSON, not a transcription, or of another version.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise LabelError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # JSON's and Unicode's errors
        raise LabelError(f"{path}: not JSON ({error})") from error
    if not isinstance(content, dict) or not {"format", "version"} <= content.keys():
        raise LabelError(f"{path}: JSON, but no transcription: give one that transcribe --format json wrote")
    found = content["format"], content["version"]
    if found not in ((JSON_FORMAT, JSON_VERSION), (JSON_FORMAT, 1)):
        raise LabelError(f"{path}: holds {found[0]} version {found[1]}, not {JSON_FORMAT} version {JSON_VERSION}")
    try:
        hits = tuple(
            Hit(float(h["time"]), h["articulation"], int(h["velocity"]), h["confidence"], _own_note(h))
            for h in content["hits"]
        )
        rhythm = None if content["version"] == 1 else _read_rhythm(content["rhythm"])
        return Transcription(hits, float(content["duration"]), content["model"], rhythm)
    except (ValueError, LookupError, TypeError) as error:
        raise LabelError(f"{path}: a broken transcription ({error!r})") from error


def _own_note(hit: dict) -> int | None:
    """The note of a hit, where it is a player's own."""
    name, note = hit["articulation"], hit["note"]
    if name in ARTICULATION_BY_NAME:
        return None if note == ARTICULATION_BY_NAME[name].note else int(note)
    if not isinstance(name, str) or hit["instrument"] != name or not 0 <= note < 128:
        raise ValueError(f"{name!r} is no articulation")
    return int(note)


def _read_rhythm(content: dict | None) -> "Rhythm | None":
    from .rhythm import Meter, MeterChange, Rhythm, TempoMap

    if content is None:
        return None
    tempo_map = None
    if given := content["tempo_map"]:
        meters = (MeterChange(m["quarter"], Meter(m["numerator"], m["denominator"])) for m in given["meters"])
        tempo_map = TempoMap(tuple(given["seconds"]), tuple(given["quarters"]), tuple(meters))
    return Rhythm(tempo_map, content["confidence"], content["steady"])


def write_audacity(transcription: Transcription, path: Path, options: "MidiOptions | None" = None) -> None:
    """Write the hits as a label track for Audacity (see the module's description)."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{hit.time:.6f}\t{hit.time:.6f}\t{hit.articulation}\n" for hit in transcription.hits)


def write_reaper(transcription: Transcription, path: Path, options: "MidiOptions | None" = None) -> None:
    """Write hits and bars as markers and regions for Reaper (see the module's description)."""
    rhythm = transcription.rhythm
    bars = [] if rhythm is None or rhythm.tempo_map is None else rhythm.tempo_map.downbeats(transcription.duration)
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


@dataclass(frozen=True, slots=True)
class Format:
    """How files of a kind end, after a dot, and what writes them."""

    ending: str
    write: Callable[..., None]


FORMATS = {
    "mid": Format("mid", write_midi),
    "csv": Format("csv", write_csv),
    "json": Format("json", write_json),
    "audacity": Format("labels.txt", write_audacity),
    "reaper": Format("markers.csv", write_reaper),
}
"""The formats, by name."""


def write(
    transcription: Transcription, path: Path, format: str | None = None, options: "MidiOptions | None" = None
) -> None:
    """Write a transcription, whole or not at all.

    If anything goes wrong, what was at `path` stays. Missing folders are made.

    Parameters
    ----------
    format : a key of `FORMATS`; told by how `path` ends if not given.
    options : how it becomes MIDI.

    Raises
    ------
    ValueError : for a format that is not in the table.
    OSError : where the folder cannot be written to.
    """
    path = Path(path)
    name = format or _format_of(path)
    if name not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, not {name!r}")
    with written_whole(path) as temporary:
        FORMATS[name].write(transcription, temporary, options)


def read(path: Path) -> Transcription:
    """Read a transcription from MIDI or JSON.

    Raises
    ------
    LabelError : where it is neither, or broken.
    """
    from .midi import read_transcription

    readers = {".mid": read_transcription, ".midi": read_transcription, ".json": read_json}
    suffix = Path(path).suffix.lower()
    if suffix not in readers:
        raise LabelError(f"{path}: transcriptions are read from {', '.join(readers)} files")
    return readers[suffix](Path(path))


def _format_of(path: Path) -> str:
    """The format whose ending fits best; what follows the last dot if none does."""
    fitting = [name for name, format in FORMATS.items() if path.name.lower().endswith(f".{format.ending}")]
    return max(fitting, key=lambda name: len(FORMATS[name].ending), default=path.suffix[1:].lower())
