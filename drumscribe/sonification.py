"""Transcriptions made audible over their recordings, so that ears can judge them. Streamed, whatever the length."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from .drum_sounds import make_clicks, make_drums
from .errors import DrumscribeError
from .files import check_output, written_whole
from .hits import Hit, Transcription

RATE = 44100
SOUNDS = {"clicks": make_clicks, "drums": make_drums}
SUFFIXES = (".wav", ".flac")
_RECORDING_GAIN, _SOUND_GAIN = 0.6, 0.4


class SoundError(DrumscribeError):
    """A sound file that cannot be written."""


def render_hits(
    hits: Iterable[Hit], sounds: dict[str, np.ndarray], lengths: Iterable[int], rate: int
) -> Iterator[np.ndarray]:
    """The sounds of hits, in blocks of the given lengths.

    Parameters
    ----------
    hits : in order of time.
    sounds : ``(samples,) float32`` for each articulation.
    lengths : samples in each block.

    Yields
    ------
    ``(samples,) float32``
    """
    longest = max(map(len, sounds.values()))
    starts = ((round(hit.time * rate), hit) for hit in hits)
    upcoming = next(starts, None)
    ringing = np.zeros(longest, np.float32)
    begin = 0
    for length in lengths:
        block = np.concatenate([ringing, np.zeros(length, np.float32)])
        while upcoming is not None and upcoming[0] < begin + length:
            at, hit = upcoming
            sound = sounds[hit.stand_in][max(0, begin - at) :]
            at = max(0, at - begin)
            block[at : at + len(sound)] += sound * np.float32((hit.velocity / 127) ** 1.5)
            upcoming = next(starts, None)
        yield block[:length]
        ringing = block[length:]
        begin += length


def write_check(
    recording: str | Path,
    transcription: Transcription,
    path: str | Path,
    sound: Literal["clicks", "drums"] = "clicks",
    split: bool = False,
) -> None:
    """Write the recording, in mono, with its transcription on top.

    Parameters
    ----------
    path : a .wav or .flac file.
    sound : a tone for each hit, or synthetic drums.
    split : the recording to the left, the transcription to the right.

    Raises
    ------
    AudioError : where the recording cannot be read.
    SoundError : where the file cannot be written.
    """
    from .audio import read_blocks

    path = Path(path)
    check_output(path, SUFFIXES, recording)
    blocks = read_blocks(recording, RATE)
    try:
        with written_whole(path) as temporary:
            _write(temporary, _mix(blocks, transcription.hits, SOUNDS[sound](RATE), split), 2 if split else 1)
    except OSError as error:
        raise SoundError(f"{path}: cannot be written: {error.strerror or error}") from error


def _mix(
    blocks: Iterable[np.ndarray], hits: Sequence[Hit], sounds: dict[str, np.ndarray], split: bool
) -> Iterator[np.ndarray]:
    held: list[np.ndarray] = []

    def lengths() -> Iterator[int]:
        for block in blocks:
            held.append(block)
            yield len(block)

    for rendered in render_hits(hits, sounds, lengths(), RATE):
        block = held.pop()
        if split:
            yield np.stack([block, rendered * np.float32(2 * _SOUND_GAIN)], axis=1)
        else:
            yield block * np.float32(_RECORDING_GAIN) + rendered * np.float32(_SOUND_GAIN)


def _write(path: Path, blocks: Iterable[np.ndarray], channels: int) -> None:
    import soundfile

    with soundfile.SoundFile(path, "w", RATE, channels, "PCM_16") as file:
        for block in blocks:
            file.write(np.clip(block, -1.0, 1.0))
