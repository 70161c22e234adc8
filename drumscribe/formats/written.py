"""What drumscribe wrote, so that a file that somebody edited since is told from it, and kept.

A file of digests is all that is remembered: one line for each output, of its name and content, and of its recording. An
output that is moved or copied with its folder is still known; one that is renamed or edited is not, and one of another
recording, which has the same name in another folder, is not replaced either. If the digests are lost, no output is
known: it is kept, unless the new one is the same.
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import chain, count
from pathlib import Path

_MAX_LINES = 200_000
"""Digests that are remembered, 50 bytes each; of more, the later half is kept."""


class Written:
    """Remembers what drumscribe wrote, and chooses where a new file goes.

    Parameters
    ----------
    memory : Path
        The file of digests; made if missing.
    overwrite : bool
        Whether files that are not known are replaced, too.
    inputs : sequence of Path
        Files that are being read, which are never replaced.
    """

    def __init__(self, memory: Path, overwrite: bool = False, inputs: Sequence[Path] = ()) -> None:
        self._memory = memory
        self._overwrite = overwrite
        self._inputs = tuple(path.resolve() for path in inputs)
        self._known: dict[str, set[str]] | None = None  # of each digest, the recordings
        self._trusted: set[str] = set()

    @classmethod
    def by_user(cls, overwrite: bool = False, inputs: Sequence[Path] = ()) -> "Written":
        """Open the memory in the user's state folder.

        Parameters
        ----------
        overwrite : bool
            Whether files that are not known are replaced, too.
        inputs : sequence of Path
            Files that are being read, which are never replaced.

        Returns
        -------
        Written
            The memory.
        """
        from platformdirs import user_state_path

        return cls(user_state_path("drumscribe", appauthor=False) / "written", overwrite, inputs)

    def settle(self, path: Path, new: Path, ending: str, recording: Path | None = None) -> Path:
        """Choose where a new file goes, and remember it.

        Parameters
        ----------
        path : Path
            Where it should go.
        new : Path
            The file as it is now.
        ending : str
            The part of the name that stays last, such as ``.labels.txt``.
        recording : Path, optional
            What it is of.

        Returns
        -------
        Path
            `path` if nothing is lost there; else the first of ``name (1).mid``, ``name (2).mid`` ... of which that
            holds.
        """
        content = new.read_bytes()
        stem = path.name[: -len(ending)] if path.name.lower().endswith(ending) else path.stem
        last = path.name[len(stem) :]
        numbered = (path.with_name(f"{stem} ({number}){last}") for number in count(1))
        places = chain([path], numbered)
        place = next(place for place in places if self._replaceable(place, content, recording))
        self.remember(place, content, recording)
        return place

    def gives_way(self, place: Path, recording: Path) -> bool:
        """Return whether nothing is lost where a file is replaced by one whose content is not known yet.

        Parameters
        ----------
        place : Path
            The file.
        recording : Path
            What the new one will be of.

        Returns
        -------
        bool
            Whether it may be replaced.
        """
        return self._replaceable(place, b"", recording)

    def remember(self, place: Path, content: bytes, recording: Path | None = None) -> None:
        """Note that a file is drumscribe's own.

        Parameters
        ----------
        place : Path
            The file.
        content : bytes
            All that it holds.
        recording : Path, optional
            What it is of.
        """
        self._note(_digest(place, content), None if recording is None else _recording_digest(place, recording))

    @property
    def overwrites(self) -> bool:
        """Whether files that are not known are replaced, too."""
        return self._overwrite

    def knows(self, place: Path) -> bool:
        """Return whether a file is as drumscribe wrote it.

        Parameters
        ----------
        place : Path
            The file.

        Returns
        -------
        bool
            Whether nobody has edited it since.

        Raises
        ------
        OSError
            Where it cannot be read.
        """
        return _digest(place, place.read_bytes()) in self._remembered()

    def trust(self, contents: Iterable[str]) -> None:
        """Take contents for drumscribe's own that another memory knows.

        Parameters
        ----------
        contents : iterable of str
            Digests of them: `content_digest`.
        """
        self._trusted.update(contents)

    def _replaceable(self, place: Path, content: bytes, recording: Path | None) -> bool:
        if self._inputs and place.resolve() in self._inputs:
            return False
        if self._overwrite or not place.is_file():  # what else is there, a folder, fails where it is replaced
            return True
        old = place.read_bytes()
        if not old or old == content or content_digest(old) in self._trusted:
            return True
        of = self._remembered().get(_digest(place, old))
        return of is not None and (not of or recording is None or _recording_digest(place, recording) in of)

    def _remembered(self) -> dict[str, set[str]]:
        if self._known is None:
            known: dict[str, set[str]] = {}
            with suppress(OSError, UnicodeDecodeError):
                for line in self._memory.read_text(encoding="ascii").split():
                    _note(known, line)
                self._known = known
            return known
        return self._known

    def _note(self, digest: str, recording: str | None) -> None:
        """Append a line, which several processes can do at once; where that cannot be, the next run knows less."""
        line = digest if recording is None else f"{digest}.{recording}"
        if self._known is not None:
            _note(self._known, line)
        with suppress(OSError):
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            with self._memory.open("a", encoding="ascii") as file:
                file.write(f"{line}\n")
            if self._memory.stat().st_size > _MAX_LINES * (len(line) + 1):
                lines = self._memory.read_text(encoding="ascii").splitlines(keepends=True)
                self._memory.write_text("".join(lines[len(lines) // 2 :]), encoding="ascii")


def _note(known: dict[str, set[str]], line: str) -> None:
    digest, _, recording = line.partition(".")
    known.setdefault(digest, set()).update([recording] if recording else [])


def content_digest(content: bytes) -> str:
    """Return a digest of what a file holds, whatever its name.

    Parameters
    ----------
    content : bytes
        All of it.

    Returns
    -------
    str
        Hexadecimal digits.
    """
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _digest(place: Path, content: bytes) -> str:
    return hashlib.blake2b(place.name.encode(errors="surrogateescape") + b"\0" + content, digest_size=16).hexdigest()


def _recording_digest(place: Path, recording: Path) -> str:
    """Return a digest of where a recording is as seen from an output, which is the same where both are moved."""
    at = os.path.realpath(recording)
    with suppress(ValueError):  # on two drives
        at = os.path.relpath(at, os.path.realpath(place.parent))
    return hashlib.blake2b(os.fsencode(at), digest_size=8).hexdigest()
