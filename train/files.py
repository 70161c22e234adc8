"""Output files that are complete or absent, and TOML files."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from drumscribe.errors import DrumscribeError
from drumscribe.files import written_whole


class UnwritableError(DrumscribeError):
    """A file that cannot be written."""


@contextmanager
def open_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write it atomically: what is written takes the name `path` on success.

    Parameters
    ----------
    path : Path
        The file; its folder is created if missing.

    Yields
    ------
    BinaryIO
        Open for writing.

    Raises
    ------
    UnwritableError
        If the file cannot be written.
    """
    try:
        with written_whole(path) as temporary, open(temporary, "wb") as file:
            yield file
    except OSError as error:
        raise UnwritableError(f"{path}: cannot be written: {error.strerror or error}") from None


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    DrumscribeError
        If there is no such file or it is not TOML.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DrumscribeError(f"{path}: no such file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DrumscribeError(f"{path}: not valid TOML: {error}") from None
