"""Folders of one-shots to labelled samples: by the names of folders and files, or by a manifest.

A manifest is ``manifest.csv`` in the folder, with columns ``file`` and ``instrument`` (or ``label``), and, where it has
them, ``articulation``, ``family``, ``split`` and ``onset_s``. Without one, folders tell the family: those above the one
that names the drum, and the first below it (``808/kick/x.wav`` and ``kick/808/x.wav`` are of the family ``808``); where
no folder tells, every file is a family of its own. A family is never split between training and validation.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from drumscribe.audio import FOREIGN_SUFFIXES, SUFFIXES
from drumscribe.errors import DrumscribeError
from drumscribe.synthesis import OneShot

from .names import Reading, instrument_of, read_name
from .shots import read_shot
from .sources import role_of


@dataclass(frozen=True)
class Sample:
    """A labelled one-shot.

    Attributes
    ----------
    path : the file.
    articulation : one of the vocabulary's, or ``tom`` (of unknown pitch), ``clap`` or ``percussion``.
    instrument : one of the vocabulary's, or ``percussion``.
    family : what it shares with samples of the same origin.
    split : ``train``, ``validation`` or whatever its manifest says; else "".
    sha256 : of the decoded sound: equal for the same sound in another file.
    sound : mono at 44,100 Hz.
    """

    path: Path
    articulation: str
    instrument: str
    family: str
    split: str
    sha256: str
    sound: OneShot = field(repr=False)


@dataclass(frozen=True)
class Listed:
    """A file or folder that is not used, and why."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True)
class SampleSet:
    """What a folder holds.

    Attributes
    ----------
    folder : where it is.
    samples : those that can be used, in the order of their paths.
    ambiguous : files whose names contradict themselves or may mean several drums.
    unknown : files whose names say nothing.
    problems : files that cannot be used for another reason, classes without a file, sounds that are there twice.
    """

    folder: Path
    samples: tuple[Sample, ...]
    ambiguous: tuple[Listed, ...] = ()
    unknown: tuple[Listed, ...] = ()
    problems: tuple[Listed, ...] = ()

    def by_instrument(self) -> dict[str, tuple[Sample, ...]]:
        """The samples of each instrument that has any."""
        return group_by(self.samples, lambda sample: sample.instrument)

    def require(self, instruments: Sequence[str]) -> "SampleSet":
        """The samples of these instruments alone.

        Raises
        ------
        DrumscribeError : where one of them has no sample, or there is only one instrument.
        """
        have = self.by_instrument()
        empty = [name for name in instruments if name not in have]
        if empty:
            left_out = len(self.ambiguous) + len(self.unknown) + len(self.problems)
            hint = f"; {left_out} files were left out, see drumscribe-train data --samples" if left_out else ""
            raise DrumscribeError(f"{self.folder}: no samples of {', '.join(empty)}{hint}")
        if len(instruments) < 2:
            raise DrumscribeError(f"{self.folder}: one class alone ({instruments[0]}) leaves nothing to tell apart")
        kept = tuple(sample for sample in self.samples if sample.instrument in instruments)
        return SampleSet(self.folder, kept, self.ambiguous, self.unknown, self.problems)


def group_by(samples: Sequence[Sample], key: Callable[[Sample], str]) -> dict[str, tuple[Sample, ...]]:
    """Samples by what `key` says of them, in the order of that."""
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(key(sample), []).append(sample)
    return {name: tuple(groups[name]) for name in sorted(groups)}


@dataclass(frozen=True)
class _Entry:
    path: Path
    reading: Reading
    family: str
    split: str = ""
    onset_seconds: float | None = None


