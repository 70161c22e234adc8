"""A second run: nothing to do, going on, or starting anew, and why."""

import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import RATE, kick, snare, write_audio

pytest.importorskip("tensorflow")

from drumscribe.training import apply, make
from drumscribe.training.decisions.validation import WindowValidation
from drumscribe.training.experiment import Experiment, FitSettings, InputSettings, SampleSettings
from drumscribe.training.learning import fit as fitting
from drumscribe.training.learning.checkpoints import load_checkpoint, save_checkpoint
from drumscribe.training.learning.fit import build_trainee
from drumscribe.training.learning.logs import Log
from drumscribe.training.learning.resuming import BEFORE, changes, recipe_of, resume
from drumscribe.training.learning.validation import Course
from drumscribe.training.networks.families import NetworkSettings
from drumscribe.training.networks.formulations import FORMULATIONS

from drumscribe.errors import DrumscribeError
from drumscribe.sound.spectrogram import SpectrogramSettings

SMALL = Experiment(
    "small",
    samples=SampleSettings(classes=("kick", "snare"), variants=1, held_out=0.34),
    spectrogram=SpectrogramSettings(bands=12),
    input=InputSettings("window", 10.0, 20.0),
    network=NetworkSettings("dense", "multi-class", width=4, depth=1),
    fit=FitSettings(steps=4, cooldown=2, warmup=1, clips=4, half=False),
)


TOML = """
[samples]
classes = ["kick", "snare"]
variants = 1
held_out = 0.34
[spectrogram]
bands = 12
[input]
kind = "window"
before_ms = 10
after_ms = 20
[network]
family = "dense"
formulation = "multi-class"
width = 4
depth = 1
[fit]
steps = 4
cooldown = 2
warmup = 1
clips = 4
half = false
"""
"""The same as a file."""


@pytest.fixture
def places(tmp_path: Path) -> make.Places:
    for kit in range(3):
        speed = round(RATE * (0.9 + 0.1 * kit))
        for name, sound in (("kick", kick(speed)), ("snare", snare(speed))):
            write_audio(tmp_path / "samples" / f"kit{kit}" / name / "01.wav", sound)
    return make.Places(tmp_path / "samples", tmp_path / "cache", tmp_path)


def fit(experiment: Experiment, places: make.Places) -> str:
    """Train, and return the line that says what is done."""
    told: list[str] = []
    make.train(experiment, places, told.append)
    return next(line for line in told if line.startswith("small: "))


def with_fit(**values) -> Experiment:
    return replace(SMALL, fit=replace(SMALL.fit, **values))


def weights(places: make.Places) -> np.ndarray:
    network = build_trainee(SMALL)
    load_checkpoint(network, places.run(SMALL))
    return network.get_weights()[0]


def test_a_second_run_says_what_it_does_and_why(places: make.Places) -> None:
    assert fit(SMALL, places) == "small: training from the start, 4 steps"
    first = weights(places)
    assert "nothing to do" in fit(SMALL, places)
    assert "nothing to do" in fit(with_fit(checkpoint_seconds=7.0), places), "what the weights do not depend on"
    assert fit(with_fit(steps=6), places) == "small: going on from step 4 of 6"
    told = fit(SMALL, places)
    assert "starting anew, 4 steps" in told
    assert "fit.steps (it has 6 steps)" in told
    np.testing.assert_array_equal(weights(places), first)
    assert "changed since: fit.seed (was 1, is 2)" in fit(with_fit(seed=2), places)
    assert (places.run(SMALL) / BEFORE).exists()
    assert not np.array_equal(weights(places), first)


def test_other_samples_start_anew_and_are_not_measured_on_before(places: make.Places) -> None:
    fit(SMALL, places)
    make.open_book(SMALL, places)
    write_audio(places.data / "kit0" / "kick" / "02.wav", kick(round(1.3 * RATE)))
    write_audio(places.data / "kit1" / "kick" / "02.wav", kick(round(1.4 * RATE)))
    with pytest.raises(DrumscribeError, match="trained on other samples than these; run drumscribe-train fit"):
        make.open_book(SMALL, places)
    assert "starting anew, 4 steps; changed since: the samples" in fit(SMALL, places)
    make.open_book(SMALL, places)


def test_another_formulation_is_not_read_with_old_weights(places: make.Places) -> None:
    fit(SMALL, places)
    other = replace(SMALL, network=replace(SMALL.network, formulation="multi-label"))
    with pytest.raises(DrumscribeError, match="was multi-class, is multi-label"):
        make.trained(other, places)
    assert "network.formulation (was multi-class, is multi-label)" in fit(other, places)


