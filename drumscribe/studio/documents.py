"""Drafts as plain data: rows of hits, rhythms, and the edits that correct them.

A row is ``[id, time, articulation, velocity, confidence, own note or null, quarter or null]``; its id never changes. An
edit lists the rows that it removes, the rows that it adds, and the values that it sets with their previous values, so
it can be undone and redone. A draft is the detected hits and a list of edits, of which the first `position` apply.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ..errors import DrumscribeError, reason_of
from ..kits.kit import KitError, check_name
from ..music.drums import ARTICULATION_BY_NAME
from ..music.rhythm import RhythmChoice
from ..music.rhythm_choice import choose
from ..music.tempo_map import Meter, MeterChange, TempoMap
from ..music.transcription import Hit, Rhythm, Transcription

TIE = 1e-6
"""A confidence this little below a threshold reaches it, because one has 32 bits and the other 64."""
_SETTABLE = ("rhythm", "sensitivity")
_MOST_ROWS = 200_000
"""Maximum number of rows in one edit."""
_LONGEST_S = 86400.0


class EditError(DrumscribeError):
    """An edit that is invalid."""


def columns_of(hits: Sequence[Hit]) -> dict:
    """Return hits as columns of a compact form; the id of a hit is its index."""
    names = list(dict.fromkeys(hit.articulation for hit in hits))
    return {
        "names": names,
        "time": [round(hit.time, 6) for hit in hits],
        "articulation": [names.index(hit.articulation) for hit in hits],
        "velocity": [hit.velocity for hit in hits],
        "confidence": [float(hit.confidence) for hit in hits],
        "own_note": [hit.own_note for hit in hits],
    }


def rows_of(draft: dict) -> list[list]:
    """Return the rows of all candidates of a draft."""
    names = draft["names"]
    columns = (draft[name] for name in ("time", "articulation", "velocity", "confidence", "own_note"))
    return [[i, time, names[a], v, c, note, None] for i, (time, a, v, c, note) in enumerate(zip(*columns, strict=True))]


def picked_rows(draft: dict) -> dict[int, list]:
    """Return the rows of the model's hits at the default sensitivity, by id."""
    thresholds = draft["thresholds"]
    rows = rows_of(draft)
    if thresholds is not None:
        rows = [row for row in rows if row[4] >= thresholds.get(_instrument(row[2]), 0.0) - TIE]
    return {row[0]: row for row in rows}


def _instrument(articulation: str) -> str:
    known = ARTICULATION_BY_NAME.get(articulation)
    return articulation if known is None else known.instrument


def current(draft: dict, edits: Iterable[dict]) -> tuple[list[list], dict | None]:
    """Apply edits to a draft.

    Parameters
    ----------
    draft : dict
        The detected hits and rhythm.
    edits : iterable of dict
        The edits to apply.

    Returns
    -------
    list of list
        Rows, in order of time.
    dict or None
        The rhythm.
    """
    rows, rhythm = picked_rows(draft), draft["rhythm"]
    for edit in edits:
        for row in edit["removed"]:
            rows.pop(row[0], None)
        rows.update((row[0], row) for row in edit["added"])
        if "rhythm" in edit["set"]:
            rhythm = _with_readings(edit["set"]["rhythm"][1], rhythm)
    return sorted(rows.values(), key=lambda row: (row[1], row[0])), rhythm


def _with_readings(rhythm: dict | None, before: dict | None) -> dict | None:
    """Return the rhythm that an edit sets; unless it is newly detected, its readings are those of the previous
    rhythm."""
    if rhythm is None or before is None or "readings" in rhythm or "readings" not in before:
        return rhythm
    return {**rhythm, "readings": before["readings"]}


def transcription_of(draft: dict, edits: Iterable[dict]) -> Transcription:
    """Return a draft after edits as a transcription.

    Parameters
    ----------
    draft : dict
        The detected hits and rhythm.
    edits : iterable of dict
        The edits to apply.

    Returns
    -------
    Transcription
        The transcription with all corrections.
    """
    rows, rhythm = current(draft, edits)
    return Transcription(tuple(map(hit_of, rows)), draft["duration"], draft["model"], rhythm_of(rhythm))


def hit_of(row: Sequence) -> Hit:
    """Return the hit of a row."""
    _, time, articulation, velocity, confidence, own_note, quarter = row
    return Hit(time, articulation, velocity, confidence, own_note, quarter)


def data_of_rhythm(rhythm: Rhythm | None) -> dict | None:
    """Return a detected rhythm as plain data, with all its readings, the likeliest first.

    A rhythm that a page sets has no readings: its `reading` is the index, from 0, among the readings that were detected
    last.
    """
    if rhythm is None:
        return None
    readings = [
        {**_data_of_reading(one), "probability": round(float(one.probability), 4), "relation": one.relation}
        for one in rhythm.readings
    ]
    return {**_data_of_reading(rhythm), "readings": readings}


