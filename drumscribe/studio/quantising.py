"""Preview quantisation: which hits it would move, and where to."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..errors import RhythmError
from ..music.transcription import Transcription
from .documents import current, hit_of, rhythm_of

_STILL_S = 0.0005
"""Smaller moves are ignored."""
_NUMBERS = ("swing", "strength", "window", "smoothing")


def settings_of(body: dict) -> Any:
    """Return the `QuantiseOptions` of a page: a grid, and shares of 1 for swing, strength and smoothing.

    Raises
    ------
    RhythmError
        For invalid values.
    """
    from ..quantisation.grid import Grid
    from ..quantisation.settings import QuantiseOptions, QuantiseSettings

    grid = Grid.parse(str(body.get("grid") or "1/16"))
    given = {name: _number(name, body[name]) for name in _NUMBERS if body.get(name) not in (None, "")}
    return QuantiseOptions(QuantiseSettings(grid, **given))


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise RhythmError(f"{name}: {value!r} is no number") from None


def preview(draft: dict, edits: Sequence[dict], options: Any) -> tuple[list[list], str]:
    """Return the rows that quantisation would change, as they would become, and its report.

    Parameters
    ----------
    draft : dict
        The detected hits and rhythm.
    edits : sequence of dict
        The edits to apply.
    options : QuantiseOptions
        Options of quantisation.

    Returns
    -------
    list of list
        Rows.
    str
        The report.

    Raises
    ------
    RhythmError
        In free time.
    """
    from ..quantisation.quantise import quantise

    rows, rhythm = current(draft, edits)
    # Quantisation reorders hits but does not change their confidence, so this carries their index.
    marked = tuple(replace(hit_of([*row[:6], None]), confidence=float(i)) for i, row in enumerate(rows))
    quantised, report = quantise(Transcription(marked, draft["duration"], "", rhythm_of(rhythm)), options)
    changed = []
    for hit in quantised.hits:
        id, time, articulation, velocity, confidence, note, _ = rows[int(hit.confidence)]
        if abs(hit.time - time) > _STILL_S or hit.velocity != velocity:
            changed.append([id, hit.time, articulation, hit.velocity, confidence, note, hit.quarter])
    return changed, str(report)
