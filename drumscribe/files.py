"""Output files that appear whole or not at all."""

import errno
import itertools
import os
import re
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import DrumscribeError, nearest, printable
from .runtime import is_running, this_machine

_LEFTOVER = re.compile(r"\.drumscribe-([0-9a-f]{8})-(\d+)-[0-9a-f]{12}(\..*)?")
_PLAIN_NAME = re.compile(r"[\w.:/\\+-]+")
_FORGOTTEN_S = 86_400.0
"""Age in seconds at which a temporary file counts as left over, whoever wrote it: a day, by hand."""


def check_output(
    path: Path, suffixes: Sequence[str], recording: str | Path | None, others: Sequence[Path] = ()
) -> None:
    """Refuse an output with an unknown suffix, or that would overwrite an input.

    Parameters
    ----------
    path : Path
        The output file.
    suffixes : Sequence[str]
        The suffixes allowed, in lower case and with their dot.
    recording : str | Path | None
        The recording that is being read, if any.
    others : Sequence[Path], optional
        Other files that are read: a transcription, a file of beats.

    Raises
    ------
    DrumscribeError
        If the suffix is not allowed, or `path` is one of these files.
    """
    if path.suffix.lower() not in suffixes:
        raise DrumscribeError(f"{path}: must end in {' or '.join(suffixes)}")
    if recording is not None and path.resolve() == Path(recording).resolve():
        raise DrumscribeError(f"{path}: this is the recording itself: give the output another name")
    if path.resolve() in (other.resolve() for other in others):
        raise DrumscribeError(f"{path}: this file is an input: give the output another name")


@contextmanager
def written_whole(path: str | Path, settle: Callable[[Path], Path] | None = None) -> Iterator[Path]:
    """Write a file atomically: yield a temporary path that replaces `path` on success.

    On any error, Ctrl-C included, the temporary file is removed and the file at `path` stays as it was. Missing folders
    are created. The content is flushed to disk before the file gets its name, so a loss of power leaves no empty file.

    Parameters
    ----------
    path : str | Path
        The file to write.
    settle : Callable[[Path], Path], optional
        Takes the temporary path after writing, and returns the final path, in the same folder.

    Yields
    ------
    Path
        A path in the same folder, with the same suffix, to write to.

    Raises
    ------
    OSError
        If the folder cannot be written to.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A short new name: appending to a name as long as the file system allows would fail.
    name = f".drumscribe-{this_machine()}-{os.getpid()}-{os.urandom(6).hex()}{path.suffix[:16]}"
    temporary = path.with_name(name)
    try:
        yield temporary
        _sync(temporary)
        os.replace(temporary, path if settle is None else settle(temporary))
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _sync(path: Path) -> None:
    if path.is_file():
        with path.open("r+b") as file:
            os.fsync(file.fileno())


def is_full(error: BaseException | None) -> bool:
    """Return whether an error, or its cause, is a full disk.

    Parameters
    ----------
    error : BaseException, optional
        The error.

    Returns
    -------
    bool
        Whether the disk is full.
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of processes that were killed while they wrote them.

    Parameters
    ----------
    folder : Path
        The folder; its subfolders are not searched.
    """
    with suppress(OSError):
        for entry in os.scandir(folder):
            if found := _LEFTOVER.fullmatch(entry.name):
                with suppress(OSError):
                    own = found[1] == this_machine() and not is_running(int(found[2]))
                    if own or entry.stat().st_mtime < time.time() - _FORGOTTEN_S:
                        os.unlink(entry.path)


def near_miss(path: Path) -> str:
    """Return the end of a message about a missing file, as ``"; did you mean songs/Rock.flac?"``.

    Parameters
    ----------
    path : Path
        The missing file.

    Returns
    -------
    str
        The end of the message, empty if the folder has no similar name.
    """
    try:
        others = [file for file in path.parent.iterdir() if not file.name.startswith(".") and file != path]
    except OSError:
        return ""
    others.sort(key=lambda file: file.suffix.lower() == path.suffix.lower())  # its kind last, which is then taken
    beside = {file.stem: file for file in others}
    near = nearest(path.stem, beside)
    return f"; did you mean {beside[near]}?" if near else ""


def quoted(path: str | Path, windows: bool = os.name == "nt") -> str:
    """Return a file name as it is typed in a command.

    Parameters
    ----------
    path : str | Path
        The file.
    windows : bool
        Whether for Windows, whose cmd knows no single quotes.

    Returns
    -------
    str
        The name, in quotes where it needs them, and never taken for an option.
    """
    name = printable(path)
    name = f".{os.sep}{name}" if name.startswith("-") else name
    if not windows:
        return shlex.quote(name)
    return name if _PLAIN_NAME.fullmatch(name) else f'"{name}"'  # no file of Windows has a double quote in its name


def title_of(recording: Path) -> str:
    """Return the name of a recording for people to read, which files in UTF-8 and XML can contain.

    Parameters
    ----------
    recording : Path
        The recording.

    Returns
    -------
    str
        Its name without suffix; printable, even if the name on disk is not text.
    """
    return printable(recording.stem)


def free_name(path: Path) -> Path:
    """Find a file name that is free.

    Parameters
    ----------
    path : Path
        The wanted path.

    Returns
    -------
    Path
        This path, or the same with a number before its last suffix.
    """
    names = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in itertools.count(2))
    return path if not path.exists() else next(name for name in names if not name.exists())
