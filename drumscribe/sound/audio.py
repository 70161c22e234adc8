"""Read recordings as blocks of mono float32 samples at one rate.

Everything is streamed: three hours take no more memory than three minutes. Full scale is 1.0, times count from the
first sample of the file, and resampling (soxr, HQ) neither shifts nor lengthens the sound. libsndfile decodes what it
can, and `media` the rest. A file that ends early is read as far as it goes, with an `IncompleteWarning`.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from . import media
from .limits import LOUDEST
from .mixing import Mixer
from .opening import (
    FOREIGN_SUFFIXES,
    SUFFIXES,
    UNKNOWN_LENGTH,
    AudioWarning,
    IncompleteWarning,
    chunk_frames,
    decode_chunks,
    lost_of_mp3,
    needs_media,
    open_sound,
    read_chunks,
    warn_of_more,
)

__all__ = [
    "FOREIGN_SUFFIXES",
    "LOUDEST",
    "SUFFIXES",
    "AudioInfo",
    "AudioWarning",
    "IncompleteWarning",
    "load",
    "probe",
    "read_blocks",
]


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """The header of a recording.

    Attributes
    ----------
    duration : float
        Length in seconds.
    rate : int
        Sample rate in Hz.
    channels : int
        Number of channels.
    """

    duration: float
    rate: int
    channels: int


def probe(path: str | Path) -> AudioInfo:
    """Read the header of a recording.

    Raises
    ------
    AudioError
        If the file cannot be read as audio, or its header shows that it is incomplete.
    """
    path = Path(path)
    if needs_media(path):
        found = media.probe(path)
        return AudioInfo(found.duration, found.rate, found.channels)
    lost = lost_of_mp3(path)
    if lost:
        found = media.probe(path)
        return AudioInfo(max(found.duration, lost), found.rate, found.channels)
    with open_sound(path) as sound:
        if sound.frames >= UNKNOWN_LENGTH:  # counted: no header says it
            frames = sum(len(chunk) for chunk in read_chunks(path, sound))
            return AudioInfo(frames / sound.samplerate, sound.samplerate, sound.channels)
        return AudioInfo(sound.frames / sound.samplerate, sound.samplerate, sound.channels)


def read_blocks(path: str | Path, rate: int, block_size: int = 65536) -> Iterator[np.ndarray]:
    """Stream a recording as mono blocks: the mean of its channels (see `mixing`), resampled to `rate`.

    Samples that cannot be sound (NaN, infinite, absurdly large) are read as silence, with one `AudioWarning` per file.

    Parameters
    ----------
    path : str | Path
        A file with one of `SUFFIXES`, or of `FOREIGN_SUFFIXES`, of any rate and number of channels.
    rate : int
        Sample rate of the blocks, in Hz.
    block_size : int, default 65536
        Frames of the file to read at a time; the blocks are about as long.

    Yields
    ------
    np.ndarray
        ``(samples,) float32``, never empty; together ``round(frames * rate / file_rate)`` samples.

    Raises
    ------
    AudioError
        If the file cannot be read as audio.

    Warns
    -----
    IncompleteWarning
        If it ends early.
    """
    path = Path(path)
    lost = lost_of_mp3(path)
    if lost:
        warn_of_more(path, lost)
    if lost or needs_media(path):
        decoded = decode_chunks(path)
        first = next(decoded, None)
        if first is None:
            return
        source_rate = first[0]
        chunks = _rechunked(chain([first[1]], (frames for _, frames in decoded)))
        blocks = _mono(path, chunks, source_rate, block_size)
        yield from blocks if source_rate == rate else resample(blocks, source_rate, rate)
        return
    with open_sound(path) as sound:
        blocks = _mono(path, read_chunks(path, sound), sound.samplerate, block_size)
        yield from blocks if sound.samplerate == rate else resample(blocks, sound.samplerate, rate)


def load(path: str | Path, rate: int) -> np.ndarray:
    """Load a whole recording into memory as mono; see `read_blocks`.

    Parameters
    ----------
    path : str | Path
        A recording.
    rate : int
        Sample rate of the result, in Hz.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.

    Raises
    ------
    AudioError
        If the file cannot be read as audio.
    """
    return np.concatenate([np.empty(0, np.float32), *read_blocks(path, rate)])


def _rechunked(pieces: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield pieces of any length, ``(frames, channels)``, as chunks of one length, except the last."""
    held: list[np.ndarray] = []
    for piece in pieces:
        held.append(piece)
        size = chunk_frames(piece.shape[1])
        if sum(map(len, held)) >= size:
            joined = np.concatenate(held)
            whole = len(joined) // size * size
            yield from (joined[start : start + size] for start in range(0, whole, size))
            held = [joined[whole:]]
    if held and sum(map(len, held)):
        yield np.concatenate(held)


def _mono(path: Path, chunks: Iterator[np.ndarray], rate: int, block_size: int) -> Iterator[np.ndarray]:
    """Yield the channels mixed, block by block, at the file's own rate."""
    mixer: Mixer | None = None
    frames = wrong = first_wrong = 0
    for chunk in chunks:
        mixer = mixer or Mixer(chunk.shape[1])
        if not max(chunk.max(), -chunk.min()) < LOUDEST:  # NaN is less than nothing
            sane = np.abs(chunk) < LOUDEST
            bad = ~sane.all(axis=1)
            if not wrong:
                first_wrong = frames + int(bad.argmax())
            wrong += int(bad.sum())
            chunk = np.where(sane, chunk, np.float32(0))
        frames += len(chunk)
        mono = mixer.mix(chunk)
        for start in range(0, len(mono), block_size):
            yield mono[start : start + block_size]
    if wrong:
        what = f"{wrong} invalid sample{'s' if wrong > 1 else ''} (NaN, infinite or absurdly large)"
        where = f"the first at {first_wrong / rate:.2f} s"
        warnings.warn(f"{path}: {what}, {where}: read as silence", AudioWarning, stacklevel=3)


def resample(blocks: Iterator[np.ndarray], source_rate: int, rate: int) -> Iterator[np.ndarray]:
    """Resample blocks; soxr's stream removes its own delay, and rounding at the end is corrected here.

    Parameters
    ----------
    blocks : iterator of np.ndarray
        ``(samples,) float32`` each.
    source_rate, rate : int
        Samples per second that they have, and that they get.

    Yields
    ------
    np.ndarray
        ``(samples,) float32``.
    """
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
