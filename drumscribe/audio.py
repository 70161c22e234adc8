"""Sound in: a recording becomes blocks of mono float32 samples at one rate.

Everything is streamed: three hours take no more memory than three minutes. Samples are full scale at 1.0, times count
from the first sample of the file, and resampling (soxr, HQ) neither shifts nor lengthens anything.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import containers
from .errors import AudioError

SUFFIXES = frozenset((".wav", ".wave", ".aif", ".aiff", ".aifc", ".flac", ".ogg", ".oga", ".opus", ".mp3"))
"""Suffixes, lower case, of the files that can be read."""

FOREIGN_SUFFIXES = frozenset((".m4a", ".m4b", ".aac", ".wma", ".ape", ".wv", ".mka", ".ac3", ".amr"))
"""Suffixes of recordings that cannot be read: found in folders all the same, so that they are not passed over."""

_REPAIR = "convert it to wav first, for example with ffmpeg"
_LOUDEST = 1e10  # beyond any scale that samples are written in; what exceeds it, infinity and NaN are no sound
_CHUNK_SAMPLES = 1 << 19  # over all channels, so that a file with a thousand of them takes no more memory


class AudioWarning(UserWarning):
    """Something wrong with a recording that does not keep it from being transcribed."""


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the header of a recording says: duration in seconds, sample rate in Hz, number of channels."""

    duration: float
    rate: int
    channels: int


def probe(path: str | Path) -> AudioInfo:
    """Read the header of a recording.

    Raises
    ------
    AudioError : if the file cannot be read as audio, or its header shows that it is not whole.
    """
    with _open(Path(path)) as sound:
        return AudioInfo(sound.frames / sound.samplerate, sound.samplerate, sound.channels)


def read_blocks(path: str | Path, rate: int, block_size: int = 65536) -> Iterator[np.ndarray]:
    """Stream a recording as mono blocks: the mean of its channels, resampled to `rate`.

    Samples that are no sound (NaN, infinite, absurdly large) are taken as silence, with one `AudioWarning` for
    the file.

    Parameters
    ----------
    path : wav, aiff, flac, ogg, opus or mp3, of any rate and number of channels.
    rate : sample rate of the output, in Hz.
    block_size : frames of the file that are read at a time; the blocks that come out are about as long.

    Yields
    ------
    (samples,) float32, never empty; together ``round(frames * rate / file_rate)`` samples.

    Raises
    ------
    AudioError : if the file cannot be read as audio, or breaks off before its end.
    """
    path = Path(path)
    with _open(path) as sound:
        blocks = _mono(path, sound, block_size)
        yield from blocks if sound.samplerate == rate else _resample(blocks, sound.samplerate, rate)


def load(path: str | Path, rate: int) -> np.ndarray:
    """The whole of a recording in memory: (samples,) float32, mono at `rate`. See `read_blocks`."""
    return np.concatenate([np.empty(0, np.float32), *read_blocks(path, rate)])


@contextmanager
def _open(path: Path):
    """The `SoundFile` of a path; whatever is wrong with it as an AudioError."""
    import soundfile

    if path.is_dir():
        raise AudioError(f"{path}: is a folder, not a recording")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise AudioError(f"{path}: cannot be read: {error.strerror or error}") from error
    if empty:
        raise AudioError(f"{path}: is empty (0 bytes)")
    try:
        # Bytes, so that any name that the system allows can be opened; Windows wants text.
        sound = soundfile.SoundFile(os.fsencode(path) if os.name != "nt" else str(path))
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: it takes the suffix .raw to mean no header
        raise AudioError(_not_audio(path)) from error
    with sound:
        _check(path, sound)
        yield sound


def _not_audio(path: Path) -> str:
    if path.suffix.lower() in FOREIGN_SUFFIXES:
        return f"{path}: {path.suffix[1:]} cannot be read: convert it to wav or flac first, for example with ffmpeg"
    return (
        f"{path}: is not audio that can be read (wav, aiff, flac, ogg, opus, mp3), or is damaged: "
        "if a player plays it, convert it to wav first, for example with ffmpeg"
    )


