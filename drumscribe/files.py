"""Files that are written whole or not at all."""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .errors import DrumscribeError


def check_output(path: Path, suffixes: Sequence[str], recording: str | Path) -> None:
    """Refuse a name whose ending is not in the list, and to write over the recording that is read.

    Raises
    ------
    DrumscribeError : naming it, and the endings.
    """
    if path.suffix.lower() not in suffixes:
        raise DrumscribeError(f"{path}: must end in {' or '.join(suffixes)}")
    if path.resolve() == Path(recording).resolve():
        raise DrumscribeError(f"{path}: is the recording itself, which would be lost: give the output another name")


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """A temporary path beside `path` to write to; what is there becomes `path` at the end.

    If anything goes wrong, Ctrl-C included, it is removed and what was at `path` stays. Missing folders are made.

    Raises
    ------
    OSError : where the folder cannot be written to.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A short name of its own: appending to a name that is as long as the file system allows would fail.
    temporary = path.with_name(f".drumscribe-{secrets.token_hex(8)}{path.suffix[:16]}")
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
