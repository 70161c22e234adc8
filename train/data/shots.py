"""One-shot files: decoded, resampled, timed to the attack, and identified by their content."""

import hashlib
from pathlib import Path

import numpy as np

from drumscribe.errors import AudioError, DrumscribeError
from drumscribe.sound.audio import probe
from drumscribe.sound.onsets import OnsetDetector
from drumscribe.sound.spectrogram import SpectrogramSettings, compute_spectrogram
from drumscribe.synthesis.one_shots import OneShot

from ..files import open_whole
from .sources import RATE

LONGEST_SECONDS = 10.0
"""A file that lasts longer is no one-shot."""

_CACHED = 1
"""Version of what is kept in a cache: another one where files are read differently."""
_KEPT_SECONDS = 3.0  # after the attack
_LEAD_SECONDS = 0.05  # before it
_SILENT = 1e-4
_TAIL_DB = -70.0
_REST = RATE // 4  # silence put around a recording, so that its attack is seen to begin


def read_shot(path: Path, onset_seconds: float | None = None, cache: Path | None = None) -> tuple[OneShot, str]:
    """Decode a file of any rate and number of channels.

    Parameters
    ----------
    path : Path
        The file.
    onset_seconds : float, optional
        Time of the attack, if known.
    cache : Path, optional
        A folder of what has been read before, by the content of the files; None for no cache.

    Returns
    -------
    tuple[OneShot, str]
        The stroke at `RATE`, mono, with a peak of 1 and without long silence around it; and the SHA-256 of the decoded
        sound, independent of its container, its level, and digital silence around it.

    Raises
    ------
    DrumscribeError
        If the file is damaged, silent or longer than 10 s.
    """
    _check_length(path)
    if cache is None:
        return _read(path, onset_seconds)
    content = hashlib.sha256(f"{_CACHED} {onset_seconds} ".encode() + path.read_bytes()).hexdigest()
    kept = cache / content[:2] / f"{content[2:32]}.npz"
    if not kept.exists():
        shot, digest = _read(path, onset_seconds)
        with open_whole(kept) as file:
            np.savez(file, samples=shot.samples, onset=shot.onset, digest=digest)
    with np.load(kept) as arrays:
        return OneShot(arrays["samples"], int(arrays["onset"])), str(arrays["digest"])


def _read(path: Path, onset_seconds: float | None) -> tuple[OneShot, str]:
    samples = _decode(path)
    peak = float(np.max(np.abs(samples), initial=0.0))
    if peak < _SILENT:
        raise DrumscribeError(f"{path}: is silent")
    samples = samples / np.float32(peak)
    onset = find_attack(samples) if onset_seconds is None else round(onset_seconds * RATE)
    first = max(0, onset - round(_LEAD_SECONDS * RATE))
    loud = np.flatnonzero(np.abs(samples) > 10.0 ** (_TAIL_DB / 20.0))[-1] + 1
    last = max(first + 1, min(loud, onset + round(_KEPT_SECONDS * RATE)))
    return OneShot(samples[first:last].copy(), onset - first), _digest(samples)


def _check_length(path: Path) -> None:
    seconds = probe(path).duration
    if seconds > LONGEST_SECONDS:
        raise DrumscribeError(
            f"{path}: lasts {_spoken(seconds)}, which is no one-shot ({LONGEST_SECONDS:.0f} s at most)"
        )


def _decode(path: Path) -> np.ndarray:
    import librosa
    import soundfile as sf

    try:
        with open(path, "rb") as file:  # librosa would try other decoders on a path
            return librosa.load(file, sr=RATE, mono=True)[0].astype(np.float32, copy=False)
    except librosa.ParameterError:
        raise AudioError(f"{path}: holds samples that cannot be sound (NaN or infinite)") from None
    except (sf.LibsndfileError, OSError) as error:
        raise AudioError(f"{path}: cannot be decoded: {error}") from error


def _spoken(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.1f} s"


def _digest(samples: np.ndarray) -> str:
    whole = np.trim_zeros(np.rint(samples * 32767).astype("<i2"))
    return hashlib.sha256(whole.tobytes()).hexdigest()


def find_attack(samples: np.ndarray) -> int:
    """Find the sample at which a recorded stroke begins: its strongest detected onset up to the peak."""
    settings = SpectrogramSettings()
    rest = np.zeros(_REST, np.float32)
    sound = np.concatenate([rest, samples, rest])
    detector = OnsetDetector(settings.rate, settings.hop, settings.bands)
    found = [detector.push(sound, compute_spectrogram(sound, settings)), detector.flush()]
    times = np.concatenate([onsets.times for onsets in found])
    strengths = np.concatenate([onsets.strengths for onsets in found])
    at = np.rint(times * RATE).astype(int) - _REST
    peak = int(np.argmax(np.abs(samples)))
    early = at <= peak + settings.hop
    if early.any():
        return int(np.clip(at[early][np.argmax(strengths[early])], 0, peak))
    return int(np.argmax(np.abs(samples) > 0.1))
