"""Folders of one-shots to labelled samples: read, checked, and split by families.

`labels` says how a folder is labelled.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from drumscribe.errors import DrumscribeError
from drumscribe.synthesis import OneShot

from .labels import Entry, find_empty_classes, read_entries
from .names import instrument_of
from .shots import read_shot


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
    sound: OneShot = field(repr=False, compare=False)


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
    problems : files that cannot be used for another reason: damaged, silent, no one-shot, there twice.
    empty : folders named after a drum, with no sound in them.
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
        """The samples of each instrument that has any."""
        return group_by(self.samples, lambda sample: sample.instrument)

    def check(self) -> None:
        """See that a model can learn to tell something apart.

        Raises
        ------
        DrumscribeError : where a class is empty, or there is only one.
        """
        if self.empty:
            raise DrumscribeError(str(self.empty[0]))
        have = self.by_instrument()
        if len(have) < 2:
            which = f"one class alone ({', '.join(have)})" if have else "no sample that can be used"
            raise DrumscribeError(f"{self.folder}: {which}, which leaves nothing to tell apart{self._hint()}")

    def require(self, instruments: Sequence[str]) -> "SampleSet":
        """The samples of these instruments alone.

        Raises
        ------
        DrumscribeError : where one of them has no sample, or there is only one instrument.
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
    """Samples by what `key` says of them, in the order of that."""
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(key(sample), []).append(sample)
    return {name: tuple(groups[name]) for name in sorted(groups)}


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
    entries = [entry for entry in read_entries(folder) if split is None or entry.split == split]
    unread = [entry for entry in entries if entry.reading.role is None]
    wanted = [
        entry
        for entry in entries
        if entry.reading.role and (labels is None or instrument_of(entry.reading.role) in labels)
    ]
    samples, problems = _read_all(wanted)
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


def _read_all(entries: Sequence[Entry]) -> tuple[tuple[Sample, ...], tuple[Listed, ...]]:
    """The samples, each sound once, and what is wrong with the other files."""
    samples: dict[str, Sample] = {}
    problems, contradicted = [], set()
    for entry in entries:
        try:
            sample = _read(entry)
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


def _read(entry: Entry) -> Sample:
    role = entry.reading.role
    shot, digest = read_shot(entry.path, entry.onset_seconds)
    return Sample(entry.path, role, instrument_of(role), entry.family, entry.split, digest, shot)


_ENOUGH = 0.8
"""What is held out may differ from what was asked for by this factor, where families are small enough."""


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

    def fits(name: str, family: str, enough: float, most: float) -> bool:
        wider = held | {family}
        gains = share(name, held) < min(enough, share(name, wider))
        return gains and all(share(other, wider) <= most for other in by_instrument)

    # Instruments of few families first; a family too large for the fraction only where there is none held out yet
    for name in sorted(by_instrument, key=lambda name: len({sample.family for sample in by_instrument[name]})):
        for enough, most in ((_ENOUGH * fraction, fraction / _ENOUGH), (1e-9, max(0.5, fraction))):
            for family in order:
                if fits(name, family, enough, most):
                    held.add(family)
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
