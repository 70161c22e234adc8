"""Sound for the page: parts of a recording, and the drums and clicks for its hits.

All sound is 16-bit little-endian with interleaved channels, so the page can copy it into buffers, and play recording
and hits by one clock, exact to the sample.
"""

import threading
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from ..errors import AudioError
from ..files import written_whole

LONGEST = 1 << 20
"""Maximum number of frames in one answer."""
DRUMS_RATE = 44100
_decoding = threading.Lock()  # one recording at a time, so that none is decoded twice


def read_stretch(recording: Path, decoded: Path, start: int, count: int, mono: bool) -> bytes:
    """Read frames of a recording at its own rate, in mono or stereo.

    Parameters
    ----------
    recording : Path
        The file.
    decoded : Path
        Where the recording is kept as a wav file, made with the first stretch, if it cannot be read from the middle.
    start, count : int
        First frame, and number of frames, at most `LONGEST`; there are fewer at the end.
    mono : bool
        Whether to return the mean of the channels.

    Returns
    -------
    bytes
        Samples.

    Raises
    ------
    AudioError
        If the recording cannot be read.
    """
    import soundfile

    from ..sound.opening import open_sound

    try:
        if decoded.exists() or not _is_seekable(recording):
            recording = _decode(recording, decoded)
        with open_sound(recording) as sound:
            sound.seek(min(max(0, start), sound.frames))
            block = sound.read(min(max(0, count), LONGEST), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise AudioError(f"{recording.name}: cannot be read: {error}") from error
    return _in_16_bits(_narrow(block, mono)).tobytes()


def _is_seekable(recording: Path) -> bool:
    """Return whether libsndfile reads a recording rightly from the middle, as it does not with mp3s."""
    from ..sound.opening import needs_media, open_sound

    if needs_media(recording) or recording.suffix.lower() in (".mp2", ".mp3"):
        return False
    with open_sound(recording) as sound:
        return not sound.subtype.startswith("MPEG_LAYER")


def _decode(recording: Path, decoded: Path) -> Path:
    """Decode a recording in a row, unless that was done before, and return the file."""
    import soundfile

    with _decoding:
        if decoded.exists():
            return decoded
        pieces = _read_in_a_row(recording)
        first = next(pieces, None)
        if first is None:
            raise AudioError(f"{recording.name}: has no sound")
        channels = _narrow(first[1]).shape[1]
        # RF64 is wav without its limit of 4 GB.
        with (
            written_whole(decoded) as temporary,
            soundfile.SoundFile(temporary, "w", first[0], channels, "PCM_16", format="RF64") as file,
        ):
            for _, frames in chain([first], pieces):
                file.write(_in_16_bits(_narrow(frames)))
    return decoded


def _read_in_a_row(recording: Path) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the sample rate, and frames of all channels, ``(frames, channels) float32``."""
    from ..sound import media
    from ..sound.opening import lost_of_mp3, needs_media, open_sound, read_chunks

    if needs_media(recording) or lost_of_mp3(recording):
        yield from media.decode(recording)
        return
    with open_sound(recording) as sound:
        for chunk in read_chunks(recording, sound):
            yield sound.samplerate, chunk


def _narrow(frames: np.ndarray, mono: bool = False) -> np.ndarray:
    """Return one or two channels, ``(frames, channels)``: of more than two, or for mono, their mean."""
    return frames.mean(axis=1, keepdims=True) if mono or frames.shape[1] > 2 else frames


def drum_sounds(kind: str) -> tuple[dict[str, tuple[int, int]], bytes]:
    """Return the sounds of all articulations in a row, with the start and the length of each, in samples.

    Parameters
    ----------
    kind : str
        ``"drums"`` or ``"clicks"``.

    Returns
    -------
    dict of str to tuple of int
        First sample and number of samples of each articulation.
    bytes
        Samples.
    """
    from ..synthesis.synthetic_drums import make_clicks, make_drums

    sounds = (make_clicks if kind == "clicks" else make_drums)(DRUMS_RATE)
    ends = np.cumsum([len(sound) for sound in sounds.values()]).tolist()
    places = {name: (end - len(sounds[name]), len(sounds[name])) for name, end in zip(sounds, ends, strict=True)}
    return places, _in_16_bits(np.concatenate(list(sounds.values()))).tobytes()


def _in_16_bits(samples: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(samples * 32767.0), -32768, 32767).astype("<i2")
