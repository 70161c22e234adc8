"""Sounds that the tests make themselves; and one thread for TensorFlow, without which no sum is the same to the bit."""

import os
from pathlib import Path

import numpy as np
import pytest

for pool in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):  # processes that tests start inherit them
    os.environ.setdefault(pool, "1")

RATE = 44100


def kick(rate: int = RATE, seconds: float = 0.25) -> np.ndarray:
    """A falling sine with a click: enough of a kick for any detector."""
    t = np.arange(int(rate * seconds)) / rate
    return (0.8 * np.sin(2 * np.pi * (50 * t + 6 * (1 - np.exp(-30 * t)))) * np.exp(-12 * t)).astype(np.float32)


def snare(rate: int = RATE, seconds: float = 0.2) -> np.ndarray:
    """A burst of noise over a short tone."""
    t = np.arange(int(rate * seconds)) / rate
    noise = np.random.default_rng(1).standard_normal(len(t))
    return (0.3 * noise * np.exp(-25 * t) + 0.4 * np.sin(2 * np.pi * 190 * t) * np.exp(-30 * t)).astype(np.float32)


def beat(seconds: float = 2.0, rate: int = RATE) -> np.ndarray:
    """Kick and snare in turn, every half second from 0.25 s on: (samples,) float32."""
    samples = np.zeros(int(seconds * rate), np.float32)
    for i, at in enumerate(np.arange(0.25, seconds - 0.1, 0.5)):
        drum = (kick, snare)[i % 2](rate)
        start = round(at * rate)
        samples[start : start + len(drum)] += drum[: len(samples) - start]
    return samples


def write_audio(path: Path, samples: np.ndarray, rate: int = RATE, **kwargs) -> Path:
    """Write a sound file, and the folders above it; in short pieces, which libsndfile wants for ogg."""
    import soundfile

    path.parent.mkdir(parents=True, exist_ok=True)
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    if path.suffix.lower() == ".opus":
        kwargs = {"format": "OGG", "subtype": "OPUS", **kwargs}
    with soundfile.SoundFile(path, "w", rate, channels, **kwargs) as file:
        for start in range(0, len(samples), 8192):
            file.write(samples[start : start + 8192])
    return path


@pytest.fixture(autouse=True)
def state(tmp_path_factory, monkeypatch) -> Path:
    """A state folder of its own for each test, in which drumscribe remembers what it wrote."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    monkeypatch.setattr("platformdirs.user_state_path", lambda name, appauthor=None: folder / name)
    return folder


@pytest.fixture
def take(tmp_path) -> Path:
    """A two-second recording of kick and snare."""
    return write_audio(tmp_path / "take.wav", beat())
