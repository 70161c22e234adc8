"""Opening of recordings with libsndfile, which reads some of them wrongly unless it is watched.

A file that ends early is read as far as it goes, with an `IncompleteWarning`.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import AudioError
from ..files import near_miss
from . import completeness, media
from .limits import RATE_LIMITS_HZ
from .mixing import CHUNK
from .wav_repair import FilePart, WavData, find_lost_sound

if TYPE_CHECKING:
    from soundfile import SoundFile

SUFFIXES = frozenset(
    (
        *(".wav", ".wave", ".rf64", ".w64", ".aif", ".aiff", ".aifc", ".caf", ".au"),
        *(".flac", ".ogg", ".oga", ".opus", ".mp3", ".mp2"),
    )
)
"""Suffixes, lower case, of the files that can always be read."""

FOREIGN_SUFFIXES = media.SUFFIXES
"""Suffixes of the files that can be read where PyAV or ffmpeg is there."""

UNKNOWN_LENGTH = 1 << 48
"""Frames of a file whose header does not give its length are so many, or more, to libsndfile."""

_REPAIR = "convert it to wav first, for example with ffmpeg"
_PIECE = 4096  # frames that are lost at most where a compressed file is damaged
_PLAIN = frozenset({"PCM_U8", "PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"})
_CHUNK_SAMPLES = 1 << 19  # of all channels together, so that a file with a thousand of them takes no more memory


class AudioWarning(UserWarning):
    """A fault in a recording that can be transcribed all the same."""


class IncompleteWarning(AudioWarning):
    """A recording that ends early: what there is of it can be transcribed."""


@contextmanager
def open_sound(path: Path) -> Iterator["SoundFile"]:
    """Open a recording with libsndfile.

    Parameters
    ----------
    path : Path
        The recording.

    Yields
    ------
    SoundFile
        The open file, to be read in a row.

    Raises
    ------
    AudioError
        If it cannot be read as audio.
    """
    import soundfile

    if path.is_dir():
        raise AudioError(f"{path}: this is a folder, not a recording")
    if path.exists() and not path.is_file():  # to open a pipe would be to wait for whoever writes into it
        raise AudioError(f"{path}: this is a pipe or a device, not a recording: give a regular file")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        hint = near_miss(path) if isinstance(error, FileNotFoundError) else ""
        raise AudioError(f"{path}: cannot be read: {error.strerror or error}{hint}") from error
    if empty:
        raise AudioError(f"{path}: the file is empty (0 bytes)")
    lost = find_lost_sound(path)
    if lost is not None:
        yield from _open_lost(path, lost)
        return
    try:
        # As bytes, so that any name that the system allows can be opened; Windows needs text.
        sound = soundfile.SoundFile(os.fsencode(path) if os.name != "nt" else str(path))
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: for the suffix .raw it expects no header
        raise AudioError(_not_audio(path)) from error
    with sound:
        # soundfile seeks after each read, and mp3s are decoded wrongly for a while after that.
        sound.seekable = lambda: False
        _check(path, sound)
        yield sound


def _open_lost(path: Path, lost: WavData) -> Iterator["SoundFile"]:
    """Open the sound of a wav file whose header does not count all of it."""
    import soundfile

    held, declared = lost.seconds(lost.held), lost.seconds(lost.declared)
    try:
        with FilePart(path, lost.start) as part:
            soundfile.SoundFile(part, "r", lost.rate, lost.channels, lost.subtype, "LITTLE", "RAW").close()
    except (soundfile.LibsndfileError, ValueError, OverflowError) as error:
        raise AudioError(_not_audio(path)) from error
    _warn(f"{path}: its header counts {declared:.1f} s of sound, but the file has {held:.1f} s: read to its end")
    with (
        FilePart(path, lost.start) as part,
        soundfile.SoundFile(part, "r", lost.rate, lost.channels, lost.subtype, "LITTLE", "RAW") as sound,
    ):
        yield sound


def needs_media(path: Path) -> bool:
    """Return whether only `media` reads a file, and can."""
    if not path.is_file() or not path.stat().st_size:
        return False
    foreign = path.suffix.lower() in FOREIGN_SUFFIXES
    return (foreign or _is_ogg_flac(path)) and media.is_available()


def lost_of_mp3(path: Path) -> float:
    """Count the seconds of an mp3 that libsndfile would not read: it stops where the header, or its guess, says.

    Parameters
    ----------
    path : Path
        Any recording.

    Returns
    -------
    float
        0 for other formats, and where nothing decodes the rest: PyAV and ffmpeg do.
    """
    import soundfile

    if path.suffix.lower() != ".mp3" or not path.is_file() or not media.is_available():
        return 0.0
    try:
        with soundfile.SoundFile(os.fsencode(path) if os.name != "nt" else str(path)) as sound:
            if sound.format != "MP3":
                return 0.0
            lost = completeness.walk_mp3(path).samples - sound.frames
            return lost / sound.samplerate if lost > sound.samplerate // 4 else 0.0
    except soundfile.LibsndfileError:
        return 0.0


def warn_of_more(path: Path, lost: float) -> None:
    """Warn of a recording that has more sound than its header says.

    Parameters
    ----------
    path : Path
        The recording.
    lost : float
        Seconds that the header lacks.

    Warns
    -----
    IncompleteWarning
        Always.
    """
    _warn(f"{path}: holds {lost:.1f} s more than its header declares: read to its end")


def _is_ogg_flac(path: Path) -> bool:
    """Return whether a file is FLAC in Ogg (RFC 9639, section 10.1), which libsndfile lacks."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError:
        return False
    return head[:4] == b"OggS" and b"\x7fFLAC" in head


