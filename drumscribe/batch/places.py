"""The paths of outputs below the output folder, and whether two of them are the same file."""

import os
import unicodedata
from pathlib import Path, PurePath

_RESERVED = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in "123456789¹²³"))
)
_FORBIDDEN = str.maketrans(dict.fromkeys('<>:"|?*', "_"))


def inside(place: PurePath) -> Path:
    """Remove the parts of a path that lead out of the output folder: drives, roots and ``..``.

    Parameters
    ----------
    place : PurePath
        A path of any kind.

    Returns
    -------
    Path
        A relative path.
    """
    parts: list[str] = []
    for part in place.parts[len(place.anchor and place.parts[:1]) :]:
        if part == "..":
            del parts[-1:]
        else:
            parts.append(part)
    return Path(*parts)


def nameable(place: Path, windows: bool = os.name == "nt") -> Path:
    """Change a path that the system cannot use: Windows reserves ``CON``, ``NUL`` and others, with any ending.

    Parameters
    ----------
    place : Path
        Relative to the output folder.
    windows : bool
        Whether the system is Windows.

    Returns
    -------
    Path
        The same path, or one with underscores.
    """
    return Path(*map(_nameable, place.parts)) if windows else place


def _nameable(part: str) -> str:
    part = part.translate(_FORBIDDEN)
    part = part.rstrip(" .") + "_" * (part != part.rstrip(" ."))
    stem, dot, rest = part.partition(".")
    return f"{stem}_{dot}{rest}" if stem.rstrip().casefold() in _RESERVED else part


def folded(place: str) -> str:
    """Return a name as a file system compares it that ignores case and normalises Unicode."""
    return unicodedata.normalize("NFC", place).casefold()
