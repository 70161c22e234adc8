"""Which recordings are transcribed, and to which files: settled, and refused if need be, before any work starts."""

import glob
import os
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..audio import FOREIGN_SUFFIXES, SUFFIXES
from ..errors import DrumscribeError

_NAMES_TOLD = 10  # in a note


class PlanError(DrumscribeError):
    """What was asked for cannot be done as a whole: nothing found, nowhere to write, two outputs in one place."""


@dataclass(frozen=True, slots=True)
class Job:
    """One recording and the files that its transcription is written to, one per format."""

    source: Path
    outputs: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch will do.

    Attributes
    ----------
    jobs : the recordings, in the order given, folders in order of name.
    notes : what the user should know of the outputs: names that keep their extension, folders without recordings.
    problems : one line each for what was asked for and cannot even be tried: missing files, folders that cannot be
        listed.
    """

    jobs: tuple[Job, ...]
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A recording and the place of its transcription, relative to the output folder and without a new extension."""

    source: Path
    place: Path


def plan(paths: Sequence[str | Path], out: str | Path, formats: Sequence[str] = ("mid",)) -> Plan:
    """Find the recordings and give each its outputs.

    Outputs mirror the inputs, relative to each folder given (for a pattern: the folder before its first wildcard):
    ``songs/x/a.wav`` becomes ``out/x/a.mid``. Where two outputs would be one, in name or but for upper and lower
    case, all of them keep the recording's extension (``a.wav.mid``), and a note says so.

    Parameters
    ----------
    paths : files, folders (searched to any depth for `audio.SUFFIXES`, hidden ones left out) and glob patterns
        (``**`` for any depth). A file named twice is taken once.
    out : the output folder; made if it is missing.
    formats : extensions of the outputs, keys of `export.FORMATS`.

    Raises
    ------
    PlanError : if there is no recording, the output folder cannot be written to, or two outputs would still be one.
    """
    out = Path(out)
    found, notes, problems = _find(paths)
    if not found:
        raise PlanError(problems[0] if len(problems) == 1 else f"no recordings found in {', '.join(map(str, paths))}")
    case_matters = prepare_folder(out)
    kept = _clashing(found)
    places = [_place(f, f in kept) for f in found]
    _refuse_clashes(found, places, case_matters)
    if kept:
        names = [str(_output(Path(), place, formats[0])) for f, place in zip(found, places, strict=True) if f in kept]
        more = f" and {len(names) - _NAMES_TOLD} more" if len(names) > _NAMES_TOLD else ""
        notes.append(
            f"{len(names)} outputs keep the extension of their recording, because they would have one name without it: "
            + ", ".join(names[:_NAMES_TOLD])
            + more
        )
    jobs = (
        Job(f.source, tuple(_output(out, place, format) for format in formats))
        for f, place in zip(found, places, strict=True)
    )
    return Plan(tuple(jobs), tuple(notes), tuple(problems))


def find_recordings(paths: Iterable[str | Path]) -> list[Path]:
    """The recordings that `plan` would find."""
    return [found.source for found in _find(paths)[0]]


def _find(paths: Iterable[str | Path]) -> tuple[list[_Found], list[str], list[str]]:
    """All recordings without repetition, notes, and problems."""
    notes: list[str] = []
    problems: list[str] = []
    unique: dict[str, _Found] = {}
    for given in paths:
        before = len(problems)
        recordings = list(_recordings(Path(given), problems))
        if not recordings and len(problems) == before:
            notes.append(f"{given}: no recordings in this folder")
        for found in recordings:
            # Links to folders are followed to tell a repetition; two names in one folder are two recordings.
            identity = os.path.join(os.path.realpath(found.source.parent), found.source.name)
            unique.setdefault(os.path.normcase(identity), found)
    return list(unique.values()), notes, problems


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
                yield _Found(match, match.relative_to(root))
    else:
        problems.append(f"{given}: no such file or folder")


def _before_wildcard(pattern: Path) -> Path:
    fixed = []
    for part in pattern.parts[:-1]:
        if glob.has_magic(part):
            break
        fixed.append(part)
    return Path(*fixed)


def _in_folder(folder: Path, root: Path, problems: list[str]) -> Iterator[_Found]:
    """The recordings below a folder, to any depth, through links but never in circles."""

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
                yield _Found(source, source.relative_to(root))


def _is_recording(name: str) -> bool:
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES | FOREIGN_SUFFIXES


def _place(found: _Found, keep_extension: bool) -> Path:
    return found.place if keep_extension else found.place.with_suffix("")


def _output(out: Path, place: Path, format: str) -> Path:
    return out / place.with_name(f"{place.name}.{format}")


def _folded(place: Path) -> str:
    """What a file system that knows no upper and lower case, and one way to write an umlaut, makes of a name."""
    return unicodedata.normalize("NFC", str(place)).casefold()


def _clashing(found: Sequence[_Found]) -> set[_Found]:
    """The recordings that have to keep their extension, those included that clash only with such a longer name."""
    kept: set[_Found] = set()
    while True:
        counts = Counter(_folded(_place(f, f in kept)) for f in found)
        clashing = {f for f in found if f not in kept and counts[_folded(_place(f, False))] > 1}
        if not clashing:
            return kept
        kept |= clashing


def _refuse_clashes(found: Sequence[_Found], places: Sequence[Path], case_matters: bool) -> None:
    taken: dict[str, Path] = {}
    for recording, place in zip(found, places, strict=True):
        other = taken.setdefault(str(place) if case_matters else _folded(place), recording.source)
        if other != recording.source:
            raise PlanError(
                f"{other} and {recording.source} would both be written to {place}: "
                "give the folder that holds them both, or transcribe them to two output folders"
            )


def prepare_folder(out: Path) -> bool:
    """Make the output folder and try it; whether upper and lower case make two names there."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=".drumscribe-", suffix=".try", dir=out) as file:
            return not Path(file.name).with_name(Path(file.name).name.upper()).exists()
    except FileExistsError:
        raise PlanError(f"{out}: the output folder cannot be made: a file has this name") from None
    except OSError as error:
        raise PlanError(f"{out}: the output folder cannot be written to: {error.strerror or error}") from error
