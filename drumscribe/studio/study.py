"""The study of what helps to tell drums apart, for the page: networks, tables, pictures."""

import csv
import re
from importlib import resources
from pathlib import Path
from typing import Any

VARIED = ("family", "formulation", "per_class", "augment", "after_ms", "spectrogram", "patience")
"""The properties in which the networks differ."""
MEASURED = ("accuracy", "macro_f", "calibration_error", "f_kick", "f_snare", "f_hihat", "f_tom", "f_cymbal")
"""The measurements of each network on held-out one-shots."""
_COST = ("parameters", "multiply_adds")
_SECTION = re.compile(r"^## ", re.MULTILINE)


def study_folder() -> Path | None:
    """Find the folder of the study.

    Returns
    -------
    Path or None
        The folder, which comes with the training package; None if its results are missing.
    """
    try:
        folder = Path(str(resources.files("drumscribe.training.study")))
    except ModuleNotFoundError:  # a checkout without installation
        folder = Path(__file__).parents[2] / "train" / "study"
    return folder if (folder / "results.csv").is_file() else None


def read_study(folder: Path) -> dict[str, Any]:
    """Read the study.

    Parameters
    ----------
    folder : Path
        A folder with ``results.csv``, ``tables.md``, ``README.md`` and pictures.

    Returns
    -------
    dict
        ``short``, the findings in a paragraph; ``cells``, one per network, with its properties, measurements averaged
        over its seeds, costs and confusions; ``tables``; ``pictures``, names.
    """
    text = (folder / "README.md").read_text(encoding="utf-8")
    short = re.search(r"\*\*In short\.\*\*(.*?)\n\n", text, re.DOTALL)
    return {
        "short": " ".join(short[1].replace("*", "").split()) if short else "",
        "varied": VARIED,
        "measured": MEASURED,
        "cells": _read_cells(folder / "results.csv"),
        "tables": read_tables((folder / "tables.md").read_text(encoding="utf-8")),
        "pictures": sorted(path.name for path in folder.glob("*.png")),
    }


def _read_cells(file: Path) -> list[dict[str, Any]]:
    """Combine networks that differ only in the seed."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    cells: dict[tuple, list[dict]] = {}
    for row in rows:
        cells.setdefault(tuple(row[name] for name in VARIED), []).append(row)
    return [_cell(key, own) for key, own in cells.items()]


def _cell(key: tuple, rows: list[dict]) -> dict[str, Any]:
    means = {name: sum(float(row[name]) for row in rows) / len(rows) for name in (*MEASURED, *_COST)}
    matrices = [[[int(n) for n in line.split()] for line in row["confusion"].split("/")] for row in rows]
    added = [[sum(cells) for cells in zip(*lines, strict=True)] for lines in zip(*matrices, strict=True)]
    spread = [float(row["accuracy"]) for row in rows]
    return {**dict(zip(VARIED, key, strict=True)), **means, "accuracies": spread, "confusion": added}


def read_tables(text: str) -> list[dict[str, Any]]:
    """Read the tables of a Markdown page, each below a heading.

    Parameters
    ----------
    text : str
        The page.

    Returns
    -------
    list of dict
        ``title``, ``head`` and ``rows``, lists of words.
    """
    found = []
    for section in _SECTION.split(text)[1:]:
        title, _, body = section.partition("\n")
        lines = [line.strip().strip("|") for line in body.splitlines() if line.startswith("|")]
        rows = [[cell.strip() for cell in line.split("|")] for line in lines]
        if len(rows) > 2:
            found.append({"title": title.strip(), "head": rows[0], "rows": rows[2:]})
    return found