def _check(path: Path, sound) -> None:
    """Refuse what libsndfile opens but would read wrongly."""
    if sound.format == "RAW":
        raise AudioError(_not_audio(path))
    if not 1000 <= sound.samplerate <= 1_000_000:
        raise AudioError(f"{path}: its header gives a sample rate of {sound.samplerate} Hz, which cannot be right")
    size = path.stat().st_size
    if sound.frames == 0 and size > 65536:
        raise AudioError(f"{path}: its header says that it holds no audio, yet it has {size} bytes: {_REPAIR}")
    if sound.frames > 1 << 48:
        raise AudioError(f"{path}: its header does not say how long it is: {_REPAIR}")
    share = containers.declared_share(sound.extra_info)
    if share > 1:
        raise AudioError(_breaks_off(path, sound.frames, sound.samplerate, sound.frames * share))
    if sound.format == "OGG" and containers.ogg_breaks_off(path):
        raise AudioError(_breaks_off(path, sound.frames, sound.samplerate))
    if sound.format == "MP3":
        held = containers.walk_mp3(path).samples
        if held > sound.frames + sound.samplerate // 4:
            raise AudioError(f"{path}: holds more audio than its header tells, and would be read in part: {_REPAIR}")


def _breaks_off(path: Path, frames: int, rate: int, declared: float | None = None) -> str:
    of = f" of {declared / rate:.1f} s" if declared else ""
    return f"{path}: breaks off after {frames / rate:.1f} s{of}: get a whole copy, or convert what is left to wav"


def _mono(path: Path, sound, block_size: int) -> Iterator[np.ndarray]:
    """The mean of the channels, block by block, at the file's own rate."""
    import soundfile

    channels = sound.channels
    buffer = np.empty((max(1, min(block_size, _CHUNK_SAMPLES // channels)), channels), np.float32)
    frames = wrong = first_wrong = 0
    while True:
        try:
            block = sound.read(out=buffer)
        except soundfile.LibsndfileError as error:
            raise AudioError(_breaks_off(path, frames, sound.samplerate, sound.frames)) from error
        if not len(block):
            break
        mono = block[:, 0].copy()
        with np.errstate(over="ignore", invalid="ignore"):  # found below
            for channel in range(1, channels):
                mono += block[:, channel]
        if not np.abs(mono).max() < _LOUDEST:
            sane = np.abs(block) < _LOUDEST
            bad = ~sane.all(axis=1)
            if not wrong:
                first_wrong = frames + int(bad.argmax())
            wrong += int(bad.sum())
            mono = np.where(sane, block, 0).sum(axis=1, dtype=np.float32)
        mono /= np.float32(channels)
        frames += len(block)
        yield mono
    if frames < sound.frames and not (sound.format == "MP3" and _is_whole_mp3(path, sound, frames)):
        raise AudioError(_breaks_off(path, frames, sound.samplerate, sound.frames))
    if wrong:
        start = first_wrong / sound.samplerate
        what = f"{wrong} sample{'s' if wrong > 1 else ''} from {start:.2f} s on cannot be sound (NaN or infinite)"
        warnings.warn(f"{path}: {what}: taken as silence", AudioWarning, stacklevel=3)


def _is_whole_mp3(path: Path, sound, frames: int) -> bool:
    """Whether an mp3 that ends before its time may be whole all the same.

    Its length may have been guessed, be off by a frame or two, or be that of the file which it was cut out of.
    """
    walked = containers.walk_mp3(path)
    return walked.whole or not walked.announced or sound.frames - frames <= sound.samplerate // 10


def _resample(blocks: Iterator[np.ndarray], source_rate: int, rate: int) -> Iterator[np.ndarray]:
    """Blocks at `rate`; soxr's stream takes its own delay out, and rounding at the end is evened out here."""
    import soxr

    stream = soxr.ResampleStream(source_rate, rate, 1, dtype="float32", quality="HQ")
    taken = given = 0
    for block in blocks:
        taken += len(block)
        resampled = stream.resample_chunk(block)
        given += len(resampled)
        if len(resampled):
            yield resampled
    if not taken:
        return
    missing = round(taken * rate / source_rate) - given
    tail = stream.resample_chunk(np.empty(0, np.float32), last=True)[: max(0, missing)]
    tail = np.pad(tail, (0, max(0, missing - len(tail))))
    if len(tail):
        yield tail
