"""Transcriptions as JSON files.

A file is one object, version 2 of `drumscribe.transcription`; the manual's page "File formats" has its fields. Version
1 lacked `midi_start` and `rhythm`; it is still read.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import LabelError, damage_told, reason_of
from ..music.drums import ARTICULATION_BY_NAME
from ..music.transcription import Hit, Rhythm, Transcription
from .bounds import LONGEST_S, check_bounds
from .text_files import FIELDS, row_of

if TYPE_CHECKING:
    from ..music.tempo_map import TempoMap
    from .midi import MidiOptions

JSON_FORMAT = "drumscribe.transcription"
JSON_VERSION = 2
_LARGEST = 256_000_000
"""Bytes of the largest file that is read: about a million hits (by hand)."""


def write_json(transcription: Transcription, path: Path, options: "MidiOptions | None" = None) -> None:
    """Write a transcription as JSON (see the module's description).

    Parameters
    ----------
    transcription : Transcription
        The transcription to write.
    path : Path
        The file to write.
    options : MidiOptions, optional
        Options of the MIDI file, whose start becomes `midi_start`.
    """
    head = _head_data(transcription, options)
    with open(path, "w", encoding="utf-8") as file:  # hit by hit: there may be hours of them
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "hits": [')
        for i, hit in enumerate(transcription.hits):
            file.write((",\n" if i else "\n") + json.dumps(_hit_data(hit), ensure_ascii=False))
        file.write("\n]}\n")


def to_data(transcription: Transcription) -> dict[str, Any]:
    """Return the plain data of a transcription's JSON file.

    Parameters
    ----------
    transcription : Transcription
        Hits and rhythm.

    Returns
    -------
    dict
        The data: dicts, lists, strings, numbers and None.
    """
    return _head_data(transcription) | {"hits": [_hit_data(hit) for hit in transcription.hits]}


def _head_data(transcription: Transcription, options: "MidiOptions | None" = None) -> dict[str, Any]:
    from .midi import MidiOptions

    return {
        "format": JSON_FORMAT,
        "version": JSON_VERSION,
        "duration": round(transcription.duration, 6),
        "model": transcription.model,
        "midi_start": round((options or MidiOptions()).lay_out(transcription).start, 6),
        "rhythm": _rhythm_data(transcription.rhythm, transcription.duration),
    }


def _hit_data(hit: Hit) -> dict[str, Any]:
    return dict(zip(FIELDS, row_of(hit), strict=True))


def _rhythm_data(rhythm: Rhythm | None, duration: float) -> dict | None:
    if rhythm is None:
        return None
    lines = {}
    if rhythm.tempo_map is not None:
        lines = {
            "beats": rhythm.tempo_map.beats(duration).round(6).tolist(),
            "downbeats": rhythm.tempo_map.downbeats(duration).round(6).tolist(),
        }
    alternatives = [{"relation": other.relation} | _reading_data(other) for other in rhythm.alternatives]
    return _reading_data(rhythm, lines) | {"alternatives": alternatives}


def _reading_data(rhythm: Rhythm, lines: dict[str, list[float]] | None = None) -> dict:
    return {
        "probability": round(rhythm.probability, 4),
        "confidence": round(rhythm.confidence, 4),
        "steady": rhythm.steady,
        "tempo": None if rhythm.tempo is None else round(rhythm.tempo, 6),
        "tempo_map": None if rhythm.tempo_map is None else _tempo_map_data(rhythm.tempo_map) | (lines or {}),
    }


def _tempo_map_data(tempo_map: "TempoMap") -> dict:
    return {
        "seconds": [round(float(s), 9) for s in tempo_map.seconds],
        "quarters": [round(float(q), 9) for q in tempo_map.quarters],
        "meters": [
            {"quarter": float(c.quarter), "numerator": c.meter.numerator, "denominator": c.meter.denominator}
            for c in tempo_map.meters
        ],
    }


def read_json(path: Path) -> Transcription:
    """Read a file written by `write_json`.

    Raises
    ------
    LabelError
        If the file cannot be read, is not JSON or not a transcription, or has another version.
    """
    path = Path(path)
    with damage_told(path, LabelError, "JSON file", _LARGEST):
        return _read(path)


def _read(path: Path) -> Transcription:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:  # JSON's and Unicode's errors
        raise LabelError(f"{path}: not JSON ({error})") from error
    if not isinstance(content, dict) or not {"format", "version"} <= content.keys():
        raise LabelError(f"{path}: JSON, but not a transcription: give a file written by transcribe --format json")
    found = content["format"], content["version"]
    if found not in ((JSON_FORMAT, JSON_VERSION), (JSON_FORMAT, 1)):
        raise LabelError(f"{path}: holds {found[0]} version {found[1]}, not {JSON_FORMAT} version {JSON_VERSION}")
    try:
        hits = tuple(sorted(map(_read_hit, content["hits"]), key=lambda hit: hit.time))
        rhythm = None if content["version"] == 1 else _read_rhythm(content["rhythm"])
        duration, model = float(content["duration"]), _text(content["model"])
        check_bounds(duration, rhythm)
        return Transcription(hits, duration, model, rhythm)
    except (ValueError, LookupError, TypeError, ArithmeticError) as error:
        raise LabelError(f"{path}: a broken transcription ({reason_of(error)})") from error


def _read_hit(hit: dict) -> Hit:
    time, velocity, confidence = float(hit["time"]), int(hit["velocity"]), float(hit["confidence"])
    if not 0 <= time <= LONGEST_S or not 1 <= velocity <= 127 or not 0 <= confidence <= 1:
        raise ValueError(f"time {time:g}, velocity {velocity} or confidence {confidence:g}")
    return Hit(time, hit["articulation"], velocity, confidence, _own_note(hit))


def _own_note(hit: dict) -> int | None:
    """Return the note of a hit if it is not that of the vocabulary."""
    name, note = _text(hit["articulation"]), int(hit["note"])
    if not 0 <= note <= 127:
        raise ValueError(f"note {note} is outside MIDI")
    if name in ARTICULATION_BY_NAME:
        return None if note == ARTICULATION_BY_NAME[name].note else note
    if hit["instrument"] != name:
        raise ValueError(f"{name!r} is not an articulation")
    return note


def _text(value: object) -> str:
    """Return a value that is text, which JSON's halves of a character are not: no file could be written with them."""
    if not isinstance(value, str) or any(0xD800 <= ord(character) <= 0xDFFF for character in value):
        raise ValueError(f"{value!r} is no text")
    return value


def _read_rhythm(content: dict | None) -> Rhythm | None:
    from ..music.tempo_map import Meter, MeterChange, TempoMap

    if content is None:
        return None
    tempo_map = None
    if given := content["tempo_map"]:
        meters = (
            MeterChange(float(m["quarter"]), Meter(int(m["numerator"]), int(m["denominator"]))) for m in given["meters"]
        )
        seconds, quarters = (tuple(map(float, given[name])) for name in ("seconds", "quarters"))
        tempo_map = TempoMap(seconds, quarters, tuple(meters))
    others = (_read_rhythm({**other, "alternatives": ()}) for other in content.get("alternatives", ()))
    return Rhythm(
        tempo_map,
        float(content["confidence"]),
        bool(content["steady"]),
        probability=float(content.get("probability", 1.0)),
        relation=_text(content.get("relation", "")),
        alternatives=tuple(rhythm for rhythm in others if rhythm is not None),
    )
