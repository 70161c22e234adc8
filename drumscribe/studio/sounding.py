"""Sound for the page: stretches of a recording, and the drums and clicks that a transcription is played with.

All of it is 16-bit little-endian, channels interleaved, so that the page puts it into buffers as it is and plays
recording and hits by one clock, to the sample.
"""

from pathlib import Path

import numpy as np

from ..errors import AudioError

LONGEST = 1 << 20
"""Frames that are sent at once, at most."""
DRUMS_RATE = 44100


def read_stretch(recording: Path, start: int, count: int, mono: bool) -> bytes:
    """Frames of a recording at its own rate, in mono or stereo.

    Parameters
    ----------
    recording : Path
        The file.
    start, count : int
        First frame, and how many; fewer come at the end.
    mono : bool
        Whether to give the mean of the channels.

    Returns
    -------
    bytes
        Samples.

    Raises
    ------
    AudioError
        Where the recording cannot be read.
    """
    import soundfile

    try:
        with soundfile.SoundFile(str(recording)) as sound:
            sound.seek(min(max(0, start), sound.frames))
            block = sound.read(min(count, LONGEST), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise AudioError(f"{recording.name}: cannot be read: {error}") from error
    if mono or block.shape[1] > 2:
        block = block.mean(axis=1, keepdims=True)
    return _in_16_bits(block)


def channels_of(channels: int) -> int:
    """How many channels `read_stretch` gives, where mono is not asked for."""
    return 2 if channels == 2 else 1


def drum_sounds(kind: str) -> tuple[dict[str, tuple[int, int]], bytes]:
    """The sounds of all articulations in a row, and where each begins and how long it is, in samples.

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
    return places, _in_16_bits(np.concatenate(list(sounds.values())))


def _in_16_bits(samples: np.ndarray) -> bytes:
    return np.clip(np.rint(samples * 32767.0), -32768, 32767).astype("<i2").tobytes()
