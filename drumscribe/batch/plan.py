"""Plan a batch: which recordings are transcribed, to which files, decided before any work starts."""

import glob
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import DrumscribeError
from ..files import near_miss, remove_leftovers
from ..sound.audio import FOREIGN_SUFFIXES, SUFFIXES
from ..sound.media import INSTALL, is_available
from .catalogue import Catalogue, Shard
from .jobs import Job
from .places import inside
from .remote import address_of, find_remote, is_remote, open_remote

_NAMES_TOLD = 10  # in a note


class PlanError(DrumscribeError):
    """The whole batch is impossible: no recordings, no writable output folder, or two outputs with one path."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The jobs of a batch.

    Attributes
    ----------
    jobs : Sequence[Job]
        In the order given, folders in order of name.
    notes : tuple[str, ...], optional
        Notes on the outputs, a line each: names that keep their extension, folders without recordings.
    problems : tuple[str, ...], optional
        One line for each part of the request that cannot be tried: missing files, folders that cannot be listed.
    """

    jobs: Sequence[Job]
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A recording and the path of its transcription, relative to the output folder and without a new extension."""

    source: Path
    place: Path


def plan(
    paths: Iterable[str | Path],
    out: str | Path,
    formats: Sequence[str] = ("mid",),
    listed: Iterable[str] = (),
    shard: Shard | None = None,
) -> Plan:
    """Find the recordings and give each its outputs.

    Outputs mirror the inputs, relative to each given folder (for a pattern: the folder before its first wildcard):
    ``songs/x/a.wav`` becomes ``out/x/a.mid``. If several outputs would have the same name, or names that differ only in
    case, all of them keep the recording's extension (``a.wav.mid``), and a note says so. Memory does not grow with the
    number of recordings.

    Parameters
    ----------
    paths : Iterable[str | Path]
        Files, folders (searched to any depth for `audio.SUFFIXES`, except hidden ones) and glob patterns (``**`` for
        any depth). A file named twice is taken once.
    out : str | Path
        The output folder; made if it is missing.
    formats : Sequence[str], default ("mid",)
        Endings of the outputs.
    listed : Iterable[str], optional
        Further files, which may not exist yet. Their outputs mirror the whole path: ``songs/x/a.wav`` becomes
        ``out/songs/x/a.mid``.
    shard : Shard, optional
        The share of the recordings to take.

    Returns
    -------
    Plan
        Recordings and outputs.

    Raises
    ------
    PlanError
        If there are no recordings, the output folder is not writable, or two outputs would still have one path.
    """
    out, paths = Path(out), list(paths)
    found, notes, problems = Catalogue(), [], []  # type: ignore[var-annotated]
    for recording in _find(paths, notes, problems):
        found.add(recording.source, _identity(recording.source), recording.place)
    for line in listed:
        source = Path(line)
        found.add(source, os.path.normcase(source), inside(source))
    if not len(found):
        skipped = "".join(f": {note}" for note in notes if INSTALL in note)
        where = ", ".join(map(str, paths)) or "the list"
        raise PlanError(problems[0] if len(problems) == 1 else f"no recordings found in {where}{skipped}")
    case_matters = prepare_folder(out)
    found.keep_clashing()
    if clash := found.clash(case_matters):
        one, other, place = clash
        raise PlanError(
            f"{one} and {other} would both be written to {place}: "
            "give the folder that holds them both, or transcribe them to two output folders"
        )
    notes += _clash_note([f"{place}.{formats[0]}" for place in found.kept()])
    if shard is not None:
        found.choose(shard)
    return Plan(found.jobs(out, formats), tuple(notes), tuple(problems))


def _clash_note(kept: Sequence[str]) -> list[str]:
    if not kept:
        return []
    more = f" and {len(kept) - _NAMES_TOLD} more" if len(kept) > _NAMES_TOLD else ""
    why = "outputs keep the extension of their recording, because they would have one name without it"
    return [f"{len(kept)} {why}: {', '.join(kept[:_NAMES_TOLD])}{more}"]


def plan_one(paths: Sequence[str | Path], out: Path) -> Plan:
    """Find the one recording whose transcription is to be the file `out`.

    Parameters
    ----------
    paths : sequence of str or Path
        As for `plan`.
    out : Path
        The output, with its ending.

    Returns
    -------
    Plan
        One job of one output.

    Raises
    ------
    PlanError
        If there is no recording, or more than one, or if the folder of `out` is not writable.
    """
    planned = plan(paths, out.parent)
    if len(planned.jobs) > 1:
        raise PlanError(f"the output is one file, and there are {len(planned.jobs)} recordings: give --out a folder")
    return replace(planned, jobs=(Job(planned.jobs[0].source, (out,)),))


def find_recordings(paths: Iterable[str | Path]) -> list[Path]:
    """Find the recordings that `plan` would take."""
    return list({_identity(found.source): found.source for found in _find(paths, [], [])}.values())


def _identity(source: Path) -> str:
    """Return a text that is equal for two names of a file: links to folders are followed, links to files are not."""
    if is_remote(source):
        return address_of(source)
    return os.path.normcase(os.path.join(os.path.realpath(source.parent), source.name))


def _find(paths: Iterable[str | Path], notes: list[str], problems: list[str]) -> Iterator[_Found]:
    """Yield recordings, some of them more than once; add notes and problems."""
    for given in paths:
        if is_remote(given):
            yield from _elsewhere(given, notes, problems)
            continue
        before, any_found = len(problems), False
        skipped: dict[str, int] = {}
        for found in _recordings(Path(given), problems):
            any_found = True
            suffix = found.source.suffix.lower()
            if suffix in FOREIGN_SUFFIXES and found.source != Path(given) and not is_available():
                skipped[suffix] = skipped.get(suffix, 0) + 1
            else:
                yield found
        notes += _skipped_note(skipped)
        if not any_found and len(problems) == before:
            notes.append(f"{given}: no recordings in this folder")


def _elsewhere(given: str | Path, notes: list[str], problems: list[str]) -> Iterator[_Found]:
    any_found = False
    try:
        for source, place in find_remote(given):
            if _is_recording(source.name) or (len(place.parts) == 1 and address_of(source) == address_of(given)):
                any_found = True
                yield _Found(source, inside(place))
        if not any_found:
            notes.append(f"{address_of(given)}: no recordings there")
    except DrumscribeError as error:
        problems.append(str(error))


def _skipped_note(skipped: dict[str, int]) -> list[str]:
    if not skipped:
        return []
    count = sum(skipped.values())
    files = f"{count} file{'s' if count > 1 else ''}"
    return [f"{files} skipped: {', '.join(sorted(skipped))}; to read them: {INSTALL}"]


def _recordings(given: Path, problems: list[str]) -> Iterator[_Found]:
    if given.is_dir():
        yield from _in_folder(given, given, problems)
    elif os.path.lexists(given):
        yield _Found(given, Path(given.name))
    elif glob.has_magic(str(given)):
        root = _before_wildcard(given)
        matches = sorted(Path(match) for match in glob.glob(str(given), recursive=True))
        audio = [m for m in matches if m.is_dir() or _is_recording(m.name)]
        if not audio:
            problems.append(f"{given}: matches no recording")
        nested = {m for m in audio if m.is_dir()}
        for match in audio:
            if match.is_dir():
                yield from _in_folder(match, root, problems)
            elif not nested.intersection(match.parents):
                yield _Found(match, inside(match.relative_to(root)))
    else:
        problems.append(f"{given}: no such file or folder{near_miss(given)}")


def _before_wildcard(pattern: Path) -> Path:
    fixed = []
    for part in pattern.parts[:-1]:
        if glob.has_magic(part):
            break
        fixed.append(part)
    return Path(*fixed)


def _in_folder(folder: Path, root: Path, problems: list[str]) -> Iterator[_Found]:
    """Yield the recordings below a folder, to any depth; links are followed, but never in circles."""

    def unreadable(error: OSError) -> None:
        problems.append(f"{error.filename}: this folder cannot be read: {error.strerror}")

    seen = {os.path.realpath(folder)}
    for at, folders, files in os.walk(folder, followlinks=True, onerror=unreadable):
        kept = []
        for name in sorted(folders):
            real = os.path.realpath(os.path.join(at, name))
            if not name.startswith(".") and real not in seen:
                seen.add(real)
                kept.append(name)
        folders[:] = kept
        for name in sorted(files):
            if _is_recording(name):
                source = Path(at, name)
                yield _Found(source, inside(source.relative_to(root)))


def _is_recording(name: str) -> bool:
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES | FOREIGN_SUFFIXES


def prepare_folder(out: Path) -> bool:
    """Make the output folder, check that it is writable, and return whether its file system distinguishes case.

    Unfinished files of killed runs in it are removed.
    """
    if is_remote(out):
        open_remote(out)
        return True
    try:
        out.mkdir(parents=True, exist_ok=True)
        remove_leftovers(out)
        with tempfile.NamedTemporaryFile(prefix=".drumscribe-", suffix=".try", dir=out) as file:
            return not Path(file.name).with_name(Path(file.name).name.upper()).exists()
    except FileExistsError:
        raise PlanError(f"{out}: the output folder cannot be made: a file has this name") from None
    except OSError as error:
        raise PlanError(f"{out}: the output folder cannot be written to: {error.strerror or error}") from error
