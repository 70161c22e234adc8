"""Sonification: play a transcription over its recording, streamed at any length."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from ..errors import DrumscribeError
from ..files import check_output, written_whole
from ..music.transcription import Hit, Transcription
from ..synthesis.synthetic_drums import make_clicks, make_drums

RATE = 44100
SOUNDS = {"clicks": make_clicks, "drums": make_drums}
SUFFIXES = (".wav", ".flac")
_RECORDING_GAIN, _SOUND_GAIN = 0.6, 0.4  # linear (by ear)
_LOUDNESS_EXPONENT = 1.5  # gain of a hit is its velocity / 127, to this power (by ear)


class SoundError(DrumscribeError):
    """A sound file cannot be written."""


def render_hits(
    hits: Iterable[Hit], sounds: dict[str, np.ndarray], lengths: Iterable[int], rate: int
) -> Iterator[np.ndarray]:
    """Render the sounds of hits, in blocks of the given lengths.

    Parameters
    ----------
    hits : Iterable[Hit]
        In order of time.
    sounds : dict[str, np.ndarray]
        ``(samples,) float32`` for each articulation.
    lengths : Iterable[int]
        Samples in each block.
    rate : int
        Samples per second.

    Yields
    ------
    np.ndarray
        ``(samples,) float32``.
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
            block[at : at + len(sound)] += sound * np.float32((hit.velocity / 127) ** _LOUDNESS_EXPONENT)
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
    """Write the recording, in mono, mixed with sounds for the hits of its transcription.

    Parameters
    ----------
    recording : str | Path
        The recording.
    transcription : Transcription
        Its transcription.
    path : str | Path
        A .wav or .flac file.
    sound : {"clicks", "drums"}, default "clicks"
        A short tone for each hit, or synthetic drums.
    split : bool, default False
        Whether the recording is on the left and the transcription on the right.

    Raises
    ------
    AudioError
        If the recording cannot be read.
    SoundError
        If the file cannot be written.
    DrumscribeError
        If the suffix is not supported, or `path` is the recording itself.
    """
    from soundfile import LibsndfileError

    from ..sound.audio import read_blocks

    path = Path(path)
    check_output(path, SUFFIXES, recording)
    blocks = read_blocks(recording, RATE)
    try:
        with written_whole(path) as temporary:
            _write(temporary, _mix(blocks, transcription.hits, SOUNDS[sound](RATE), split), 2 if split else 1)
    except (OSError, LibsndfileError) as error:
        raise SoundError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from error


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
