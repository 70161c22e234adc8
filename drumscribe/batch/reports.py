"""Reports of a batch: JSON for programs, CSV for tables, HTML for people. All are written row by row."""

import csv
import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ..errors import DrumscribeError, printable
from ..files import written_whole
from ..formats.written import Written
from ..music.drums import INSTRUMENTS
from .jobs import Outcome, Report, RhythmFigures
from .lanes import COLUMNS
from .plan import Plan
from .summary import Tally, clock, instruments_of, pace_of

_CSV = ("source", "status", "duration", "seconds", "speed", "hits", "tempo", "meter", "confidence")


def check_report(path: Path) -> None:
    """Refuse a report of an unknown format.

    Raises
    ------
    DrumscribeError
        The message names the formats.
    """
    if path.suffix.lower() not in _WRITERS:
        raise DrumscribeError(f"{path}: reports are written as {', '.join(_WRITERS)}")


def check_place(path: Path, plan: Plan) -> None:
    """Refuse a report in the place of an output of the batch.

    Parameters
    ----------
    path : Path
        The file of the report.
    plan : Plan
        The plan of the batch.

    Raises
    ------
    DrumscribeError
        The message names the recording.
    """
    for job in plan.jobs:
        if any(output.name == path.name and output.resolve() == path.resolve() for output in job.outputs):
            raise DrumscribeError(f"{path}: is also the output of {job.source}: give the report another name")


def write_report(path: Path, plan: Plan, report: Report, written: Written | None = None) -> Path:
    """Write a report atomically.

    Parameters
    ----------
    path : Path
        The file; its ending gives the format.
    plan : Plan
        The plan of the batch.
    report : Report
        The outcomes.
    written : Written, optional
        Record of files that drumscribe wrote before: other files are kept. Without it, any file is replaced.

    Returns
    -------
    Path
        The written file: `path`, or a file beside it if the one at `path` was kept.

    Raises
    ------
    DrumscribeError
        If it cannot be written.
    """
    places = [path]

    def settle(temporary: Path) -> Path:
        if written is not None:  # it is of its folder; a transcription is of its recording, and so is kept
            places.append(written.settle(path, temporary, path.suffix.lower(), path.parent))
        return places[-1]

    try:
        with written_whole(path, settle) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            _WRITERS[path.suffix.lower()](file, plan, report)
    except OSError as error:
        raise DrumscribeError(f"{path}: cannot be written: {error.strerror or error}") from error
    return places[-1]


def write_json(file: IO[str], plan: Plan, report: Report) -> None:
    """Write a report as JSON, version 1.

    `recordings` has, in the order of the jobs, `source`, `status` ("done", "skipped", "failed", "stopped"), `outputs`
    (the files written, or found when skipped), `duration` and `seconds` (length of the audio, time it took), `hits` (by
    instrument), `rhythm` (null if not analysed, else `tempo` in quarters per minute, null if it changes, `meter`, such
    as "4/4", both null in free time, and `confidence`), `warnings`, `notes` on the outputs, and `error` (null if there
    is none). What was skipped has the figures and warnings of the run that did it, if the journal has them. `problems`
    and `notes` are lines on the request: paths without recordings, outputs with unexpected names. `ended` is the reason
    why the batch ended early, or null.

    Parameters
    ----------
    file : IO[str]
        The file.
    plan : Plan
        The plan of the batch.
    report : Report
        The outcomes.
    """
    file.write('{\n"format": "drumscribe.report", "version": 1,\n"recordings": [')
    for number, outcome in enumerate(report.outcomes):
        file.write((",\n" if number else "\n") + json.dumps(_data_of(outcome)))
    tail = {
        "problems": list(plan.problems),
        "notes": list(plan.notes),
        "seconds": round(report.seconds, 3),
        "interrupted": report.interrupted,
        "ended": report.ended or None,
    }
    file.write(f"],\n{json.dumps(tail)[1:]}\n")


def _data_of(outcome: Outcome) -> dict:
    return {
        "source": str(outcome.job.source),
        "status": outcome.status,
        "outputs": [str(output) for output in outcome.outputs],
        "duration": round(outcome.duration, 6),
        "seconds": round(outcome.seconds, 3),
        "hits": {instrument: outcome.hits[instrument] for instrument in instruments_of(outcome.hits)},
        "rhythm": None if outcome.rhythm is None else _rhythm_data(outcome.rhythm),
        "warnings": list(outcome.warnings),
        "notes": list(outcome.notes),
        "error": outcome.error or None,
    }


def _rhythm_data(rhythm: RhythmFigures) -> dict:
    return {
        "tempo": None if rhythm.tempo is None else round(rhythm.tempo, 3),
        "meter": rhythm.meter,
        "confidence": round(rhythm.confidence, 3),
    }


