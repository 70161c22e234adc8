"""Files that are whole or absent, whenever a program is stopped."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from drumscribe import files
from drumscribe.errors import DrumscribeError


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that takes its name only once it is complete, in a folder that is made where it is missing.

    Raises
    ------
    DrumscribeError : where it cannot be written.
    """
    try:
        with files.written_whole(path) as temporary, open(temporary, "wb") as file:
            yield file
    except OSError as error:
        raise DrumscribeError(f"{path}: cannot be written: {error.strerror or error}") from None
