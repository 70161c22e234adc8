"""Transcriptions as files: one table of formats, all written whole or not at all.

Times are in seconds from the first sample of the recording, velocities MIDI's 1 to 127, notes General MIDI.

CSV is one line per hit under the header `time,articulation,instrument,note,velocity,confidence`.

JSON is one object, version 1 of `drumscribe.transcription`: `format` and `version` (these two), `duration` (seconds),
`model` (its name, or an empty string) and `hits`, a list in order of time of objects with the fields of the CSV.
A reader should refuse a version it does not know.
"""

import csv
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from .drums import ARTICULATION_BY_NAME
from .errors import LabelError
from .hits import Hit, Transcription
from .midi import write_midi

JSON_FORMAT = "drumscribe.transcription"
JSON_VERSION = 1
FIELDS = ("time", "articulation", "instrument", "note", "velocity", "confidence")


def _row(hit: Hit) -> tuple:
    """The values of `FIELDS`: microseconds are finer than any onset, and short enough to read."""
    time, confidence = round(float(hit.time), 6), round(float(hit.confidence), 4)
    return (time, hit.articulation, hit.instrument, hit.note, int(hit.velocity), confidence)


def write_csv(transcription: Transcription, path: Path) -> None:
    """Write the hits as CSV (see the module's description)."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(_row(hit) for hit in transcription.hits)


def write_json(transcription: Transcription, path: Path) -> None:
    """Write the transcription as JSON (see the module's description)."""
    head = {
        "format": JSON_FORMAT,
        "version": JSON_VERSION,
        "duration": round(transcription.duration, 6),
        "model": transcription.model,
    }
    with open(path, "w", encoding="utf-8") as file:  # hit by hit: there may be hours of them
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "hits": [')
        for i, hit in enumerate(transcription.hits):
            row = dict(zip(FIELDS, _row(hit), strict=True))
            file.write((",\n" if i else "\n") + json.dumps(row, ensure_ascii=False))
        file.write("\n]}\n")


def read_json(path: Path) -> Transcription:
    """Read what `write_json` wrote.

    Raises
    ------
    LabelError : where the file is not JSON, not a transcription, or of another version.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        found = content["format"], content["version"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise LabelError(f"{path}: not a transcription in JSON ({error})") from error
    if found != (JSON_FORMAT, JSON_VERSION):
        raise LabelError(f"{path}: holds {found[0]} version {found[1]}, not {JSON_FORMAT} version {JSON_VERSION}")
    try:
        hits = tuple(
            Hit(float(h["time"]), ARTICULATION_BY_NAME[h["articulation"]].name, int(h["velocity"]), h["confidence"])
            for h in content["hits"]
        )
        return Transcription(hits, float(content["duration"]), content["model"])
    except (ValueError, LookupError, TypeError) as error:
        raise LabelError(f"{path}: a broken transcription ({error!r})") from error


FORMATS: dict[str, Callable[[Transcription, Path], None]] = {"mid": write_midi, "csv": write_csv, "json": write_json}
"""The writers, by the extension of their files."""


def write(transcription: Transcription, path: Path, format: str | None = None) -> None:
    """Write a transcription, whole or not at all.

    It is written beside `path` under a temporary name and renamed when it is complete; if anything goes wrong, the
    temporary file is removed and what was at `path` stays. Missing folders are made.

    Parameters
    ----------
    format : a key of `FORMATS`; the extension of `path` if not given.

    Raises
    ------
    ValueError : for a format that is not in the table.
    OSError : where the folder cannot be written to.
    """
    path = Path(path)
    name = format or path.suffix[1:].lower()
    if name not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, not {name!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    # A short name of its own: appending to a name that is as long as the file system allows would fail.
    temporary = path.with_name(f".drumscribe-{secrets.token_hex(8)}.{name}")
    try:
        FORMATS[name](transcription, temporary)
        os.replace(temporary, path)
    except BaseException:  # Ctrl-C included
        temporary.unlink(missing_ok=True)
        raise
