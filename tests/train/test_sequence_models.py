"""Passages that learn from sequences of one-shots: rendered when first asked for, trained, and transcribed with."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import RATE, beat, kick, snare, write_audio

pytest.importorskip("tensorflow")

from drumscribe.training import make
from drumscribe.training.experiment import (
    CorpusSettings,
    Experiment,
    FitSettings,
    InputSettings,
    SampleSettings,
    read_experiment,
)
from drumscribe.training.features.batches import read_library
from drumscribe.training.networks.families import NetworkSettings
from drumscribe.training.rendering.clips import ROLES
from drumscribe.training.rendering.sequences import SequenceSettings

from drumscribe.errors import DrumscribeError
from drumscribe.transcriber import Transcriber

SMALL = Experiment(
    "passages",
    corpus=CorpusSettings("sequences", clips=2, validation_clips=1),
    samples=SampleSettings(classes=("kick", "snare"), held_out=0.34),
    sequences=SequenceSettings(interval=(0.1, 0.3), together=0.5, noisy=0.0),
    network=NetworkSettings("tcn", width=6, taps=3, dilations=(1,)),
    fit=FitSettings(steps=3, cooldown=1, warmup=1, clips=2, frames=50, half=False, validate_steps=2),
)


@pytest.fixture
def places(tmp_path: Path) -> make.Places:
    for kit in range(3):
        speed = round(RATE * (0.9 + 0.1 * kit))
        for name, sound in (("kick", kick(speed)), ("snare", snare(speed))):
            write_audio(tmp_path / "samples" / f"kit{kit}" / name / "01.wav", sound)
    return make.Places(tmp_path / "samples", tmp_path / "cache", tmp_path / "models")


def train(experiment: Experiment, places: make.Places) -> list[str]:
    told: list[str] = []
    make.train(experiment, places, told.append)
    return told


def test_sequences_are_rendered_trained_on_and_transcribed_with(places: make.Places, monkeypatch) -> None:
    told = train(SMALL, places)
    assert sum(line.startswith("rendered") for line in told) == 3, "to train on, to decide by, to measure on"
    assert "passages: training from the start, 3 steps" in told
    shard = next(places.cache.glob("sequences-train-1-*")) / "00000.npz"
    library = read_library([shard])
    assert {ROLES[role] for roles in library.roles for role in roles} == {"kick", "snare"}
    assert any((np.diff(times) == 0.0).any() for times in library.times), "some are struck at once"
    assert not places.models.exists(), "nothing is shipped"
    log = (places.run(SMALL) / "log.jsonl").read_text(encoding="utf-8").splitlines()
    measured = {row["step"]: row for row in map(json.loads, log) if "val_loss" in row}
    assert [*measured] == [2, 3]
    assert {name for name in measured[3] if name.startswith("val_f")} == {"val_f", "val_f_kick", "val_f_snare"}

    monkeypatch.setattr(make, "KINDS", ("float32",))
    make.convert(SMALL, places, places.cache / "model", lambda line: None)
    transcriber = Transcriber(places.cache / "model" / "passages.float32.tflite")
    assert transcriber.transcribe_array(beat(), RATE).duration == pytest.approx(2.0)


def test_sequences_of_other_samples_or_settings_are_rendered_anew(places: make.Places) -> None:
    train(SMALL, places)
    told = train(SMALL, places)
    assert any("nothing to do" in line for line in told)
    assert not any(line.startswith("rendered") for line in told)
    slower = replace(SMALL, sequences=replace(SMALL.sequences, interval=(0.3, 0.5)))
    told = train(slower, places)
    assert sum(line.startswith("rendered") for line in told) == 3
    assert any("starting anew" in line and "the samples, sequences.interval" in line for line in told)


def test_passages_know_the_vocabulary_alone() -> None:
    with pytest.raises(DrumscribeError, match=r"samples\.classes: stomp: passages know kick"):
        replace(SMALL, samples=replace(SMALL.samples, classes=("kick", "stomp")))


def test_the_bundled_experiment_is_sound() -> None:
    experiment = read_experiment(Path(make.__file__).with_name("sequences.toml"))
    assert experiment.learns_from_samples
    assert experiment.input == InputSettings()
