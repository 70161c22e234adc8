"""Windows from folder to model file, by the commands: trained, killed, resumed, measured, converted, put to use."""

import csv
import json
import signal
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from conftest import RATE, beat, kick, snare, write_audio
from killing import assert_equal_checkpoints, fit_and_kill

pytest.importorskip("tensorflow")

from drumscribe.training import make
from drumscribe.training.cli import main
from drumscribe.training.data import samples, shots
from drumscribe.training.experiment import AUGMENTS, Experiment, read_experiment
from drumscribe.training.features.strokes import StrokeBook
from drumscribe.training.features.windows import WindowMaker, cut_window

from drumscribe.errors import DrumscribeError

TOML = """
description = "Three drums"

[spectrogram]
bands = 24

[input]
kind = "window"
before_ms = 20
after_ms = 80

[samples]
classes = ["kick", "snare", "hihat"]
variants = 3
held_out = 0.34

[network]
family = "cnn"
formulation = "{formulation}"
filters = [6, 8]
width = 12

[fit]
steps = 40
cooldown = 20
warmup = 5
rate = 1e-2
clips = 12
half = false
checkpoint_seconds = 0.0
"""


def hihat(seed: int) -> np.ndarray:
    """A short hiss."""
    t = np.arange(RATE // 10) / RATE
    noise = np.diff(np.random.default_rng(seed).standard_normal(len(t) + 1))
    return (0.3 * noise * np.exp(-60 * t)).astype(np.float32)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Folders of three drums of six kits, told by their names."""
    folder = tmp_path_factory.mktemp("samples")
    rest = np.zeros(RATE // 20, np.float32)
    for kit in range(6):
        speed = round(RATE * (0.85 + 0.06 * kit))
        for name, sound in (("kick", kick(speed)), ("snare", snare(speed)), ("hihat", hihat(kit))):
            write_audio(folder / f"kit{kit}" / name / "01.wav", np.concatenate([rest, sound]))
    return folder


@pytest.fixture(scope="module")
def toml(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("experiments") / "three.toml"
    path.write_text(TOML.format(formulation="multi-class"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def places(data: Path, tmp_path_factory) -> make.Places:
    return make.Places(data, tmp_path_factory.mktemp("cache"), data)


def run(name: str, *arguments: object, places: make.Places | None = None, code: int = 0) -> str:
    """Run a command; its standard output, or the one line that it fails with."""
    where = ["--data", places.data, "--cache", places.cache] if places else []
    result = CliRunner().invoke(main, [str(argument) for argument in (name, *arguments, *where)])
    assert result.exit_code == code, result.output
    if not code:
        return result.stdout
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    return errors[-1]


@pytest.fixture(scope="module")
def trained(toml: Path, places: make.Places) -> make.Places:
    run("fit", toml, places=places)
    return places


@pytest.fixture(scope="module")
def converted(toml: Path, trained: make.Places) -> Path:
    run("convert", toml, places=trained)
    return trained.cache / "runs" / "three"


def test_a_model_tells_drums_of_other_kits_apart(toml: Path, trained: make.Places) -> None:
    measured = json.loads(run("evaluate", toml, "--json", places=trained))
    assert measured["single"]["windows"] == 6
    assert measured["single"]["accuracy"] == 1.0
    assert np.trace(measured["single"]["confusion"]) == 6
    assert "accuracy 1.000" in run("evaluate", toml, places=trained)


def test_a_model_file_is_measured_as_its_checkpoint_is(toml: Path, trained: make.Places, converted: Path) -> None:
    of_file, of_checkpoint = (
        json.loads(run("evaluate", model, "--json", places=trained))
        for model in (converted / "three.int8.tflite", toml)
    )
    assert of_file["single"]["confusion"] == of_checkpoint["single"]["confusion"]


def test_a_model_is_converted_to_every_kind_with_a_card(converted: Path) -> None:
    assert sorted(path.name for path in converted.glob("*.tflite")) == [
        f"three.{kind}.tflite" for kind in ("dynamic", "float16", "float32", "int8")
    ]
    card = json.loads((converted / "three.json").read_text(encoding="utf-8"))
    assert card["refused"] == {}
    assert card["deviation"]["float32"] < 1e-4
    assert card["experiment"]["fit"]["seed"] == 1
    assert {len(digest) for digest in card["data"].values()} == {64}
    assert {"numpy", "tensorflow", "keras", "drumscribe"} <= set(card["versions"])


def test_predictions_are_a_table_of_class_and_probability(toml, data, trained, converted, tmp_path: Path) -> None:
    rows = []
    for model in (toml, converted / "three.int8.tflite"):
        table = run("predict", model, data / "kit0", data / "kit1" / "snare" / "01.wav", "--cache", trained.cache)
        rows.append(list(csv.DictReader(table.splitlines())))
    for table in rows:
        assert [row["class"] for row in table] == ["hihat", "kick", "snare", "snare"]
        assert [float(row["time"]) for row in table] == pytest.approx([0.05] * 4, abs=0.005)
        assert all(float(row["probability"]) > 0.5 for row in table)
    out = tmp_path / "new" / "table.csv"
    assert run("predict", toml, data / "kit0", "--cache", trained.cache, "--out", out) == ""
    assert len(out.read_text(encoding="utf-8").splitlines()) == 4


def test_every_onset_of_a_recording_is_answered(toml: Path, trained: make.Places, tmp_path: Path) -> None:
    take = write_audio(tmp_path / "take.wav", beat())
    rows = list(csv.DictReader(run("predict", toml, take, "--every-onset", "--cache", trained.cache).splitlines()))
    for time, name in zip((0.25, 0.75, 1.25, 1.75), ("kick", "snare") * 2, strict=True):
        nearest = min(rows, key=lambda row: abs(float(row["time"]) - time))
        assert float(nearest["time"]) == pytest.approx(time, abs=0.01)
        assert nearest["class"] == name


def test_a_recording_that_cannot_be_read_does_not_stop_the_others(toml, data, trained, tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    out = tmp_path / "table.csv"
    arguments = [tmp_path / "broken.wav", data / "kit0", "--cache", trained.cache, "--out", out]
    assert "1 of 4 recordings" in run("predict", toml, *arguments, code=1)
    assert len(out.read_text(encoding="utf-8").splitlines()) == 4


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no way to kill without a word")
def test_training_that_was_killed_goes_on_to_the_same_weights(toml: Path, trained: make.Places, tmp_path: Path) -> None:
    places = replace(trained, cache=tmp_path)
    checkpoint = tmp_path / "runs" / "three" / "checkpoint.npz"
    step = fit_and_kill(["fit", str(toml), "--data", str(places.data), "--cache", str(tmp_path)], checkpoint)
    assert 0 < step < read_experiment(toml).fit.steps
    run("fit", toml, places=places)
    assert_equal_checkpoints(checkpoint, trained.cache / "runs" / "three" / "checkpoint.npz")


def test_the_loss_is_logged_for_tensorboard(trained: make.Places, toml: Path, tmp_path: Path) -> None:
    experiment = read_experiment(toml)
    longer = replace(experiment, fit=replace(experiment.fit, steps=60))
    places = replace(trained, cache=tmp_path)
    make.train(longer, places, report=lambda line: None)
    folder = places.run(longer)
    assert json.loads((folder / "log.jsonl").read_text(encoding="utf-8").splitlines()[0])["step"] == 50
    assert any(b"loss" in path.read_bytes() for path in (folder / "tensorboard").iterdir())


def test_tensorboard_shows_confusions_and_plays_the_worst_errors(toml: Path, places: make.Places, tmp_path) -> None:
    import tensorflow as tf

    experiment = read_experiment(toml)
    short = replace(experiment, fit=replace(experiment.fit, steps=1, validate_steps=1))
    places = replace(places, cache=tmp_path)
    make.train(short, places, report=lambda line: None)
    shown = {}
    for path in (places.run(short) / "tensorboard").iterdir():
        for record in tf.data.TFRecordDataset(str(path)):
            for value in tf.compat.v1.Event.FromString(record.numpy()).summary.value:
                shown[value.tag] = value.metadata.plugin_data.plugin_name, tf.make_ndarray(value.tensor)
    assert {"loss", "val_loss", "val_f_kick", "val_f_snare", "val_f_hihat"} <= shown.keys()
    plugin, (width, height, picture) = shown["confusions"]
    assert plugin == "images"
    assert picture.startswith(b"\x89PNG")
    assert int(width) == int(height) > 100
    plugin, sounds = shown["worst errors"]
    assert plugin == "audio"
    for sound, told in sounds:
        assert soundfile.info(BytesIO(sound)).samplerate == RATE
        assert b", taken for " in told


def test_samples_are_decoded_once(data: Path, tmp_path: Path, monkeypatch) -> None:
    first = samples.read_samples(data, cache=tmp_path)
    monkeypatch.setattr(shots, "_decode", None)
    again = samples.read_samples(data, cache=tmp_path)
    assert again == first
    for one, other in zip(first.samples, again.samples, strict=True):
        assert other.sound.onset == one.sound.onset
        np.testing.assert_array_equal(other.sound.samples, one.sound.samples)


def test_windows_depend_on_the_seed_and_their_index_alone(toml: Path, places: make.Places) -> None:
    experiment = replace(
        read_experiment(toml), network=replace(read_experiment(toml).network, formulation="multi-label")
    )
    book = StrokeBook(experiment, places.data, places.cache)
    first, again = (WindowMaker(book.training, experiment, (1, 2, 3), varied=True) for _ in range(2))
    first.make(0)
    for index in (4, 9):
        for one, other in zip(first.make(index), again.make(index), strict=True):
            np.testing.assert_array_equal(one, other)
    assert not np.array_equal(first.make(4)[0], first.make(4 + len(book.training))[0]), "each is varied in its own way"
    assert {int(first.make(i)[1].sum()) for i in range(20)} == {1, 2, 3}


def test_only_what_windows_are_made_of_is_in_their_digest(toml: Path, places: make.Places) -> None:
    experiment = read_experiment(toml)
    book = StrokeBook(experiment, places.data, places.cache)

    def digest(other: Experiment) -> str:
        return WindowMaker(book.training, other, (1,), varied=True).digest(10)

    assert digest(replace(experiment, fit=replace(experiment.fit, steps=7))) == digest(experiment)
    assert digest(replace(experiment, augment=AUGMENTS["none"])) != digest(experiment)
    assert digest(replace(experiment, input=replace(experiment.input, after_ms=40.0))) != digest(experiment)


def test_a_window_has_the_attack_in_its_place_and_one_level(toml: Path) -> None:
    experiment = read_experiment(toml)
    sound = np.zeros(RATE, np.float32)
    sound[22050 : 22050 + 8000] = kick()[:8000]
    window = cut_window(sound, 22050, experiment)
    assert window.shape == (11, 24)
    assert window.max(axis=1)[0] < 0.6 < window.max(axis=1)[2], "two frames before the attack, and at it"
    assert window.max() == pytest.approx(0.9)
    np.testing.assert_allclose(cut_window(0.1 * sound, 22050, experiment)[3].max(), window[3].max(), atol=1e-4)
    assert cut_window(sound, len(sound) + RATE, experiment).shape == (11, 24), "silence beyond the end"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('family = "cnn"|family = "resnet"', "unknown network.family 'resnet'; known are dense"),
        ('formulation = "multi-class"|formulation = "ternary"', "unknown network.formulation 'ternary'"),
        ('kind = "window"|kind = "song"', "unknown input.kind 'song'"),
        ('kind = "window"|kind = "passage"', "the family cnn has no answer for each frame"),
        ('kind = "window"|kind = "window"\nlength_ms = 3', "unknown key input.length_ms"),
        ('classes = ["kick", "snare", "hihat"]|classes = ["kick"]', "two different instruments"),
        ('classes = ["kick", "snare", "hihat"]|classes = ["kick", "gong"]', "no samples of gong"),
        ('classes = ["kick", "snare", "hihat"]|classes = ["kick", "Gong!"]', "'Gong!' is no name"),
        ('classes = ["kick", "snare", "hihat"]|classes = ["kick", "tom"]', "no samples of tom"),
        ("[spectrogram]\nbands = 24|[spectrogram]\nscale = 'bark'", "unknown spectrogram scale 'bark'"),
        ("after_ms = 80|after_ms = -80", "holds no frame"),
        ("width = 12|width = 0", "network.width is 0, but should be from 1 to 8192"),
        ("clips = 12|clips = 0", "fit.clips is 0, but should be at least 1"),
        ("steps = 40|steps = -5", "fit.steps is -5, but should be at least 1"),
        ("filters = [6, 8]|filters = []", "network.filters"),
        ("held_out = 0.34|held_out = 1.5", "samples.held_out is 1.5, but should be from 0.01 to 0.9"),
    ],
)
def test_a_wrong_experiment_is_one_line(places: make.Places, tmp_path: Path, change: str, words: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(TOML.format(formulation="multi-class").replace(*change.split("|")), encoding="utf-8")
    assert words in run("fit", path, places=places, code=1)


def test_named_spectrograms_and_augmentations_are_known(tmp_path: Path) -> None:
    path = tmp_path / "named.toml"
    path.write_text("spectrogram = 'stft'\naugment = 'none'\n[input]\nkind = 'window'\n", encoding="utf-8")
    assert read_experiment(path).spectrogram.bands == 1024
    assert read_experiment(path).augment == AUGMENTS["none"]
    path.write_text("spectrogram = 'cepstrum'", encoding="utf-8")
    with pytest.raises(DrumscribeError, match=r"\[spectrogram\] or 'mel' or 'stft' or 'log-frequency'"):
        read_experiment(path)


@pytest.mark.parametrize("name", ["convert", "evaluate"])
def test_without_a_checkpoint_there_is_nothing_to_use(toml, places, tmp_path: Path, name: str) -> None:
    assert "run drumscribe-train fit" in run(name, toml, places=replace(places, cache=tmp_path), code=1)


def test_a_checkpoint_that_does_not_fit_is_refused(toml: Path, trained: make.Places, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "three"
    folder.mkdir(parents=True)
    (folder / "checkpoint.npz").write_bytes(b"PK broken")
    assert "damaged" in run("evaluate", toml, places=replace(trained, cache=tmp_path), code=1)
    other = tmp_path / "three.toml"
    other.write_text(TOML.format(formulation="multi-class").replace("width = 12", "width = 13"), encoding="utf-8")
    told = run("evaluate", other, places=trained, code=1)
    assert "trained with other settings: network.width (was 12, is 13); run drumscribe-train fit" in told


@pytest.mark.skipif(sys.platform == "win32", reason="folders are not protected this way")
def test_a_cache_that_cannot_be_written_is_one_line(toml: Path, places: make.Places, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    assert "cannot be written" in run("fit", toml, places=replace(places, cache=tmp_path / "cache"), code=1)
