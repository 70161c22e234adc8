"""Decoding of what libsndfile cannot read: m4a, aac, wma, the sound of videos and more.

PyAV (the extra `media`) does it, or else an ffmpeg on the PATH: the same decoders, which remove the encoder's delay.
Both stream: a film of three hours takes no more memory than a song.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from ..errors import AudioError

if TYPE_CHECKING:
    from av.container import InputContainer

SUFFIXES = frozenset(
    (
        *(".m4a", ".m4b", ".aac", ".wma", ".ape", ".wv", ".mka", ".ac3", ".amr", ".tta", ".dsf"),
        *(".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".wmv", ".3gp"),
    )
)
"""Suffixes, lower case, of the files that only this module reads."""

INSTALL = 'pip install "drumscribe[media]"'
"""The command that makes them readable."""

_COUNTED = frozenset(("mov", "matroska", "asf", "avi", "ape", "wv", "tta", "dsf"))
"""Formats, by ffmpeg's names, whose headers have the length; that of others is guessed from their bit rate."""
_ENDS_S = 0.25
"""Seconds by which codecs lengthen or shorten a sound, at most; by hand."""
_AU_HEADER = 24  # bytes up to and including the number of channels
_PIECE = 1 << 16  # frames read from ffmpeg at a time


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """The sound of a file.

    Attributes
    ----------
    duration : float
        Length in seconds, as the header has it; 0 if it does not say.
    rate, channels : int
        Sample rate in Hz, and number of channels.
    declared : float
        Length of the sound in seconds, by the header; 0 if it can only be guessed, or may be that of the pictures.
    """

    duration: float
    rate: int
    channels: int
    declared: float


class CutShortError(AudioError):
    """The sound of a file breaks off, after what was decoded of it.

    Parameters
    ----------
    path : Path
        The file.
    declared : float
        Length of its sound in seconds, by the header; 0 if that is not known.
    """

    def __init__(self, path: Path, declared: float) -> None:
        super().__init__(_undecodable(path))
        self.declared = declared


def is_available() -> bool:
    """Return whether anything can decode."""
    return find_spec("av") is not None or shutil.which("ffmpeg") is not None


def probe(path: Path) -> MediaInfo:
    """Read the header of a file.

    Raises
    ------
    AudioError
        If it has no sound that can be decoded.
    """
    if find_spec("av") is not None:
        with _opened(path) as container:
            return _info(path, container)
    with subprocess.Popen(_command(path, ()), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stderr is not None
        text = process.stderr.read().decode(errors="replace")
    told = re.search(r"Duration: (\d+):(\d+):(\d+\.\d+)", text)
    audio = re.search(r"Audio: .*?(\d+) Hz, ([^,]+)", text)
    if audio is None:
        raise AudioError(_undecodable(path))
    hours, minutes, seconds = (float(part) for part in told.groups()) if told else (0.0, 0.0, 0.0)
    duration, names = 3600 * hours + 60 * minutes + seconds, {"mono": 1, "stereo": 2}
    kind = re.search(r"Input #0, (\S+), from", text)
    is_declared = kind is not None and _is_counted(kind[1]) and text.count("Stream #0:") == 1
    return MediaInfo(duration, int(audio[1]), names.get(audio[2].split()[0], 2), duration if is_declared else 0.0)


def decode(path: Path) -> Iterator[tuple[int, np.ndarray]]:
    """Decode the first sound track of a file.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    tuple[int, np.ndarray]
        The sample rate in Hz, and ``(frames, channels) float32``.

    Raises
    ------
    AudioError
        If it has no sound that can be decoded.
    CutShortError
        After what can be decoded, if an error ends it, or it is shorter than its header declares.
    """
    info = probe(path)
    frames, rate = 0, info.rate
    try:
        for rate, piece in _decode_here(path) if find_spec("av") is not None else _decode_beside(path):
            frames += len(piece)
            yield rate, piece
    except _DecodingError as error:
        raise CutShortError(path, info.declared) from error
    if frames < (info.declared - _ENDS_S) * rate:
        raise CutShortError(path, info.declared)


class _DecodingError(Exception):
    """A decoder has given up."""


def _undecodable(path: Path) -> str:
    return f"{path}: has no sound that can be decoded, or is damaged"


def _opened(path: Path) -> "InputContainer":
    import av

    av.logging.set_level(av.logging.PANIC)
    try:
        return av.open(str(path), metadata_errors="ignore")
    except (av.error.FFmpegError, ValueError) as error:
        raise AudioError(_undecodable(path)) from error


def _info(path: Path, container: "InputContainer") -> MediaInfo:
    if not container.streams.audio:
        raise AudioError(_undecodable(path))
    stream = container.streams.audio[0]
    if stream.duration is not None and stream.time_base is not None:
        duration = float(stream.duration * stream.time_base)
    else:
        duration = (container.duration or 0) / 1e6
    is_own = container.format.name.startswith("mov,") or len(container.streams) == 1
    is_declared = is_own and _is_counted(container.format.name)
    return MediaInfo(duration, stream.rate, stream.channels, duration if is_declared else 0.0)


def _is_counted(names: str) -> bool:
    """Return whether a format has the length in its header, by ffmpeg's names for it, as ``"matroska,webm"``."""
    return not _COUNTED.isdisjoint(names.split(","))


def _decode_here(path: Path) -> Iterator[tuple[int, np.ndarray]]:
    """Decode with PyAV."""
    import av

    with _opened(path) as container:
        info = _info(path, container)
        resampler = av.AudioResampler(format="fltp", layout=container.streams.audio[0].layout, rate=info.rate)
        # An mp4 says where its sound ends; what the decoder gives after that is padding, which ffmpeg drops, too.
        left = round(info.duration * info.rate) if container.format.name.startswith("mov,") else sys.maxsize
        try:
            for frame in container.decode(container.streams.audio[0]):
                for piece in resampler.resample(frame):
                    yield info.rate, piece.to_ndarray().T[:left]
                    left -= min(left, piece.samples)
        except av.error.FFmpegError as error:
            raise _DecodingError from error


def _command(path: Path, output: tuple[str, ...]) -> list[str]:
    # The protocol is named, so that no name of a file is taken for an address or an option.
    return ["ffmpeg", "-nostdin", "-hide_banner", "-i", f"file:{path}", *output]


def _decode_beside(path: Path) -> Iterator[tuple[int, np.ndarray]]:
    """Decode with ffmpeg, which writes a Sun AU file of floats to a pipe."""
    # Without -xerror it would leave out what it cannot decode, and all that follows would be early.
    command = _command(path, ("-v", "error", "-xerror", "-map", "0:a:0", "-c:a", "pcm_f32be", "-f", "au", "-"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            yield from _read_au(path, process.stdout)
            if process.wait():
                raise _DecodingError
        finally:
            process.kill()
            process.wait()


def _read_au(path: Path, pipe: IO[bytes]) -> Iterator[tuple[int, np.ndarray]]:
    header = pipe.read(_AU_HEADER)
    if len(header) < _AU_HEADER:
        raise AudioError(_undecodable(path))
    offset, _, _, rate, channels = (int.from_bytes(header[at : at + 4], "big") for at in range(4, _AU_HEADER, 4))
    pipe.read(offset - _AU_HEADER)
    size = 4 * channels
    while data := pipe.read(size * _PIECE):
        frames = np.frombuffer(data[: len(data) // size * size], ">f4").astype(np.float32)
        yield rate, frames.reshape(-1, channels)
