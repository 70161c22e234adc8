"""Wav files whose header gives the wrong size: of recorders that crashed, and of files above 4 GiB.

A size of 0, or one after which neither the file ends nor another chunk follows, cannot be right. What follows it is
sound all the same, and is read as such.
"""

import io
from dataclasses import dataclass
from pathlib import Path

_SUBTYPES = {
    (1, 8): "PCM_U8",
    (1, 16): "PCM_16",
    (1, 24): "PCM_24",
    (1, 32): "PCM_32",
    (3, 32): "FLOAT",
    (3, 64): "DOUBLE",
}
"""libsndfile's names of the formats by tag and bits."""
_EXTENSIBLE = 0xFFFE
_CHUNK_HEADER = 8  # bytes
_FORMAT_BYTES = 40  # of the longest format chunk; even, and what a header declares may be gigabytes
_PADDING = 1 << 16  # bytes of zeros that may follow the last chunk (by hand)


@dataclass(frozen=True, slots=True)
class WavData:
    """The sound in a wav file.

    Attributes
    ----------
    start : int
        Byte at which it begins.
    declared : int
        Its length in bytes, as the header gives it.
    held : int
        Bytes from there to the end of the file.
    subtype : str
        libsndfile's name of its format.
    bits : int
        Bits per sample.
    rate, channels : int
        Sample rate in Hz, and number of channels.
    """

    start: int
    declared: int
    held: int
    subtype: str
    bits: int
    rate: int
    channels: int

    def seconds(self, size: int) -> float:
        """Return how long so many bytes of it last."""
        return size / (self.channels * self.bits / 8 * max(1, self.rate))


def find_lost_sound(path: Path) -> WavData | None:
    """Find sound that the header of a wav file does not count.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    WavData | None
        The sound, all of it; None if the header is right, or the file of another kind.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if (head := file.read(12))[:4] != b"RIFF" or head[8:] != b"WAVE":
            return None
        format_chunk = b""
        while len(header := file.read(_CHUNK_HEADER)) == _CHUNK_HEADER:
            name, length = header[:4], int.from_bytes(header[4:], "little")
            if name == b"data":
                data = _describe(format_chunk, file.tell(), length, size)
                return data if data is not None and _is_wrong(file, data, size) else None
            if name == b"fmt ":
                format_chunk = file.read(min(length, _FORMAT_BYTES))
                length -= len(format_chunk)
            file.seek(length + length % 2, io.SEEK_CUR)
    return None


def _describe(chunk: bytes, start: int, declared: int, size: int) -> WavData | None:
    if len(chunk) < 16:
        return None
    tag, channels, rate, bits = (
        int.from_bytes(chunk[at : at + width], "little") for at, width in ((0, 2), (2, 2), (4, 4), (14, 2))
    )
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        tag = int.from_bytes(chunk[24:26], "little")
    subtype = _SUBTYPES.get((tag, bits))
    if subtype is None or not channels:
        return None
    return WavData(start, declared, size - start, subtype, bits, rate, channels)


def _is_wrong(file: io.BufferedReader, data: WavData, size: int) -> bool:
    """Return whether what follows the declared end is neither nothing nor another chunk."""
    if data.declared == 0:
        return data.held > 0
    if data.declared >= data.held:
        return False
    at = data.start + data.declared + data.declared % 2
    if size - at <= _PADDING:
        file.seek(at)
        if not any(file.read()):
            return False
    file.seek(at)
    header = file.read(_CHUNK_HEADER)
    named = all(0x20 <= byte < 0x7F for byte in header[:4])
    return not named or at + _CHUNK_HEADER + int.from_bytes(header[4:], "little") > size + 1


class FilePart(io.RawIOBase):
    """A file from some byte on, as if it were all.

    Parameters
    ----------
    path : Path
        The file.
    start : int
        Its first byte that counts.
    """

    def __init__(self, path: Path, start: int) -> None:
        self._file = path.open("rb")
        self._start = start
        self._file.seek(start)

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it can be sought in."""
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        """Read the next bytes into a buffer, and return how many."""
        return self._file.readinto(buffer)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to another place.

        Parameters
        ----------
        offset : int
            Bytes.
        whence : int, default io.SEEK_SET
            From where they count.

        Returns
        -------
        int
            The place.
        """
        return self._file.seek(offset + self._start if whence == io.SEEK_SET else offset, whence) - self._start

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell() - self._start

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
