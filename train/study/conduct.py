"""The study from end to end: missing cells are trained and measured, and all tables and plots are made anew."""

import csv
from collections.abc import Callable
from functools import partial
from io import StringIO
from pathlib import Path

from ..files import open_whole
from . import tracks
from .cells import Cell, Plan
from .plots import write_plots
from .records import Record, TrackRecord, append, read_records, read_track_records, rewrite
from .results import HELD_OUT, RECORDS, TRACKS, read_results
from .tables import write_tables
from .training import Laboratory, Run, measure_cells, workers

Report = Callable[[str], None]


def conduct(plan: Plan, laboratory: Laboratory, bench: Path | None, out: Path, jobs: int, report: Report) -> None:
    """Measure every cell without a record, also on the recordings of a bench if there is one.

    A stopped run can be called again: no measured cell is measured again.

    Parameters
    ----------
    plan : Plan
        The cells.
    laboratory : Laboratory
        Trains and measures.
    bench : Path | None
        The folder of real recordings, or None.
    out : Path
        The folder of records, tables and plots.
    jobs : int
        Number of processes.
    report : Report
        Receives progress.

    Raises
    ------
    DrumscribeError
        If data is missing, or nothing can be written.
    """
    if bench is not None:
        tracks.check_bench(bench)
    with workers(jobs) as run:
        _measure_cells(plan, laboratory, out, run, report)
        _write_held_out(laboratory, plan.reference(), out / HELD_OUT)
        if bench is None:
            report("no --bench: real recordings are left out")
        else:
            _measure_tracks(plan, laboratory, bench, out, run, report)
    results = read_results(plan, out)
    write_tables(results, out)
    write_plots(results, out)


def _measure_cells(plan: Plan, laboratory: Laboratory, out: Path, run: Run, report: Report) -> None:
    path = out / RECORDS
    known: dict[str, Record] = {record.digest: record for record in read_records(path)}
    digests = {cell: laboratory.digest(cell) for cell in plan.cells()}
    for part in plan.parts():
        missing = [cell for cell in part if digests[cell] not in known]
        for record in measure_cells(laboratory, missing, run):
            append(path, [record])
            known[record.digest] = record
            done = sum(digest in known for digest in digests.values())
            report(f"{done} of {len(digests)}: {record.cell.name}: accuracy {record.single.accuracy:.3f}")
    rewrite(path, [known[digest] for digest in digests.values()])


def _write_held_out(laboratory: Laboratory, cell: Cell, path: Path) -> None:
    lines = StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(("file", "class", "family"))
    for sample in laboratory.held_out(cell):
        writer.writerow((sample.path.name, sample.instrument, sample.family))
    with open_whole(path) as file:
        file.write(lines.getvalue().encode())


def _measure_tracks(plan: Plan, laboratory: Laboratory, bench: Path, out: Path, run: Run, report: Report) -> None:
    path = out / TRACKS
    measured = {record.system for record in read_track_records(path)}
    if tracks.PASSAGES not in measured:
        append(path, tracks.measure_references(bench))
    cells = [cell for cell in plan.on_tracks() if laboratory.digest(cell) not in measured]
    for done, records in enumerate(run(partial(tracks.measure_cell, laboratory, bench), cells), 1):
        append(path, records)
        report(f"{done} of {len(cells)} on recordings: {records[0].micro_f:.3f}")
    of_system: dict[str, list[TrackRecord]] = {record.system: [] for record in read_track_records(path)}
    for record in read_track_records(path):
        of_system[record.system].append(record)
    systems = (*tracks.REFERENCES, *map(laboratory.digest, plan.on_tracks()))
    rewrite(path, [record for system in systems for record in of_system[system]])