def _data_of_reading(rhythm: Rhythm) -> dict:
    tempo_map = rhythm.tempo_map
    return {
        "confidence": round(float(rhythm.confidence), 4),
        "steady": bool(rhythm.steady),
        "remark": rhythm.remark,
        "tempo_map": None
        if tempo_map is None
        else {
            "seconds": [float(s) for s in tempo_map.seconds],
            "quarters": [float(q) for q in tempo_map.quarters],
            "meters": [[float(c.quarter), c.meter.numerator, c.meter.denominator] for c in tempo_map.meters],
        },
    }


def rhythm_of(data: dict | None) -> Rhythm | None:
    """Return the rhythm of plain data; its alternatives are the other readings.

    Raises
    ------
    EditError
        For an invalid tempo map.
    RhythmError
        For a reading that does not exist.
    """
    if data is None:
        return None
    try:
        rhythm, readings = _reading_of(data), [_reading_of(one) for one in data.get("readings") or ()]
        number = int(data.get("reading") or 0) + 1
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise EditError(f"this rhythm is impossible: {error}") from None
    if not readings:
        return rhythm
    chosen = choose(replace(readings[0], alternatives=tuple(readings[1:])), RhythmChoice(number))
    return replace(rhythm, probability=chosen.probability, alternatives=chosen.alternatives)


def _reading_of(data: dict) -> Rhythm:
    given, tempo_map = data["tempo_map"], None
    if given is not None:
        meters = tuple(MeterChange(_finite(q), Meter(int(n), int(d))) for q, n, d in given["meters"])
        seconds, quarters = (tuple(map(_finite, given[name])) for name in ("seconds", "quarters"))
        tempo_map = TempoMap(seconds, quarters, meters)
    remark, relation = (str(data.get(name, ""))[:500] for name in ("remark", "relation"))
    sure, probability = _finite(data["confidence"]), _finite(data.get("probability", 1.0))
    return Rhythm(tempo_map, sure, bool(data["steady"]), remark, probability, relation)


def check_edit(edit: Any) -> dict:
    """Check an edit from a page.

    Raises
    ------
    EditError
        If it is invalid.
    """
    try:
        removed, added, changed = edit["removed"], edit["added"], edit["set"]
        if len(removed) + len(added) > _MOST_ROWS or not set(changed) <= set(_SETTABLE):
            raise EditError("this edit is too large, or sets a value that cannot be set")
        clean = {name: [before, after] for name, (before, after) in changed.items()}
        if "rhythm" in clean:
            rhythm_of(clean["rhythm"][1])
        if "sensitivity" in clean:
            clean["sensitivity"] = list(map(check_sensitivity, clean["sensitivity"]))
        label = str(edit["label"])[:80]
        checked = {"label": label, "removed": _checked(removed), "added": _checked(added), "set": clean}
        json.dumps(checked, allow_nan=False, ensure_ascii=False).encode()  # as it will be read
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise EditError(f"this edit cannot be made: {reason_of(error)}") from None
    return checked


def check_sensitivity(values: Any) -> dict[str, float]:
    """Check sensitivities of instruments from a page.

    Raises
    ------
    EditError
        If they are not from 0 to 1.
    """
    shares = values.values() if isinstance(values, dict) else [None]
    if not all(isinstance(value, (int, float)) and 0.0 <= value <= 1.0 for value in shares):
        raise EditError("give sensitivities from 0 to 1, of instruments or sounds of the kit")
    return {str(name): float(value) for name, value in values.items()}


def _checked(rows: Any) -> list[list]:
    return [_checked_row(*row) for row in rows]


def _checked_row(
    id: Any, time: Any, articulation: Any, velocity: Any, confidence: Any, own_note: Any, quarter: Any
) -> list:
    if articulation not in ARTICULATION_BY_NAME and own_note is None:
        raise EditError(f"{str(articulation)[:40]!r} is neither a drum nor a sound with its own note")
    try:
        check_name(articulation)
    except KitError as error:
        raise EditError(str(error)) from None
    if own_note is not None and not (isinstance(own_note, int) and 0 <= own_note <= 127):
        raise ValueError("a note is a number from 0 to 127")
    if not 1 <= velocity <= 127 or not 0.0 <= _finite(time) <= _LONGEST_S:
        raise ValueError("a velocity is 1 to 127, and a time lies in the recording")
    quarter = None if quarter is None else _finite(quarter)
    return [
        int(id),
        float(time),
        articulation,
        int(velocity),
        min(1.0, max(0.0, _finite(confidence))),
        own_note,
        quarter,
    ]


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is no number")
    return number
