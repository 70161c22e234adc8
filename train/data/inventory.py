"""Inventory of training data, as tables to read and as an index."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.table import Table

from drumscribe.errors import AudioError, DrumscribeError
from drumscribe.music.drums import INSTRUMENTS
from drumscribe.sound.audio import SUFFIXES, probe

from .catalogue import PUBLIC_SOURCES
from .recordings import read_manifest
from .samples import Sample, SampleSet, group_by, read_samples
from .sources import PERCUSSION, check_roles, read_pieces

_NAMED = 20
"""So many files are named for each reason not to use them."""


def _table(title: str, first: str, columns: Iterable[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", min_width=len(title))
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def tabulate_samples(found: SampleSet) -> Iterator[Table]:
    """Tabulate samples per instrument and articulation, and per family, by split."""
    splits = sorted({sample.split for sample in found.samples})
    heads = [split or "samples" for split in splits]
    table = _table(f"One-shots in {found.folder}", "instrument", ("articulation", "families", *heads))
    for instrument, of_one in _in_order(found.by_instrument()):
        for articulation, alike in group_by(of_one, lambda sample: sample.articulation).items():
            counts = Counter(sample.split for sample in alike)
            origins = len({sample.family for sample in alike})
            table.add_row(instrument, articulation, str(origins), *(str(counts[split]) for split in splits))
            instrument = ""
    yield table
    instruments = [name for name, _ in _in_order(found.by_instrument())]
    families = group_by(found.samples, lambda sample: sample.family)
    if len(families) == len(found.samples):
        return  # nothing is known of families
    table = _table("Families", "family", ("split", *instruments))
    for family, alike in families.items():
        counts = Counter(sample.instrument for sample in alike)
        of_splits = ", ".join(sorted({sample.split for sample in alike}))
        table.add_row(family, of_splits, *(str(counts[name] or "") for name in instruments))
    yield table


def _in_order(groups: dict[str, tuple[Sample, ...]]) -> list[tuple[str, tuple[Sample, ...]]]:
    return [(name, groups[name]) for name in (*INSTRUMENTS, PERCUSSION) if name in groups]


def tabulate_left_out(found: SampleSet) -> Table:
    """Tabulate the files that are not used, and the reasons."""
    reasons: dict[str, list[str]] = {}
    for listed in found.left_out:
        reasons.setdefault(listed.reason, []).append(listed.path.relative_to(found.folder).as_posix())
    table = Table(title=f"Left out of {found.folder}", title_justify="left", title_style="bold", show_lines=True)
    table.add_column("why")
    table.add_column("which", overflow="fold")
    for reason, names in reasons.items():
        more = f"\nand {len(names) - _NAMED} more; --index writes all" if len(names) > _NAMED else ""
        table.add_row(reason, ", ".join(names[:_NAMED]) + more)
    return table


def tabulate_grooves(folder: Path) -> Table:
    """Tabulate performances per style and split.

    Raises
    ------
    DrumscribeError
        If ``info.csv`` or a performance that it names is missing.
    """
    info = folder / "info.csv"
    if not info.exists():
        raise DrumscribeError(f"{info}: no such file: grooves need the info.csv of the Groove MIDI Dataset")
    with open(info, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    missing = [row["midi_filename"] for row in rows if not (folder / row["midi_filename"]).exists()]
    if missing:
        raise DrumscribeError(f"{folder / missing[0]}: no such file ({len(missing)} of {len(rows)} are absent)")
    splits = sorted({row["split"] for row in rows})
    table = _table(f"Grooves in {folder}", "style", splits)
    counts = Counter((row["style"].split("/")[0], row["split"]) for row in rows)
    for style in sorted({style for style, _ in counts}):
        table.add_row(style, *(str(counts[style, split] or "") for split in splits))
    return table


def tabulate_backing(folder: Path) -> Table:
    """Tabulate recordings per source, and their total length.

    Raises
    ------
    DrumscribeError
        If there are none, or one cannot be read.
    """
    table = _table(f"Accompaniment in {folder}", "source", ("files", "minutes"))
    for source in sorted(path for path in folder.glob("*") if path.is_dir()):
        paths = [path for path in sorted(source.rglob("*")) if path.suffix.lower() in SUFFIXES]
        seconds = sum(probe(path).duration for path in paths)
        if paths:
            table.add_row(source.name, str(len(paths)), f"{seconds / 60:.1f}")
    if not table.row_count:
        raise AudioError(f"{folder}: no recordings to accompany drums with")
    return table


def tabulate_sources() -> Table:
    """Tabulate the public sources of drumscribe's own training data."""
    table = Table(title="Where to get sound and grooves", title_justify="left", title_style="bold")
    for column in ("for", "what", "licence", "where"):
        table.add_column(column)
    for source in sorted(PUBLIC_SOURCES, key=lambda source: source.kind):
        table.add_row(source.kind, source.name, source.licence, source.where)
    return table


