"""Errors that a user can cause and correct."""

import csv
import re
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_DAMAGE = (
    *(ValueError, ArithmeticError, LookupError, TypeError, AttributeError, AssertionError, EOFError),
    *(RecursionError, MemoryError, struct.error, csv.Error),
)
"""Exceptions that readers raise on unforeseen content."""

_UNPRINTABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, which terminals obey; marks that reverse the direction of text; and bytes that are not text."""


def printable(text: object) -> str:
    """Return a text that is safe to print on a terminal, whatever the name of a foreign file contains.

    Parameters
    ----------
    text : object
        A text, a path, or an error.

    Returns
    -------
    str
        The same text, with control characters written as ``\\x1b``, and bytes that are not text as ``\ufffd``.
    """
    return _UNPRINTABLE.sub(_escaped, str(text))


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def reason_of(error: Exception) -> str:
    """Return in a user's words why foreign content could not be used.

    Parameters
    ----------
    error : Exception
        Raised by the reader.

    Returns
    -------
    str
        The message of the error; of a missing key, which one it is.
    """
    if isinstance(error, KeyError) and error.args:
        return f"{error.args[0]} is missing"
    return str(error) or type(error).__name__


class DrumscribeError(Exception):
    """An error with a message for the user: one line that says what is wrong, in which file, and what to do."""


class AudioError(DrumscribeError):
    """A recording cannot be read."""


class ModelError(DrumscribeError):
    """A model file cannot be used."""


class LabelError(DrumscribeError):
    """An annotation or transcription file cannot be read."""


class RhythmError(DrumscribeError):
    """The rhythm options or a file of beats contradict each other, or describe no possible rhythm."""


class ArgumentError(DrumscribeError, ValueError):
    """An argument of the Python interface that cannot be used."""


@contextmanager
def damage_told(path: Path, kind: type[DrumscribeError], what: str, largest: int) -> Iterator[None]:
    """Turn whatever error the content of a file causes into one line.

    Parameters
    ----------
    path : Path
        The file.
    kind : type of DrumscribeError
        The error to raise.
    what : str
        What the file should be, as ``"a MIDI file"``.
    largest : int
        Maximum size in bytes; a larger file is not opened.

    Yields
    ------
    None
        While the file is read.

    Raises
    ------
    DrumscribeError
        An error of the given kind.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise kind(f"{path}: this is a pipe or a device: give a regular file")
        size = path.stat().st_size if path.is_file() else 0
        if size > largest:
            raise kind(f"{path}: larger than any {what} ({size / 1e6:.0f} MB; at most {largest / 1e6:.0f})")
        yield
    except OSError as error:
        raise kind(f"{path}: cannot be read: {error.strerror or error}") from error
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise kind(f"{path}: not a readable {what}, or damaged ({reason})") from error


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Find the known word that an unknown word most resembles.

    Parameters
    ----------
    word : str
        The word as written.
    known : iterable of str
        The valid words.

    Returns
    -------
    str or None
        The most similar of them, whatever its case; None if none is similar.
    """
    from difflib import get_close_matches

    folded = {name.casefold(): name for name in known}
    near = get_close_matches(word.casefold(), folded, 1, 0.75)
    return folded[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown word, as ``"; did you mean kick?"``, empty if no word is similar.

    Parameters
    ----------
    word : str
        The word as written.
    known : iterable of str
        The valid words.

    Returns
    -------
    str
        The end of the message.
    """
    near = nearest(word, known)
    return f"; did you mean {near}?" if near else ""
