"""Uploads: streamed to disk, and refused as soon as they are too large."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from starlette.requests import Request

from ...errors import DrumscribeError


class TooLargeError(DrumscribeError):
    """A file that exceeds the limit of the studio."""


def name_of(request: Request) -> str:
    """Return the name of an uploaded file: its last part, printable, with an ending."""
    name = unquote(request.headers.get("x-name", "")).replace("\\", "/").rpartition("/")[2]
    name = "".join(c for c in name if c.isprintable()).strip()[:200]
    return name or "recording.wav"


@contextmanager
def refused_by_name(request: Request, path: Path) -> Iterator[None]:
    """Remove an uploaded file that cannot be used, and say so with the user's name for it.

    Parameters
    ----------
    request : Request
        The request that sent it.
    path : Path
        The file.

    Yields
    ------
    None
        While the file is read.

    Raises
    ------
    DrumscribeError
        If it cannot be used.
    """
    try:
        yield
    except DrumscribeError as error:
        path.unlink(missing_ok=True)
        raise DrumscribeError(str(error).replace(str(path), name_of(request))) from error


async def receive(request: Request, folder: Path, most: int, suffixes: frozenset[str]) -> tuple[Path, str]:
    """Write an uploaded file; its SHA-256 becomes its name.

    Parameters
    ----------
    request : Request
        A request with the file as its body, and its name in the header ``x-name``.
    folder : Path
        Where to write it.
    most : int
        Maximum size in bytes.
    suffixes : frozenset of str
        Permitted endings, in lower case.

    Returns
    -------
    Path
        The file.
    str
        Its SHA-256.

    Raises
    ------
    TooLargeError
        If the file is larger than `most` bytes; at once, if the request states its length.
    DrumscribeError
        For an ending that is not in the list, and where nothing is sent.
    """
    suffix = Path(name_of(request)).suffix.lower()
    if suffix not in suffixes:
        raise DrumscribeError(f"{name_of(request)}: cannot be read: give {', '.join(sorted(suffixes))}")
    if int(request.headers.get("content-length") or 0) > most:
        raise TooLargeError(f"{name_of(request)}: larger than {most / 1e6:.0f} MB, which is the limit here")
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".upload-{secrets.token_hex(8)}"
    digest, size = hashlib.sha256(), 0
    try:
        with open(temporary, "wb") as file:
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise TooLargeError(f"{name_of(request)}: larger than {most / 1e6:.0f} MB, which is the limit here")
                digest.update(part)
                file.write(part)
        if not size:
            raise DrumscribeError(f"{name_of(request)}: the file is empty (0 bytes)")
        path = folder / f"{digest.hexdigest()}{suffix}"
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path, digest.hexdigest()