def test_a_network_of_passages_goes_on_whatever_has_changed(tmp_path: Path) -> None:
    network = NetworkSettings("tcn", width=4, taps=3, dilations=(1,))
    experiment = replace(SMALL, input=InputSettings("passage"), network=network)
    trainee, told = build_trainee(experiment), []
    save_checkpoint(trainee, 3, tmp_path)
    assert resume(trainee, experiment, tmp_path, "sound", told.append) == 3
    assert told == ["small: going on from step 3 of 4"], "a checkpoint of before, whose recipe is not known"
    save_checkpoint(trainee, 3, tmp_path, recipe_of(experiment, "other sound"))
    assert resume(trainee, experiment, tmp_path, "sound", told.append) == 3
    assert told[-1] == "small: going on from step 3 of 4, although changed since: the samples"


def test_the_best_weights_are_kept_and_training_stops_early(places: make.Places) -> None:
    watched = with_fit(steps=30, validate_steps=2, keep_best=True, patience=2, rate=1.0, cooldown=0)
    told: list[str] = []
    make.train(watched, places, told.append)
    folder = places.run(watched)
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    losses = {row["step"]: row["val_loss"] for row in rows}
    assert {"loss", "val_loss", "val_f", "val_f_kick", "val_f_snare"} <= rows[0].keys()
    assert any("stopped early" in line for line in told)
    assert len(losses) < 15
    best = min(losses, key=lambda step: losses[step])
    assert f"step {best}, loss {losses[best]:.4f}" in told[-1]
    validation = WindowValidation(make.open_book(watched, places), FORMULATIONS["multi-class"])
    measured = validation.measure(make.trained(watched, places)[0])
    assert measured.values["val_loss"] == pytest.approx(losses[best], rel=1e-4)
    assert (folder / "curves.png").stat().st_size > 1000
    assert "nothing to do" in fit(watched, places)


def test_a_run_that_is_asked_to_stop_goes_on_to_the_same_weights(places: make.Places, monkeypatch) -> None:
    fit(SMALL, places)
    whole = weights(places)
    monkeypatch.setattr(fitting, "learning_rate", lambda settings, step: signal.raise_signal(signal.SIGINT) or 1e-3)
    other = replace(places, cache=places.cache / "other")
    with pytest.raises(DrumscribeError, match="small: stopped after step 1; run it again"):
        make.train(SMALL, other, lambda line: None)
    monkeypatch.undo()
    assert fit(SMALL, other) == "small: going on from step 1 of 4"
    assert weights(other).shape == whole.shape


def test_a_run_that_is_asked_to_stop_while_it_measures_loses_nothing(places: make.Places, monkeypatch) -> None:
    measured = with_fit(validate_steps=2)
    monkeypatch.setattr(Course, "measure", lambda *_: signal.raise_signal(signal.SIGINT) or {})
    with pytest.raises(DrumscribeError, match="small: stopped after step 2; run it again"):
        make.train(measured, places, lambda line: None)
    monkeypatch.undo()
    assert fit(measured, places) == "small: going on from step 2 of 4"


def test_another_task_begins_with_the_first_layers_which_may_stay(places: make.Places) -> None:
    fit(SMALL, places)
    told: list[str] = []
    network = replace(SMALL.network, formulation="binary")
    other = replace(with_fit(start="small", frozen=1), name="other", network=network)
    with pytest.raises(DrumscribeError, match=r"missing.checkpoint.npz: no such checkpoint"):
        make.train(replace(other, fit=replace(other.fit, start="missing")), places, told.append)
    make.train(other, places, told.append)
    assert any(line.startswith("beginning with ") and "runs" in line for line in told)
    kept = make.trained(other, places)[0].get_weights()[0]
    np.testing.assert_array_equal(kept, weights(places), err_msg="the first layer is frozen")


def test_each_file_has_an_answer_the_worst_first(places: make.Places, capsys) -> None:
    fit(SMALL, places)
    toml = places.models / "small.toml"
    toml.write_text(TOML, encoding="utf-8")
    answers = apply.evaluate_files(toml, places, lambda line: None)
    assert [answer.probability for answer in answers] == sorted(answer.probability for answer in answers)
    assert {answer.label for answer in answers} == {"kick", "snare"}
    apply.write_files(answers)
    assert capsys.readouterr().out.splitlines()[0] == "probability,class,answer,file"


def test_settings_of_later_versions_count_with_their_defaults() -> None:
    now = recipe_of(SMALL, "sound")
    before = {key: value for key, value in now.items() if key not in ("fit.frozen", "fit.half")}
    assert list(changes(before, now)) == ["fit.half (was True, is False)"], "of these, only that is no default"


def test_lines_of_the_log_are_not_repeated_after_a_kill(tmp_path: Path) -> None:
    log = Log(tmp_path, 0)
    for step in (50, 100):
        log.write(step, loss=1.0)
    with open(tmp_path / "log.jsonl", "a", encoding="utf-8") as lines:
        lines.write('{"step": 150, "lo')
    Log(tmp_path, 70).write(100, loss=2.0)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["step"], row["loss"]) for row in rows] == [(50, 1.0), (100, 2.0)]
