"""Where outputs go below the output folder, and whether two of them would be one."""

import os
import unicodedata
from pathlib import Path, PurePath

_RESERVED = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in "123456789¹²³"))
)
_FORBIDDEN = str.maketrans(dict.fromkeys('<>:"|?*', "_"))


def inside(place: PurePath) -> Path:
    """Return a place without what leads out of the output folder: drives, roots and ``..``.

    Parameters
    ----------
    place : PurePath
        A path, of whatever kind.

    Returns
    -------
    Path
        A relative one, as it would be reached.
    """
    parts: list[str] = []
    for part in place.parts[len(place.anchor and place.parts[:1]) :]:
        if part == "..":
            del parts[-1:]
        else:
            parts.append(part)
    return Path(*parts)


def nameable(place: Path, windows: bool = os.name == "nt") -> Path:
    """Return a place that the system can name: Windows reserves ``CON``, ``NUL`` and others, whatever their ending.

    Parameters
    ----------
    place : Path
        Relative to the output folder.
    windows : bool
        Whether the system is Windows.

    Returns
    -------
    Path
        The same, or with underscores.
    """
    return Path(*map(_nameable, place.parts)) if windows else place


def _nameable(part: str) -> str:
    part = part.translate(_FORBIDDEN)
    part = part.rstrip(" .") + "_" * (part != part.rstrip(" ."))
    stem, dot, rest = part.partition(".")
    return f"{stem}_{dot}{rest}" if stem.rstrip().casefold() in _RESERVED else part


def folded(place: str) -> str:
    """Return what a file system that knows no upper and lower case, and one way to write an umlaut, makes of a name."""
    return unicodedata.normalize("NFC", place).casefold()
