"""Scores as tables for a terminal, and as plain data for JSON (with null for undefined figures)."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..music.drums import INSTRUMENTS
from .matching import MICRO, Counts
from .scores import NOTHING, ONSET, OUTSIDE, Row, Scores

if TYPE_CHECKING:
    from rich.table import Table


def to_data(scores: Scores) -> dict:
    """Convert scores to lists, dictionaries, strings and numbers, without the offsets of events."""
    data = asdict(scores) | {
        "tracks": {
            track: {name: _count_data(counts) for name, counts in rows.items()} for track, rows in scores.tracks.items()
        }
    }
    return _without_nan(data)


def to_tables(scores: Scores, per_track: bool = False, confusions: bool = False) -> list:
    """Lay out scores as `rich.table.Table`s: classes, finer articulations, velocities.

    Parameters
    ----------
    scores : Scores
        The scores.
    per_track : bool, default False
        Whether to add a table of the tracks.
    confusions : bool, default False
        Whether to add a table of confusions.

    Returns
    -------
    list
        The tables.
    """
    tables = [_rows_table(scores)]
    outside = {row.name for row in scores.outside}
    finer = [row for row in scores.finer if row.name not in outside]
    if finer or scores.ghosts.reference:
        tables.append(_finer_table(scores, finer))
    if scores.velocity:
        tables.append(_velocity_table(scores))
    if per_track:
        tables.append(_tracks_table(scores))
    if confusions and scores.confusions:
        tables.append(_confusion_table(scores))
    return tables


def format_tolerance(seconds: float) -> str:
    """Format a tolerance, given in seconds, in milliseconds."""
    return f"±{seconds * 1000:g} ms"


def _count_data(counts: Counts) -> dict:
    return {
        "reference": counts.reference,
        "estimated": counts.estimated,
        "matched": counts.matched,
        "precision": counts.precision,
        "recall": counts.recall,
        "f": counts.f,
    }


def _without_nan(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_nan(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_without_nan(value) for value in data]
    return None if isinstance(data, float) and math.isnan(data) else data


def _table(title: str, first: str, *columns: str) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", min_width=len(title))
    table.box, table.show_edge, table.padding = box.SIMPLE_HEAD, False, 0  # to fit 80 columns
    table.add_column(first, overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _figure(value: float, digits: int = 3) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def _cells(row: Row) -> list[str]:
    interval = "-" if math.isnan(row.f_low) else f"{row.f_low:.3f}-{row.f_high:.3f}"
    return [
        row.name,
        *map(str, (row.reference, row.estimated, row.matched)),
        *map(_figure, (row.precision, row.recall, row.f)),
        interval,
        _figure(row.track_f),
        _figure(row.offset_median_ms, 1),
    ]


COLUMNS = ("played", "found", "matched", "P", "R", "F", "95 %", "F/track", "offset\nms")


def _rows_table(scores: Scores) -> "Table":
    tracks = f"{len(scores.tracks)} track{'s' if len(scores.tracks) > 1 else ''}"
    table = _table(f"{tracks}, {format_tolerance(scores.tolerance)}", "", *COLUMNS)
    table.caption, table.caption_justify = "\n".join(_remarks(scores)), "left"
    for row in scores.rows:
        table.add_row(*_cells(row))
        if row.name == MICRO:
            mean = scores.macro
            figures = [_figure(value) for value in (mean.precision, mean.recall, mean.f)]
            table.add_row("macro", "", "", "", *figures, "", _figure(mean.track_f), "")
    if scores.outside:
        table.add_section()
    for row in scores.outside:
        table.add_row(*_cells(row))
    return table


def _remarks(scores: Scores) -> Iterator[str]:
    """Yield the edits, and what they leave out."""
    edits = scores.edits
    if not math.isnan(edits.per_100):
        yield (
            f"{edits.per_100:.1f} edits for every 100 strokes: "
            f"{edits.added} to add, {edits.removed} to remove, {edits.changed} to give to another drum"
        )
    if scores.outside:
        yield f"micro, macro and edits leave out: {', '.join(_strokes(row) for row in scores.outside)}"


def _strokes(row: Row) -> str:
    return f"{row.name} ({row.reference} played, {row.estimated} found)"


def _finer_table(scores: Scores, finer: Sequence[Row]) -> "Table":
    table = _table(f"Articulations, {format_tolerance(scores.tolerance)}", "", *COLUMNS)
    for row in finer:
        table.add_row(*_cells(row))
    if scores.ghosts.reference:
        ghosts = scores.ghosts
        table.add_row("ghost notes", str(ghosts.reference), "", str(ghosts.matched), "", _figure(ghosts.recall))
    return table


def _velocity_table(scores: Scores) -> "Table":
    title = f"Velocity, {format_tolerance(scores.tolerance)}"
    table = _table(title, "", "matched", "tracks", "Pearson", "MAE (MIDI)", "F with velocity")
    for row in scores.velocity:
        counts = (str(row.matched), str(row.tracks))
        table.add_row(row.name, *counts, _figure(row.pearson), _figure(row.mae, 1), _figure(row.f))
    return table


def _tracks_table(scores: Scores) -> "Table":
    names = [row.name for row in scores.rows]
    table = _table(f"F per track, {format_tolerance(scores.tolerance)}", "track", "played", *names)
    for track, rows in scores.tracks.items():
        table.add_row(track, str(rows[ONSET].reference), *(_figure(rows[name].f) for name in names))
    return table


def _confusion_table(scores: Scores) -> "Table":
    found = {confusion.missed for confusion in scores.confusions}
    missed = [name for name in (*INSTRUMENTS, OUTSIDE, NOTHING) if name in found]
    table = _table(f"False hits, by the drum missed there, {format_tolerance(scores.tolerance)}", "found", *missed)
    count = {(c.estimated, c.missed): c.count for c in scores.confusions}
    for estimated in dict.fromkeys(c.estimated for c in scores.confusions):
        table.add_row(estimated, *(str(count.get((estimated, name), "")) for name in missed))
    return table
