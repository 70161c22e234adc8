"""Takes: record sound to a file that can be opened however the program ends."""

import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np

from ..errors import DrumscribeError
from ..files import free_name

_HEADER = struct.Struct("<4sI4s4sI28s4sIHHIIHH4sI")
"""RIFF, JUNK (room for the sizes of RF64), fmt and the head of data."""
_RF64_SIZES = struct.Struct("<QQQI")
_FLOAT = 3
_UNKNOWN = 0xFFFFFFFF
_UPDATE_S = 1.0
"""Seconds of sound that are lost at most if the program is killed."""


class TakeError(DrumscribeError):
    """A take cannot be written, or not get its name."""


def wav_header(rate: int, channels: int, frames: int) -> bytes:
    """Write the header of a wav file of floats; of an RF64 file where that is too long for wav (EBU Tech 3306).

    Parameters
    ----------
    rate : int
        Samples per second.
    channels : int
        Number of channels.
    frames : int
        Number of frames.

    Returns
    -------
    bytes
        Always of one length.
    """
    size = 4 * channels
    data = size * frames
    riff = _HEADER.size - 8 + data
    long = riff >= _UNKNOWN
    sizes = _RF64_SIZES.pack(riff, data, frames, 0) if long else b""
    return _HEADER.pack(
        *(b"RF64" if long else b"RIFF", min(riff, _UNKNOWN), b"WAVE"),
        *(b"ds64" if long else b"JUNK", 28, sizes.ljust(28, b"\0")),
        *(b"fmt ", 16, _FLOAT, channels, rate, rate * size, size, 32),
        *(b"data", min(data, _UNKNOWN)),
    )


class Take:
    """A context manager that records sound to a wav file of floats.

    It writes NAME.part.wav, updates its header each second, and gives the file its final name at the end, whatever ends
    it. If the program is killed, NAME.part.wav stays.

    Parameters
    ----------
    path : Path
        The wav file.
    rate : int
        Samples per second.
    channels : int
        Number of channels.

    Raises
    ------
    TakeError
        If it cannot be written, or at the end cannot get its name: it keeps the other then.
    """

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        self._path, self._rate, self._channels = path, rate, channels
        self._frames = 0
        self._updated = time.monotonic()
        with _take_errors(f"{path}: cannot be written"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._part = free_name(path.with_suffix(f".part{path.suffix}"))
            self._file: BinaryIO = self._part.open("xb")
            self._file.write(wav_header(rate, channels, 0))

    def __enter__(self) -> "Take":
        return self

    def write(self, block: np.ndarray) -> None:
        """Write the next block.

        Parameters
        ----------
        block : np.ndarray
            ``(frames, channels) float32``.

        Raises
        ------
        TakeError
            If it cannot be written.
        """
        with _take_errors(f"{self._path}: cannot be written any more"):
            self._file.write(np.ascontiguousarray(block, "<f4").tobytes())
            self._frames += len(block)
            if time.monotonic() - self._updated >= _UPDATE_S:
                self._updated = time.monotonic()
                self._update()

    def _update(self) -> None:
        self._file.seek(0)
        self._file.write(wav_header(self._rate, self._channels, self._frames))
        self._file.seek(0, 2)
        self._file.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with suppress(OSError), self._file:  # of a full disk; what is written, can be opened
            self._update()
        try:
            with _take_errors(f"{self._path}: the take could not get this name, and is in {self._part}"):
                self._part.replace(self._path)
        except TakeError:
            if error is None:  # else that is the one to be told
                raise


@contextmanager
def _take_errors(message: str) -> Iterator[None]:
    """Turn errors of the system into TakeError."""
    try:
        yield
    except OSError as error:
        raise TakeError(f"{message}: {error.strerror or error}") from error
