"""Labelled one-shots: folders read and checked.

`labels` describes how a folder is labelled.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from drumscribe.errors import DrumscribeError
from drumscribe.music.drums import ARTICULATION_BY_NAME, INSTRUMENTS
from drumscribe.synthesis.one_shots import OneShot

from ..files import UnwritableError
from ..progress import tracked
from .labels import Entry, find_empty_classes, read_entries
from .names import instrument_of
from .shots import read_shot


@dataclass(frozen=True)
class Sample:
    """A labelled one-shot.

    Attributes
    ----------
    path : Path
        The file.
    articulation : str
        One of the vocabulary's, or ``tom`` (of unknown pitch), ``clap`` or ``percussion``.
    instrument : str
        Its class: an instrument of the vocabulary, ``percussion``, or another name that was asked for.
    family : str
        Shared by samples of the same origin.
    split : str
        ``train``, ``validation`` or another name in the manifest; else "".
    sha256 : str
        Digest of the decoded sound: equal for the same sound in another file.
    sound : OneShot
        Mono at 44,100 Hz.
    """

    path: Path
    articulation: str
    instrument: str
    family: str
    split: str
    sha256: str
    sound: OneShot = field(repr=False, compare=False)


@dataclass(frozen=True)
class Listed:
    """A file or folder that is not used.

    Attributes
    ----------
    path : Path
        The file or folder.
    reason : str
        Why it is not used.
    """

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True)
class SampleSet:
    """The contents of a folder.

    Attributes
    ----------
    folder : Path
        The folder.
    samples : tuple[Sample, ...]
        Usable samples, in the order of their paths.
    ambiguous : tuple[Listed, ...], optional
        Files whose names contradict themselves, or have several meanings.
    unknown : tuple[Listed, ...], optional
        Files whose names mean nothing.
    problems : tuple[Listed, ...], optional
        Files that cannot be used for another reason: damaged, silent, not a one-shot, a duplicate.
    empty : tuple[Listed, ...], optional
        Folders named after a drum, without sound.
    """

    folder: Path
    samples: tuple[Sample, ...]
    ambiguous: tuple[Listed, ...] = ()
    unknown: tuple[Listed, ...] = ()
    problems: tuple[Listed, ...] = ()
    empty: tuple[Listed, ...] = ()

    @property
    def left_out(self) -> tuple[Listed, ...]:
        """All files and folders that are not used."""
        return (*self.ambiguous, *self.unknown, *self.problems, *self.empty)

    def by_instrument(self) -> dict[str, tuple[Sample, ...]]:
        """Return the samples of each instrument that has any."""
        return group_by(self.samples, lambda sample: sample.instrument)

    def check(self) -> None:
        """Check that a model can learn to distinguish something.

        Raises
        ------
        DrumscribeError
            If a class is empty, or there is only one.
        """
        if self.empty:
            raise DrumscribeError(str(self.empty[0]))
        have = self.by_instrument()
        if len(have) < 2:
            which = f"one class alone ({', '.join(have)})" if have else "no sample that can be used"
            raise DrumscribeError(f"{self.folder}: {which}, which leaves nothing to tell apart{self._hint()}")

    def require(self, instruments: Sequence[str]) -> "SampleSet":
        """Return the samples of these instruments only.

        Raises
        ------
        DrumscribeError
            If one of them has no sample, or there is only one instrument.
        """
        have = self.by_instrument()
        lacking = [name for name in instruments if name not in have]
        if lacking:
            raise DrumscribeError(f"{self.folder}: no samples of {', '.join(lacking)}{self._hint()}")
        kept = replace(self, samples=tuple(s for s in self.samples if s.instrument in instruments), empty=())
        kept.check()
        return kept

    def _hint(self) -> str:
        count = len(self.left_out)
        return f"; {count} left out, which drumscribe-train data --samples lists" if count else ""


def group_by(samples: Sequence[Sample], key: Callable[[Sample], str]) -> dict[str, tuple[Sample, ...]]:
    """Group samples by a key.

    Parameters
    ----------
    samples : Sequence[Sample]
        The samples.
    key : Callable[[Sample], str]
        Returns the key of a sample.

    Returns
    -------
    dict[str, tuple[Sample, ...]]
        The samples of each key, in the order of the keys.
    """
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(key(sample), []).append(sample)
    return {name: tuple(groups[name]) for name in sorted(groups)}


def read_samples(
    folder: Path,
    split: str | None = None,
    labels: Sequence[str] | None = None,
    report: Callable[[str], None] | None = None,
    cache: Path | None = None,
) -> SampleSet:
    """Read the one-shots below a folder.

    Parameters
    ----------
    folder : Path
        The folder.
    split : str, optional
        A split of the manifest; all if None.
    labels : Sequence[str], optional
        The only classes wanted (see `class_of`), each of which must be there (see `SampleSet.require`); all if None.
    report : Callable[[str], None], optional
        Receives a line for each file that is left out.
    cache : Path, optional
        A folder for what has been decoded, see `read_shot`.

    Returns
    -------
    SampleSet
        The contents of the folder.

    Raises
    ------
    DrumscribeError
        If the folder is missing or holds no sound, its manifest is wrong, or instruments are missing.
    """
    folder = Path(folder)
    own = [name for name in labels or () if name not in INSTRUMENTS and name not in ARTICULATION_BY_NAME]
    entries = [entry for entry in read_entries(folder, own) if split is None or entry.split == split]
    labelled = [(entry, class_of(entry, labels)) for entry in entries]
    unread = [entry for entry, label in labelled if entry.reading.role is None and label is None]
    samples, problems = _read_all([(entry, label) for entry, label in labelled if label is not None], cache)
    found = SampleSet(
        folder,
        samples,
        tuple(Listed(entry.path, entry.reading.reason) for entry in unread if entry.reading.reason),
        tuple(Listed(entry.path, "nothing in its name is known") for entry in unread if not entry.reading.reason),
        problems,
        tuple(Listed(path, "an empty class: no sound in it") for path in find_empty_classes(folder)),
    )
    if report is not None:
        for listed in found.left_out:
            report(f"left out: {listed}")
    if not samples and not found.left_out:
        of_split = f" of the split {split}" if split else ""
        raise DrumscribeError(f"{folder}: no sound{of_split} in it that could be a sample")
    return found if labels is None else found.require(labels)


def class_of(entry: Entry, labels: Sequence[str] | None) -> str | None:
    """Return the class of a file.

    A label that is in the vocabulary takes what is read as it, an articulation before its instrument; any other takes
    the files that are called so, or lie in a folder that is.

    Parameters
    ----------
    entry : Entry
        The file.
    labels : Sequence[str] | None
        The classes; None for all instruments.

    Returns
    -------
    str | None
        None if it is of no class.
    """
    role = entry.reading.role
    if labels is None:
        return instrument_of(role) if role else None
    called = [name for name in entry.names if name in labels and name not in INSTRUMENTS]
    if called and called[-1] not in ARTICULATION_BY_NAME:
        return called[-1]
    if role is None:
        return None
    return next((name for name in (role, instrument_of(role)) if name in labels), None)


def _read_all(
    labelled: Sequence[tuple[Entry, str]], cache: Path | None
) -> tuple[tuple[Sample, ...], tuple[Listed, ...]]:
    """Return the samples, each sound once, and the faults of the other files."""
    samples: dict[str, Sample] = {}
    problems, contradicted = [], set()
    for entry, label in tracked(labelled, len(labelled), "reading samples"):
        try:
            sample = _read(entry, label, cache)
        except UnwritableError:  # of the cache: no fault of the sample
            raise
        except DrumscribeError as error:
            problems.append(Listed(entry.path, str(error).removeprefix(f"{entry.path}: ")))
            continue
        first = samples.setdefault(sample.sha256, sample)
        if first is sample:
            continue
        reason = f"the same sound as {first.path}"
        if first.instrument != sample.instrument:
            reason += f", but called {sample.instrument} here and {first.instrument} there: neither is used"
            contradicted.add(sample.sha256)
        elif first.split != sample.split:
            reason += f", which is of the split {first.split}, not {sample.split}"
        problems.append(Listed(entry.path, reason))
    return tuple(sample for digest, sample in samples.items() if digest not in contradicted), tuple(problems)


def _read(entry: Entry, label: str, cache: Path | None) -> Sample:
    shot, digest = read_shot(entry.path, entry.onset_seconds, cache)
    return Sample(entry.path, entry.reading.role or label, label, entry.family, entry.split, digest, shot)