def _not_audio(path: Path) -> str:
    if path.suffix.lower() in FOREIGN_SUFFIXES:
        return f"{path}: {path.suffix[1:]} cannot be read without PyAV or ffmpeg: {media.INSTALL}, or convert it to wav"
    if _is_ogg_flac(path):
        return f"{path}: FLAC in Ogg cannot be read without PyAV or ffmpeg: {media.INSTALL}, or convert it to flac"
    return (
        f"{path}: not a readable audio file (wav, aiff, flac, ogg, opus, mp3), or damaged: "
        "if a player plays it, convert it to wav first, for example with ffmpeg"
    )


def _warn(text: str) -> None:
    warnings.warn(text, IncompleteWarning, stacklevel=2)


def _check(path: Path, sound: "SoundFile") -> None:
    """Refuse files that libsndfile opens but would read wrongly; warn of those that end early."""
    if sound.format == "RAW":
        raise AudioError(_not_audio(path))
    if not RATE_LIMITS_HZ[0] <= sound.samplerate <= RATE_LIMITS_HZ[1]:
        raise AudioError(f"{path}: its header gives a sample rate of {sound.samplerate} Hz, which cannot be right")
    size = path.stat().st_size
    if sound.frames == 0 and size > 65536:
        raise AudioError(f"{path}: its header declares no audio, but the file has {size} bytes: {_REPAIR}")
    if sound.frames >= UNKNOWN_LENGTH:
        if sound.format != "FLAC":
            raise AudioError(f"{path}: its header does not give its length: {_REPAIR}")
        _warn(f"{path}: its header does not give its length: read to its end, and whether that is missing is not known")
    share = completeness.declared_share(sound.extra_info)
    if share > 1:
        _warn(_breaks_off(path, sound.frames, sound.samplerate, sound.frames * share))
    elif sound.format == "OGG" and completeness.ogg_breaks_off(path):
        _warn(_breaks_off(path, sound.frames, sound.samplerate))
    if sound.format == "MP3":
        held = completeness.walk_mp3(path).samples
        if held > sound.frames + sound.samplerate // 4:
            raise AudioError(f"{path}: holds more audio than its header declares: {media.INSTALL}, or {_REPAIR}")


def _breaks_off(path: Path, frames: int, rate: int, declared: float | None = None) -> str:
    of = f" of {declared / rate:.1f} s" if declared else ""
    return f"{path}: breaks off after {frames / rate:.1f} s{of}: the rest is missing"


def chunk_frames(channels: int) -> int:
    """Return the frames that are mixed at once, fewer if there are very many channels."""
    return max(1, min(CHUNK, _CHUNK_SAMPLES // channels))


def read_chunks(path: Path, sound: "SoundFile") -> Iterator[np.ndarray]:
    """Read an open recording, as far as it goes.

    Parameters
    ----------
    path : Path
        Its name, for warnings.
    sound : SoundFile
        The open file.

    Yields
    ------
    np.ndarray
        ``(frames, channels) float32``, of one length, except the last; valid until the next one.
    """
    import soundfile

    buffer = np.empty((chunk_frames(sound.channels), sound.channels), np.float32)
    step = len(buffer) if sound.format != "FLAC" and sound.subtype in _PLAIN else _PIECE
    frames, broken = 0, False
    while not broken:
        filled = 0
        while filled < len(buffer):
            try:
                piece = len(sound.read(out=buffer[filled : filled + step]))
            except soundfile.LibsndfileError:
                piece, broken = 0, True
            filled += piece
            if not piece:
                break
        frames += filled
        if not filled:
            break
        yield buffer[:filled]
    if frames < sound.frames < UNKNOWN_LENGTH and not _is_whole_all_the_same(path, sound, frames):
        _warn(_breaks_off(path, frames, sound.samplerate, sound.frames))


def decode_chunks(path: Path) -> Iterator[tuple[int, np.ndarray]]:
    """Decode a recording with `media`, as far as it goes.

    Parameters
    ----------
    path : Path
        The recording.

    Yields
    ------
    tuple[int, np.ndarray]
        The sample rate in Hz, and ``(frames, channels) float32``, of any length.

    Raises
    ------
    AudioError
        If it has no sound that can be decoded.

    Warns
    -----
    IncompleteWarning
        If it ends early.
    """
    frames = rate = 0
    try:
        for rate, piece in media.decode(path):
            frames += len(piece)
            yield rate, piece
    except media.CutShortError as error:
        if not frames:
            raise
        _warn(_breaks_off(path, frames, rate, error.declared * rate))


def _is_whole_all_the_same(path: Path, sound: "SoundFile", frames: int) -> bool:
    """Return whether a file that ends early may be complete.

    The length of an mp3 may be a guess, be off by a frame or two, or be that of the file from which it was cut; that of
    an mp3 in a wav counts the encoder's padding.
    """
    near = sound.frames - frames <= sound.samplerate // 10
    if sound.format == "MP3":
        walked = completeness.walk_mp3(path)
        return walked.whole or not walked.announced or near
    return near and sound.subtype.startswith("MPEG_LAYER")
