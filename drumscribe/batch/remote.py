"""Remote recordings and outputs: ``s3://``, ``gs://``, ``https://`` and all other addresses that fsspec knows.

A recording is downloaded as a whole into a temporary file, one at a time; outputs are made here, then uploaded as a
whole.
"""

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import AudioError, DrumscribeError

INSTALL = 'pip install "drumscribe[cloud]"'
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+")
"""The beginning of an address; as a path, it has one slash instead of two."""


def is_remote(path: str | Path) -> bool:
    """Return whether a path is an address.

    Parameters
    ----------
    path : str or Path
        The path.

    Returns
    -------
    bool
        Whether it is an address.
    """
    return _ADDRESS.match(str(path)) is not None


def address_of(path: str | Path) -> str:
    """Return an address as a user writes it, with two slashes.

    Parameters
    ----------
    path : str or Path
        The address as a path.

    Returns
    -------
    str
        The address.
    """
    return _ADDRESS.sub(r"\1://", Path(path).as_posix(), count=1)


def open_remote(path: str | Path) -> tuple[Any, str]:
    """Return the file system of an address, and the path in it.

    Parameters
    ----------
    path : str or Path
        The address.

    Returns
    -------
    tuple
        The result of ``fsspec.url_to_fs``.

    Raises
    ------
    DrumscribeError
        If fsspec, or the package that it needs for such addresses, is not installed.
    """
    address = address_of(path)
    try:
        import fsspec

        return fsspec.url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise DrumscribeError(
            f"{address}: addresses need fsspec, and a package for such ones: {INSTALL}, or download it ({error})"
        ) from None


def find_remote(path: str | Path) -> Iterator[tuple[Path, Path]]:
    """Find files at an address.

    Parameters
    ----------
    path : str or Path
        The address of a file, a folder, or a pattern.

    Yields
    ------
    tuple of Path
        Each file, and its path below the folder, or else its name.

    Raises
    ------
    DrumscribeError
        If the service cannot list them.
    """
    system, root = open_remote(path)
    scheme = address_of(path).partition("://")[0]
    try:
        if any(sign in root for sign in "*?["):
            found = sorted(system.glob(root))
            root = re.split(r"/[^/]*[*?\[]", root)[0]
        elif scheme not in ("http", "https") and system.isdir(root):
            found = sorted(system.find(root))
        else:
            yield Path(address_of(path)), Path(Path(root.partition("?")[0]).name)
            return
    except Exception as error:  # of any service
        raise DrumscribeError(f"{address_of(path)}: cannot be looked up: {_one_line(error)}") from error
    for name in found:
        yield Path(f"{scheme}://{name}" if "://" not in name else name), Path(os.path.relpath(name, root))


@contextmanager
def fetched(source: Path) -> Iterator[Path]:
    """Download a remote recording into a temporary file.

    Parameters
    ----------
    source : Path
        A local file, which is used in place, or an address.

    Yields
    ------
    Path
        A local file.

    Raises
    ------
    AudioError
        If the download fails.
    """
    if not is_remote(source):
        yield source
        return
    system, name = open_remote(source)
    with tempfile.TemporaryDirectory(prefix="drumscribe-") as folder:
        path = Path(folder, f"fetched{source.suffix[:16]}")
        try:
            system.get_file(name, str(path))
        except Exception as error:  # of any service
            raise AudioError(f"{address_of(source)}: cannot be fetched: {_one_line(error)}") from error
        yield path


@contextmanager
def put(outputs: Sequence[Path]) -> Iterator[tuple[Path, ...]]:
    """Make outputs here, then upload each as a whole.

    Parameters
    ----------
    outputs : Sequence[Path]
        Local files, which are written in place, or addresses.

    Yields
    ------
    tuple of Path
        Paths to write to.

    Raises
    ------
    DrumscribeError
        If an upload fails.
    """
    if not outputs or not is_remote(outputs[0]):
        yield tuple(outputs)
        return
    with tempfile.TemporaryDirectory(prefix="drumscribe-") as folder:
        made = tuple(Path(folder, str(number), output.name) for number, output in enumerate(outputs))
        yield made
        for path, output in zip(made, outputs, strict=True):
            system, name = open_remote(output)
            try:
                system.put_file(str(path), name)
            except Exception as error:  # of any service
                raise DrumscribeError(f"{address_of(output)}: cannot be written: {_one_line(error)}") from error


def look_at(path: Path) -> tuple[int, int, str] | None:
    """Return the properties by which a remote file is recognised; None if there is no file.

    Parameters
    ----------
    path : Path
        The address.

    Returns
    -------
    tuple or None
        Size in bytes, time in nanoseconds, and the service's tag of this version.
    """
    system, name = open_remote(path)
    try:
        facts = system.info(name)
    except Exception:  # of any service
        return None
    changed = facts.get("LastModified") or facts.get("mtime") or facts.get("updated") or 0
    stamp = getattr(changed, "timestamp", lambda: changed)()
    tag = facts.get("ETag") or facts.get("etag") or facts.get("md5Hash") or ""
    number = int(float(stamp) * 1e9) if isinstance(stamp, (int, float)) else 0
    return int(facts.get("size") or 0), number, str(tag)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
