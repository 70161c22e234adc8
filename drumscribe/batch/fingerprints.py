"""Detect changes of files: recordings by size, time and a sample of their content, outputs by all their content."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from ..formats.written import content_digest
from .remote import is_remote, look_at

_PIECES, _PIECE = 16, 16_384
"""Number of pieces of a recording that are read, and their size in bytes; a smaller file is read as a whole (by
hand)."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The properties by which a recording is recognised.

    Attributes
    ----------
    size : int
        In bytes.
    changed : int
        Time of the last change, in nanoseconds.
    sample : str
        A digest of pieces of the content.
    """

    size: int
    changed: int
    sample: str


def fingerprint_of(path: Path) -> Fingerprint | None:
    """Compute the fingerprint of a recording.

    Parameters
    ----------
    path : Path
        The recording.

    Returns
    -------
    Fingerprint or None
        None if the file cannot be read.
    """
    if is_remote(path):
        found = look_at(path)
        return None if found is None else Fingerprint(*found)
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            return None
        digest = hashlib.blake2b(digest_size=16)
        with open(path, "rb", buffering=0) as file:
            for start in _starts(status.st_size):
                file.seek(start)
                digest.update(file.read(_PIECE))
    except (OSError, ValueError):
        return None
    return Fingerprint(status.st_size, status.st_mtime_ns, digest.hexdigest())


def _starts(size: int) -> list[int]:
    """Return where the pieces begin: one after another, or spread evenly from the first byte to the last."""
    if size <= _PIECES * _PIECE:
        return list(range(0, size, _PIECE))
    return [(size - _PIECE) * i // (_PIECES - 1) for i in range(_PIECES)]


def state_of_output(path: Path, folder: Path) -> list:
    """Compute the fingerprint of an output.

    Parameters
    ----------
    path : Path
        The file.
    folder : Path
        The output folder.

    Returns
    -------
    list
        Its path in the folder as hexadecimal bytes, its size (0 if it is missing), and a digest of its content.
    """
    name = os.fsencode(os.path.relpath(path, folder)).hex()
    if is_remote(path):
        size, _, tag = look_at(path) or (0, 0, "")
        return [name, size, tag]
    try:
        content = path.read_bytes()
    except OSError:
        return [name, 0, ""]
    return [name, len(content), content_digest(content)]


def digest_of(path: Path) -> str:
    """Return a digest of the whole content of a file, such as a model.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        Hexadecimal digits.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