def read_samples(
    folder: Path,
    split: str | None = None,
    labels: Sequence[str] | None = None,
    report: Callable[[str], None] | None = None,
) -> SampleSet:
    """Read the one-shots below a folder.

    Parameters
    ----------
    split : of the manifest; all if None.
    labels : the only instruments wanted, each of which there must be (see `SampleSet.require`); all if None.
    report : told, in a line each, of what was left out.

    Raises
    ------
    DrumscribeError : for a folder that is not there or holds no sound, a wrong manifest, or missing instruments.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DrumscribeError(f"{folder}: no such folder of samples")
    manifest = folder / "manifest.csv"
    entries = list(_read_manifest(manifest) if manifest.exists() else _read_names(folder))
    ambiguous, unknown, problems, samples = [], [], [], {}
    problems += [] if manifest.exists() else _empty_classes(folder)
    for entry in entries:
        if split is not None and entry.split != split:
            continue
        if entry.reading.role is None:
            listed = ambiguous if entry.reading.reason else unknown
            listed.append(Listed(entry.path, entry.reading.reason or "its name says nothing of a drum"))
            continue
        if labels is not None and instrument_of(entry.reading.role) not in labels:
            continue
        try:
            sample = _read(entry)
        except DrumscribeError as error:
            problems.append(Listed(entry.path, str(error).removeprefix(f"{entry.path}: ")))
            continue
        first = samples.setdefault(sample.sha256, sample)
        if first is not sample:
            problems.append(Listed(entry.path, _same(first, sample)))
    found = SampleSet(folder, tuple(samples.values()), tuple(ambiguous), tuple(unknown), tuple(problems))
    if report is not None:
        for name in ("ambiguous", "unknown", "problems"):
            for listed in getattr(found, name):
                report(f"left out ({name.removesuffix('s')}): {listed}")
    if not found.samples:
        of_split = f" of the split {split}" if split else ""
        raise DrumscribeError(f"{folder}: no sample{of_split} that can be used among {len(entries)} sound files")
    return found if labels is None else found.require(labels)


def _read(entry: _Entry) -> Sample:
    role = entry.reading.role
    shot, digest = read_shot(entry.path, entry.onset_seconds)
    return Sample(entry.path, role, instrument_of(role), entry.family, entry.split, digest, shot)


def _same(first: Sample, second: Sample) -> str:
    said = f"the same sound as {first.path}"
    if first.instrument != second.instrument:
        return f"{said}, but called {second.instrument} here and {first.instrument} there"
    return f"{said}, which is of the split {first.split}" if first.split != second.split else said


def _read_names(folder: Path) -> Iterator[_Entry]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in SUFFIXES | FOREIGN_SUFFIXES or path.name.startswith(".") or path.is_dir():
            continue
        inside = path.relative_to(folder)
        parts = inside.parts[:-1]
        named = next((i for i, part in enumerate(parts) if read_name(part).role), len(parts))
        family = "/".join((*parts[:named], *parts[named + 1 : named + 2])) or inside.as_posix()
        yield _Entry(path, read_name(inside.with_suffix("").as_posix()), family)


def _empty_classes(folder: Path) -> list[Listed]:
    empty = []
    for path in sorted(path for path in folder.rglob("*") if path.is_dir() and read_name(path.name).role):
        if not any(file.suffix.lower() in SUFFIXES for file in path.rglob("*")):
            empty.append(Listed(path, "an empty class: no sound in it"))
    return empty


def _read_manifest(path: Path) -> Iterator[_Entry]:
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        columns = reader.fieldnames or []
        label = next((name for name in ("instrument", "label") if name in columns), None)
        if label is None or "file" not in columns:
            raise DrumscribeError(f"{path}: a manifest needs the columns file and instrument (or label)")
        for row in reader:
            onset = row.get("onset_s") or None
            try:
                seconds = None if onset is None else float(onset)
            except ValueError:
                raise DrumscribeError(f"{path}: line {reader.line_num}: onset_s is {onset!r}") from None
            family = row.get("family") or row.get("kit") or row["file"]
            reading = _read_labels(row[label] or "", row.get("articulation") or "")
            yield _Entry(path.parent / row["file"], reading, family, row.get("split") or "", seconds)


def _read_labels(instrument: str, articulation: str) -> Reading:
    try:
        role = role_of(instrument, articulation)
    except KeyError:
        return read_name(f"{instrument} {articulation}")
    return Reading(role, "" if role else f"{articulation.replace('_', ' ')} of a {instrument}: no label would be right")


def check_apart(training: Sequence[Sample], validation: Sequence[Sample]) -> None:
    """See that nothing is both trained on and measured on.

    Raises
    ------
    DrumscribeError : naming a sound or a family that is in both.
    """
    seen = {sample.sha256: sample for sample in training}
    same = [(seen[sample.sha256], sample) for sample in validation if sample.sha256 in seen]
    if same:
        more = f" and {len(same) - 1} more" if len(same) > 1 else ""
        raise DrumscribeError(f"{same[0][1].path}: the same sound is in training, as {same[0][0].path}{more}")
    families = {sample.family for sample in training} & {sample.family for sample in validation}
    if families:
        raise DrumscribeError(f"the family {min(families)} is in training and in validation")


def hold_out(samples: Sequence[Sample], fraction: float, seed: int) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """Split into samples to train on and about this fraction of each instrument to measure on, by whole families.

    Raises
    ------
    DrumscribeError : where an instrument's samples are all of one family.
    """
    families = group_by(samples, lambda sample: sample.family)
    by_instrument = group_by(samples, lambda sample: sample.instrument)
    names = list(families)
    order = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
    held: set[str] = set()

    def share(name: str, families_held: set[str]) -> float:
        of_one = by_instrument[name]
        return sum(sample.family in families_held for sample in of_one) / len(of_one)

    most = max(0.5, fraction)
    for name in sorted(by_instrument, key=lambda name: len({sample.family for sample in by_instrument[name]})):
        for family in order:
            if share(name, held) >= fraction:
                break
            wider = held | {family}
            if share(name, wider) > share(name, held) and all(share(other, wider) <= most for other in by_instrument):
                held = wider
        if not share(name, held):
            raise DrumscribeError(f"{name}: no family of its samples can be held out; give samples of more kits")
    training = tuple(sample for sample in samples if sample.family not in held)
    return training, tuple(sample for sample in samples if sample.family in held)


def choose(samples: Sequence[Sample], per_class: int, seed: int) -> tuple[Sample, ...]:
    """At most so many samples of each instrument, drawn by family first; a smaller choice is part of a larger one."""
    chosen = []
    for i, of_one in enumerate(group_by(samples, lambda sample: sample.instrument).values()):
        rng = np.random.default_rng([seed, i])
        families = list(group_by(of_one, lambda sample: sample.family).values())
        ranks = []  # each family's first file comes before any family's second
        for family in families:
            ranks += list(zip(rng.permutation(len(family)), rng.random(len(family)), family, strict=True))
        ranks.sort(key=lambda entry: entry[:2])
        chosen += [sample for _, _, sample in ranks[:per_class]]
    return tuple(chosen)
