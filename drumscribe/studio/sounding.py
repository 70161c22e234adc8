"""Sound for the page: parts of a recording, and the drums and clicks for its hits.

All sound is 16-bit little-endian with interleaved channels, so the page can copy it into buffers, and play recording
and hits by one clock, exact to the sample.
"""

from pathlib import Path

import numpy as np

from ..errors import AudioError

LONGEST = 1 << 20
"""Maximum number of frames in one answer."""
DRUMS_RATE = 44100


def read_stretch(recording: Path, start: int, count: int, mono: bool) -> bytes:
    """Read frames of a recording at its own rate, in mono or stereo.

    Parameters
    ----------
    recording : Path
        The file.
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

    try:
        with soundfile.SoundFile(str(recording)) as sound:
            sound.seek(min(max(0, start), sound.frames))
            block = sound.read(min(max(0, count), LONGEST), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise AudioError(f"{recording.name}: cannot be read: {error}") from error
    if mono or block.shape[1] > 2:
        block = block.mean(axis=1, keepdims=True)
    return _in_16_bits(block)


def channels_of(channels: int) -> int:
    """Return the number of channels of `read_stretch` without `mono`."""
    return 2 if channels == 2 else 1


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
    return places, _in_16_bits(np.concatenate(list(sounds.values())))


def _in_16_bits(samples: np.ndarray) -> bytes:
    return np.clip(np.rint(samples * 32767.0), -32768, 32767).astype("<i2").tobytes()