def _write_csv(file: IO[str], plan: Plan, report: Report) -> None:
    """Write a row for each recording, with a column for each instrument of the vocabulary."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow((*_CSV, *INSTRUMENTS, "outputs", "warnings", "error"))
    for o in report.outcomes:
        rhythm = _rhythm_data(o.rhythm) if o.rhythm is not None else {}
        beat = [rhythm.get(name, "") if rhythm.get(name) is not None else "" for name in _CSV[-3:]]
        speed = round(o.duration / o.seconds, 1) if o.seconds and o.duration else ""
        numbers = (o.status, round(o.duration, 3), round(o.seconds, 3), speed, o.hits.total(), *beat)
        texts = ["; ".join(map(printable, lines)) for lines in (o.outputs, (*o.warnings, *o.notes), (o.error,))]
        writer.writerow((printable(o.job.source), *numbers, *(o.hits[name] for name in INSTRUMENTS), *texts))
    for problem in plan.problems:
        writer.writerow(("", "failed", *[""] * (len(_CSV) - 2 + len(INSTRUMENTS) + 2), printable(problem)))


_STYLE = """
body{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#222;background:#fff}
table{border-collapse:collapse}
td,th{padding:2px 10px 2px 0;text-align:left;vertical-align:top;border-bottom:1px solid #ddd}
td.n{text-align:right;font-variant-numeric:tabular-nums}.failed{color:#a00}.warning{color:#850}
tr{content-visibility:auto}svg{display:block;width:192px;height:24px;background:#f4f4f4}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}td,th{border-color:#444}svg{background:#282828}
.failed{color:#f88}.warning{color:#fb4}}
"""


def _write_html(file: IO[str], plan: Plan, report: Report) -> None:
    """Write a self-contained page: totals, failures with their reasons, and a row for each recording."""
    tally = Tally(report)
    file.write('<!doctype html><html lang="en"><meta charset="utf-8"><title>drumscribe: report</title>')
    file.write('<meta name="viewport" content="width=device-width">')
    file.write(f"<style>{_STYLE}</style><h1>Report</h1><p>{html.escape(_totals(tally, plan, report))}</p>")
    failures = [*plan.problems, *([report.ended] if report.ended else [])]
    if failures or tally.counts["failed"]:
        file.write('<h2>Failures</h2><ul class="failed">')
        file.writelines(f"<li>{_text(line)}</li>\n" for line in failures)
        file.writelines(f"<li>{_text(o.error)}</li>\n" for o in report.outcomes if o.status == "failed")
        file.write("</ul>")
    file.write("<h2>Recordings</h2><table><thead><tr>")
    heads = ("recording", "status", "length", "hits", "tempo", "meter", "confidence", "speed", "lanes", "remarks")
    file.writelines(f'<th scope="col">{head}</th>' for head in heads)
    file.write("</tr></thead><tbody>\n")
    file.writelines(map(_html_row, report.outcomes))
    file.write("</tbody></table></html>\n")


def _totals(tally: Tally, plan: Plan, report: Report) -> str:
    failed = tally.counts["failed"] + len(plan.problems)
    parts = [f"{tally.counts['done']} transcribed", f"{failed} failed", f"{tally.counts['skipped']} done before"]
    parts += [f"{tally.counts['stopped']} not done"] if tally.counts["stopped"] else []
    hits = sum((o.hits for o in report.outcomes if o.status == "skipped"), tally.hits)
    heard = ", ".join(f"{hits[name]} {name}" for name in instruments_of(hits) if hits[name])
    pace = f"; {pace_of(tally.duration, report.seconds)}" if tally.counts["done"] else ""
    return f"{', '.join(parts)}{pace}. Hits: {heard or 'none'}."


def _html_row(o: Outcome) -> str:
    rhythm = o.rhythm
    beat = ("", "", "") if rhythm is None else (*_beat(rhythm), f"{rhythm.confidence:.2f}")
    speed = f"{o.duration / o.seconds:.0f} x" if o.seconds and o.duration else ""
    numbers = (clock(o.duration), o.hits.total(), *beat, speed) if o.duration else ("",) * 6
    remarks = "<br>".join(map(_text, (*o.warnings, *o.notes)))
    return (
        f"<tr><td>{_text(o.job.source)}</td><td class={o.status}>{o.status}</td>"
        + "".join(f"<td class=n>{html.escape(str(number))}</td>" for number in numbers)
        + f"<td>{_lanes(o.picture)}</td><td class=warning>{remarks}</td></tr>\n"
    )


def _beat(rhythm: RhythmFigures) -> tuple[str, str]:
    if rhythm.meter is None:
        return "free", ""
    return "changing" if rhythm.tempo is None else f"{rhythm.tempo:.1f}", rhythm.meter


def _lanes(picture: str) -> str:
    """Draw a lane for each instrument, the kick at the bottom; more hits are darker."""
    if not picture:
        return ""
    rows = len(picture) // COLUMNS
    paths = "".join(_path_of(picture, rows, low, high, shade) for low, high, shade in ((1, 2, 0.45), (3, 9, 1.0)))
    return f'<svg viewBox="0 0 {COLUMNS} {rows}" preserveAspectRatio="none" role="img" aria-label="hits">{paths}</svg>'


def _path_of(picture: str, rows: int, low: int, high: int, opacity: float) -> str:
    drawn = "".join(_runs_of(picture, rows, low, high))
    return f'<path fill="currentColor" opacity="{opacity}" d="{drawn}"/>' if drawn else ""


def _runs_of(picture: str, rows: int, low: int, high: int) -> Iterator[str]:
    for row in range(rows):
        lane = picture[row * COLUMNS : (row + 1) * COLUMNS] + "0"
        start = None
        for column, count in enumerate(lane):
            inside = low <= int(count) <= high
            if inside and start is None:
                start = column
            elif not inside and start is not None:
                yield f"M{start} {rows - 1 - row}.1h{column - start}v.8h-{column - start}z"
                start = None


def _text(text: object) -> str:
    return html.escape(printable(text))


_WRITERS = {".html": _write_html, ".json": write_json, ".csv": _write_csv}
