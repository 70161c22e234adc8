"""What drumscribe wrote, so that a file that somebody edited since is told from it, and kept.

A file of digests is all that is remembered: one line for each output, of its name and content. An output that is moved
or copied with its folder is still known; one that is renamed or edited is not. If the digests are lost, no output is:
a file that is not known is kept, unless the new one is the same.
"""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain, count
from pathlib import Path

_MAX_LINES = 200_000
"""Digests that are remembered, 33 bytes each; of more, the later half is kept."""


class Written:
    """Remembers what drumscribe wrote, and chooses where a new file goes.

    Parameters
    ----------
    memory : Path
        The file of digests; made if missing.
    overwrite : bool
        Whether files that are not known are replaced, too.
    """

    def __init__(self, memory: Path, overwrite: bool = False) -> None:
        self._memory = memory
        self._overwrite = overwrite
        self._known: set[str] | None = None
        self._trusted: set[str] = set()

    @classmethod
    def by_user(cls, overwrite: bool = False) -> "Written":
        """Open the memory in the user's state folder.

        Parameters
        ----------
        overwrite : bool
            Whether files that are not known are replaced, too.

        Returns
        -------
        Written
            The memory.
        """
        from platformdirs import user_state_path

        return cls(user_state_path("drumscribe", appauthor=False) / "written", overwrite)

    def settle(self, path: Path, new: Path, ending: str) -> Path:
        """Choose where a new file goes, and remember it.

        Parameters
        ----------
        path : Path
            Where it should go.
        new : Path
            The file as it is now.
        ending : str
            The part of the name that stays last, such as ``.labels.txt``.

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
        place = next(place for place in places if self._overwrite or self._replaceable(place, content))
        self._remember(_digest(place, content))
        return place

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
        return self._knows(_digest(place, place.read_bytes()))

    def trust(self, contents: Iterable[str]) -> None:
        """Take contents for drumscribe's own that another memory knows.

        Parameters
        ----------
        contents : iterable of str
            Digests of them: `content_digest`.
        """
        self._trusted.update(contents)

    def _replaceable(self, place: Path, content: bytes) -> bool:
        if not place.is_file():  # what else is there, a folder, fails where it is replaced
            return True
        old = place.read_bytes()
        return not old or old == content or content_digest(old) in self._trusted or self._knows(_digest(place, old))

    def _knows(self, digest: str) -> bool:
        if self._known is None:
            with suppress(OSError, UnicodeDecodeError):
                self._known = set(self._memory.read_text(encoding="ascii").split())
        return self._known is not None and digest in self._known

    def _remember(self, digest: str) -> None:
        """Append a line, which several processes can do at once; where that cannot be, the next run knows less."""
        if self._known is not None:
            self._known.add(digest)
        with suppress(OSError):
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            with self._memory.open("a", encoding="ascii") as file:
                file.write(f"{digest}\n")
            if self._memory.stat().st_size > _MAX_LINES * (len(digest) + 1):
                lines = self._memory.read_text(encoding="ascii").splitlines(keepends=True)
                self._memory.write_text("".join(lines[len(lines) // 2 :]), encoding="ascii")


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
