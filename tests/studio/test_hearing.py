"""The drafts that a worker makes, one after another."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from drumscribe.kits.kit import Kit, Sound, write_kit
from drumscribe.music.transcription import Hit, Transcription
from drumscribe.network.bundled import models_folder
from drumscribe.network.model_file import load_model_info
from drumscribe.studio.hearing import Hearer, Request


class Namer:
    """A transcriber that reports one hit, of the first sound of its kit."""

    def __init__(self, model, options, kit):
        self.info, self._sound = load_model_info(model), kit.sounds[0].name if kit else "kick"

    def transcribe_file(self, path, progress):
        return Transcription((Hit(0.5, self._sound, 100, own_note=60),), 1.0, self.info.name)


@pytest.fixture
def hear(monkeypatch):
    """What one worker hears with a request."""
    monkeypatch.setattr("drumscribe.transcriber.Transcriber", Namer)
    hearer = Hearer()
    return lambda request: hearer.hear(Path("song.wav"), request, lambda seconds: None)


def teach(sound: str, path: Path) -> None:
    """Write a kit with one sound."""
    numbers = np.ones(1, np.float32), np.ones(1, np.float32), np.ones((1, 3), np.float32)
    write_kit(Kit("mine", False, "", "", "", "", (Sound(sound, 60, 3, 1.0, 1.0),), *numbers), path)


def test_a_kit_that_was_taught_again_hears_its_new_sounds(hear, tmp_path):
    request = Request(kit=str(tmp_path / "mine.kit"))
    for sound in ("clap", "stomp"):
        teach(sound, tmp_path / "mine.kit")
        assert hear(request)["names"] == [sound]


def test_a_model_that_was_trained_again_is_loaded_again(hear, tmp_path):
    request = Request(model=str(tmp_path / "mine.tflite"))
    for name in ("tiny", "base"):
        shutil.copy(next(models_folder().glob(f"{name}.*.tflite")), tmp_path / "mine.tflite")
        assert hear(request)["model"] == name