def inspect(samples: Path | None, data: Path | None, index: Path | None = None) -> None:
    """Print the contents of a folder of one-shots; or of all training data, and its public sources.

    Parameters
    ----------
    samples : Path | None
        A folder of one-shots.
    data : Path | None
        A folder with ``oneshots``, ``grooves`` and ``backing``.
    index : Path, optional
        A CSV file to write, see `write_index`.

    Raises
    ------
    DrumscribeError
        If nothing can be trained on this data.
    """
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 140  # a file has no edge to wrap at
    failures = []
    checks = []
    if samples is not None or data is not None:
        checks.append(lambda: _inspect_samples(samples or cast(Path, data) / "oneshots", index, console))
    if data is not None:
        checks.append(lambda: console.print(tabulate_grooves(data / "grooves")))
        checks.append(lambda: console.print(tabulate_backing(data / "backing")))
        checks += [partial(_check_kits, data / "oneshots", split) for split in ("train", "validation")]
    for check in checks:
        try:
            check()
        except DrumscribeError as error:
            failures.append(str(error))
    if samples is None:
        console.print(tabulate_sources())
    if failures:
        raise DrumscribeError("; ".join(dict.fromkeys(failures)))


def _inspect_samples(folder: Path, index: Path | None, console: Console) -> None:
    found = read_samples(folder)
    for table in tabulate_samples(found):
        console.print(table)
    if found.left_out:
        console.print(tabulate_left_out(found))
    if recordings := read_manifest(folder):
        strokes = sum(len(recording.events) for recording in recordings)
        console.print(f"{len(recordings)} recordings with annotations: {strokes} strokes")
    if index is not None:
        write_index(found, index)
    found.check()


def _check_kits(folder: Path, split: str) -> None:
    if not (folder / "manifest.csv").exists():
        raise DrumscribeError(f"{folder / 'manifest.csv'}: no such file; performances are played on kits that it tells")
    check_roles(read_pieces(folder, split))


def write_index(found: SampleSet, path: Path) -> None:
    """Write every file with its label.

    Saved as the folder's ``manifest.csv``, with empty labels filled in, it supplies the labels that names could not.

    Parameters
    ----------
    found : SampleSet
        The contents of a folder.
    path : Path
        The CSV file.

    Raises
    ------
    DrumscribeError
        If the file cannot be written.
    """
    used = [(s.path, s.instrument, s.articulation, s.family, s.split, s.sha256, "") for s in found.samples]
    left_out = [(listed.path, "", "", "", "", "", listed.reason) for listed in found.left_out if listed.path.is_file()]
    try:
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("file", "instrument", "articulation", "family", "split", "sha256", "left_out"))
            for file_path, *rest in sorted(used + left_out):
                writer.writerow((file_path.relative_to(found.folder).as_posix(), *rest))
    except OSError as error:
        raise DrumscribeError(f"{path}: cannot be written: {error.strerror or error}") from error
