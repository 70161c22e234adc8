"""Tables of the study: every cell as a line of CSV, and the answers to its questions as Markdown."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np

from drumscribe.music.drums import FIVE_CLASSES

from ..files import open_whole
from .cells import FULL, NONE, Cell
from .records import Record
from .results import Results, spread
from .tracks import ALL_RIGHT, DETECTED, LABELLED, ONE_RIGHT, PASSAGES, REFERENCES, SETS

CSV, MARKDOWN = "results.csv", "tables.md"


def write_tables(results: Results, folder: Path) -> None:
    """Write both tables.

    Parameters
    ----------
    results : Results
        The measurements.
    folder : Path
        The folder to write to.
    """
    for name, text in ((CSV, to_csv(results)), (MARKDOWN, to_markdown(results))):
        with open_whole(folder / name) as file:
            file.write(text.encode())


def to_csv(results: Results) -> str:
    """Format a line for each cell."""
    lines = StringIO()
    rows = [_row(results.records[cell], results.plan.base.samples.classes) for cell in results.plan.cells()]
    writer = csv.DictWriter(lines, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return lines.getvalue()


def _row(record: Record, classes: tuple[str, ...]) -> dict[str, object]:
    cell, single, mixtures = record.cell, record.single, record.mixtures
    row: dict[str, object] = {
        "family": cell.family,
        "formulation": cell.formulation,
        "per_class": cell.per_class,
        "augment": cell.augment,
        "after_ms": cell.after_ms,
        "spectrogram": cell.spectrogram,
        "patience": cell.patience,
        "seed": cell.seed,
        "one_shots": sum(record.one_shots),
        "held_out": single.windows,
    }
    for prefix, measured in (("", single), ("mixtures_", mixtures)):
        row |= {
            f"{prefix}accuracy": _figure(measured and measured.accuracy),
            f"{prefix}macro_f": _figure(measured and measured.macro_f),
            f"{prefix}calibration_error": _figure(measured and measured.calibration_error),
        }
        row |= {f"{prefix}f_{name}": _figure(measured and measured.f_measures[i]) for i, name in enumerate(classes)}
    row["confusion"] = " / ".join(" ".join(map(str, counts)) for counts in single.confusion)
    row |= {"train_seconds": record.train_seconds, "parameters": record.parameters}
    return row | {"multiply_adds": record.multiply_adds}


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def to_markdown(results: Results) -> str:
    """Format the tables, one for each question."""
    plan = results.plan
    some = results.of(plan.reference())[0]
    first = (
        f"Accuracy on {some.single.windows} held-out one-shots of {len(set(results.families))} families, unless it says"
        f" otherwise: mean ± standard deviation over {len(plan.seeds)} seeds. Differences are between cells of the"
        " same seed, with 95 % of a bootstrap over the held-out families; * marks those that exceed the spread over"
        " seeds and whose interval leaves out 0."
    )
    sections = (
        ("One-shots that there are to learn from", _one_shots(results)),
        ("Formulations, augmentation and samples per class", _grid(results, "accuracy")),
        ("The same: 95 % of the mean over seeds, by Student's t", _intervals(results)),
        ("The same: calibration error", _grid(results, "calibration_error")),
        ("Binary against multi-class", _formulations(results)),
        ("With augmentation against without", _augmented(results)),
        ("More one-shots against fewer", _more(results)),
        (f"Families on {plan.usual} a class, augmented: one-shots", _families(results)),
        (
            f"Families on {plan.usual} a class, augmented: mixtures of two or three one-shots, and what they cost",
            _costs(results),
        ),
        ("Length of the window beyond the onset", _lengths(results)),
        ("Spectrograms", _spectrograms(results)),
        ("One augmentation left out, against all", _left_out(results)),
        (f"Trained {plan.patience} times as long", _patient(results)),
        ("Confusions of the reference, over all seeds", _confusions(results)),
        *(_on_recordings(results) if results.tracks else ()),
    )
    tables = ((title, list(rows)) for title, rows in sections)
    told = (f"\n## {title}\n\n{_table(rows)}\n" for title, rows in tables if len(rows) > 1)
    return f"# Tables\n\n{first}\n" + "".join(told)


def _table(rows: Iterable[tuple]) -> str:
    head, *body = rows
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in (head, ["---"] * len(head), *body))


def _one_shots(results: Results) -> Iterator[tuple]:
    yield "at most", *results.plan.base.samples.classes, "together"
    for size in results.plan.per_class:
        counts = results.of(results.plan.reference(per_class=size))[0].one_shots
        yield f"{size} a class", *counts, sum(counts)


def _more(results: Results) -> Iterator[tuple]:
    sizes = results.plan.per_class
    yield "family", "formulation", "augmentation", *(f"{more} against {less}" for less, more in pairwise(sizes))
    for family in results.plan.families if len(sizes) > 1 else ():
        for formulation in results.plan.formulations:
            for augment in (NONE, FULL):
                cells = [Cell(family, formulation, size, augment) for size in sizes]
                steps = [results.difference(more, less) for less, more in pairwise(cells)]
                yield family, formulation, augment, *steps


def _grid(results: Results, figure: str) -> Iterator[tuple]:
    sizes = results.plan.per_class
    yield "family", "formulation", "augmentation", *(f"{size} a class" for size in sizes)
    for family in results.plan.families:
        for formulation in results.plan.formulations:
            for augment in (NONE, FULL):
                columns = (results.of(Cell(family, formulation, size, augment)) for size in sizes)
                spreads = (spread([getattr(record.single, figure) for record in records]) for records in columns)
                yield family, formulation, augment, *spreads


def _intervals(results: Results) -> Iterator[tuple]:
    sizes = results.plan.per_class
    yield "family", "formulation", "augmentation", *(f"{size} a class" for size in sizes)
    for family in results.plan.families:
        for formulation in results.plan.formulations:
            for augment in (NONE, FULL):
                limits = (results.interval(Cell(family, formulation, size, augment)) for size in sizes)
                yield family, formulation, augment, *(f"{low:.3f} to {high:.3f}" for low, high in limits)


def _formulations(results: Results) -> Iterator[tuple]:
    sizes = results.plan.per_class
    compared = ("binary", "multi-class")
    yield "family", "augmentation", *(f"{size} a class" for size in sizes)
    for family in results.plan.families if set(compared) <= set(results.plan.formulations) else ():
        for augment in (NONE, FULL):
            pairs = ((Cell(family, name, size, augment) for name in compared) for size in sizes)
            yield family, augment, *(results.difference(*pair) for pair in pairs)


def _augmented(results: Results) -> Iterator[tuple]:
    sizes = results.plan.per_class
    yield "family", "formulation", *(f"{size} a class" for size in sizes)
    for family in results.plan.families:
        for formulation in results.plan.formulations:
            pairs = ((Cell(family, formulation, size, augment) for augment in (FULL, NONE)) for size in sizes)
            yield family, formulation, *(results.difference(*pair) for pair in pairs)


def _all_families(results: Results) -> Iterator[Cell]:
    reference = results.plan.reference()
    for family in (*results.plan.families, *results.plan.others):
        for formulation in results.plan.formulations:
            cell = replace(reference, family=family, formulation=formulation)
            if replace(cell, seed=results.plan.seeds[0]) in results.records:
                yield cell


def _families(results: Results) -> Iterator[tuple]:
    classes = results.plan.base.samples.classes
    yield "family", "formulation", "accuracy", "macro F", *classes, "calibration error", "against cnn"
    for cell in _all_families(results) if results.plan.others else ():
        singles = [record.single for record in results.of(cell)]
        yield (
            cell.family,
            cell.formulation,
            results.accuracy(cell),
            spread([single.macro_f for single in singles]),
            *(f"{np.mean([single.f_measures[i] for single in singles]):.3f}" for i in range(len(classes))),
            spread([single.calibration_error for single in singles]),
            "" if cell.family == "cnn" else results.difference(cell, replace(cell, family="cnn")),
        )


def _costs(results: Results) -> Iterator[tuple]:
    yield (
        *("family", "formulation", "macro F", "all classes right", "calibration error"),
        *("parameters", "multiply-adds a window", "CPU seconds of training"),
    )
    for cell in _all_families(results) if results.plan.others else ():
        records = results.of(cell)
        mixtures = [record.mixtures for record in records if record.mixtures]
        figures = ("macro_f", "accuracy", "calibration_error") if mixtures else ()
        yield (
            cell.family,
            cell.formulation,
            *(cast(list[object], [spread([getattr(m, figure) for m in mixtures]) for figure in figures]) or [""] * 3),
            f"{records[0].parameters:,}",
            f"{records[0].multiply_adds:,}",
            f"{np.mean([record.train_seconds for record in records]):.1f}",
        )


def _varied(results: Results, field: str, values: tuple) -> Iterator[tuple]:
    classes, reference = results.plan.base.samples.classes, results.plan.reference()
    yield field, "accuracy", *(f"F {name}" for name in classes), "against the reference"
    for value in (getattr(reference, field), *values) if values else ():
        cell = replace(reference, **{field: value})
        f = np.mean([record.single.f_measures for record in results.of(cell)], axis=0)
        change = "" if cell == reference else results.difference(cell, reference)
        yield value, results.accuracy(cell), *(f"{figure:.3f}" for figure in f), change


def _lengths(results: Results) -> Iterator[tuple]:
    return _varied(results, "after_ms", results.plan.after_ms)


def _spectrograms(results: Results) -> Iterator[tuple]:
    return _varied(results, "spectrogram", results.plan.spectrograms)


def _left_out(results: Results) -> Iterator[tuple]:
    left_out = results.plan.left_out
    return _varied(results, "augment", (NONE, *left_out) if left_out else ())


def _patient(results: Results) -> Iterator[tuple]:
    plan = results.plan
    yield "family", "augmentation", "as long as all", "longer", "longer against as long as all", "longer against cnn"
    for family, augment in plan.patient:
        cell = plan.reference(family=family, augment=augment)
        longer = replace(cell, patience=plan.patience)
        compared = family != "cnn" and ("cnn", augment) in plan.patient
        change = results.difference(longer, replace(longer, family="cnn")) if compared else ""
        yield (
            family,
            augment,
            results.accuracy(cell),
            results.accuracy(longer),
            results.difference(longer, cell),
            change,
        )


def _confusions(results: Results) -> Iterator[tuple]:
    classes = results.plan.base.samples.classes
    yield "it is, and is taken for", *classes
    records = results.of(results.plan.reference())
    counts = cast(np.ndarray, sum(np.array(record.single.confusion) for record in records))
    for name, row in zip(classes, counts, strict=True):
        yield name, *row


def _on_recordings(results: Results) -> Iterator[tuple[str, Iterator[tuple]]]:
    yield "Real recordings: micro F within 50 ms", _tracks(results)
    for name in SETS:
        yield f"{name}: F of each class, at detected onsets", _track_classes(results, name)


def _track_classes(results: Results, name: str) -> Iterator[tuple]:
    yield "system", *FIVE_CLASSES
    for system in REFERENCES:
        record = results.reference(system, name, "" if system == PASSAGES else DETECTED)
        yield system, *(f"{f:.3f}" for f in record.f_measures)
    for cell in results.plan.on_tracks():
        if (cell.family, cell.spectrogram, cell.seed) == ("cnn", "mel", results.plan.seeds[0]) and cell.augment == FULL:
            f = np.mean([record.f_measures for record in results.on_tracks(cell, name, DETECTED)], axis=0)
            yield _told(cell, results.plan.usual), *(f"{figure:.3f}" for figure in f)


def _tracks(results: Results) -> Iterator[tuple]:
    yield "system", *(f"{name}, {at} onsets" for name in SETS for at in (DETECTED, LABELLED))
    for system in (ALL_RIGHT, ONE_RIGHT):
        found = (results.reference(system, name, at) for name in SETS for at in (DETECTED, LABELLED))
        yield system, *(f"{record.micro_f:.3f}" for record in found)
    found = (results.reference(PASSAGES, name, "") for name in SETS)
    yield PASSAGES, *(figure for record in found for figure in (f"{record.micro_f:.3f}", ""))
    for cell in dict.fromkeys(replace(cell, seed=1) for cell in results.plan.on_tracks()):
        columns = [results.on_tracks(cell, name, at) for name in SETS for at in (DETECTED, LABELLED)]
        yield _told(cell, results.plan.usual), *(spread([record.micro_f for record in records]) for records in columns)


def _told(cell: Cell, usual: int) -> str:
    augment = {NONE: "not augmented", FULL: "augmented"}.get(cell.augment, f"without {cell.augment}")
    longer = f", {cell.patience} times as long" if cell.patience > 1 else ""
    more = f", {cell.per_class} a class" if cell.per_class != usual else ""
    return f"{cell.family}, {cell.formulation}, {augment}, {cell.after_ms:g} ms, {cell.spectrogram}{longer}{more}"
