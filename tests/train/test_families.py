"""Every family of networks, in every formulation: it learns, answers, converts, and states what it costs."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import RATE, beat

pytest.importorskip("tensorflow")

from drumscribe.training.costs import compare_families, costs_of, multiply_adds
from drumscribe.training.decisions.onsets import window_info
from drumscribe.training.decisions.predictors import WindowPredictor, read_window_model, write_window_model
from drumscribe.training.experiment import COLUMNS, Experiment, InputSettings, SampleSettings
from drumscribe.training.features.targets import answer_width
from drumscribe.training.learning.convert import KINDS, convert, convert_checked, deployable
from drumscribe.training.learning.fit import build_trainee
from drumscribe.training.networks.families import (
    FAMILIES,
    Family,
    NetworkSettings,
    build_passage_network,
    receptive_field,
)
from drumscribe.training.networks.formulations import FORMULATIONS

from drumscribe.errors import DrumscribeError
from drumscribe.sound.spectrogram import SpectrogramSettings
from drumscribe.transcriber import Transcriber

CLASSES = ("kick", "snare", "hihat")
TINY = NetworkSettings(filters=(3, 3), width=8, depth=1, taps=3, dilations=(1, 2))
WINDOW = Experiment(
    "tiny",
    spectrogram=SpectrogramSettings(bands=12),
    input=InputSettings("window", before_ms=10, after_ms=30),
    samples=SampleSettings(classes=CLASSES),
    network=TINY,
)
WITH_EMBEDDING = ("tcn", "cnn-tcn")
PER_FRAME = [name for name, family in FAMILIES.items() if family.per_frame]


def window_experiment(family: str, formulation: str) -> Experiment:
    experiment = replace(WINDOW, network=replace(TINY, family=family, formulation=formulation))
    return replace(experiment, fit=replace(experiment.fit, half=False))


def drums(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Windows of three drums, each sounding in bands of its own: frames and labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count)[:, None] % 3 == np.arange(3)
    frames = 0.3 * rng.random((count, WINDOW.window_frames, 12)).astype(np.float32)
    frames[:, 1:] += 0.6 * np.repeat(labels, 4, axis=1)[:, None, :]
    return frames.astype(np.float32), labels


@pytest.fixture(scope="module")
def learned():
    """Trained networks, made when first asked for, with their first and last loss."""
    networks = {}

    def get(family: str, formulation: str):
        if (family, formulation) not in networks:
            network = build_trainee(window_experiment(family, formulation))
            network.run_eagerly = True  # tracing takes longer than these few steps
            network.optimizer.learning_rate.assign(0.02)
            frames, labels = drums(30)
            losses = []
            for _ in range(6):
                network.reset_metrics()
                losses.append(float(network.train_on_batch(frames, labels.astype(np.float32))))
            networks[family, formulation] = network, losses[0], losses[-1]
        return networks[family, formulation]

    return get


@pytest.mark.parametrize("formulation", FORMULATIONS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_learns_in_every_formulation(family: str, formulation: str, learned) -> None:
    network, first, last = learned(family, formulation)
    assert last < 0.9 * first
    frames, _ = drums(30)
    probabilities = WindowPredictor(window_experiment(family, formulation), network).predict(frames)
    assert probabilities.shape == (30, 3)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    if not FORMULATIONS[formulation].simultaneous:
        np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)


def assert_transcribes(model: Path) -> None:
    """A model file answers at the onsets of a recording, and only there."""
    transcriber = Transcriber(model)
    answers = transcriber.answers(beat(), RATE)
    at = transcriber.times(answers)[answers.activations.any(axis=1)]
    assert [np.abs(at - time).min() < 0.01 for time in (0.25, 0.75, 1.25, 1.75)] == [True] * 4
    assert len(at) < 10
    assert {hit.instrument for hit in transcriber.hits(answers, beat(), RATE)} <= {"kick", "snare", "hihat"}


def check_conversion(family: str, formulation: str, kinds: tuple[str, ...], learned, folder: Path) -> None:
    experiment, (network, *_) = window_experiment(family, formulation), learned(family, formulation)
    frames, _ = drums(30)

    def write(flatbuffer: bytes, kind: str, path: Path) -> None:
        write_window_model(flatbuffer, experiment, window_info(experiment, network), kind, path)

    conversions = convert_checked(experiment, network, kinds, frames, drums(9, seed=2)[0], write, folder)
    assert [c.kind for c in conversions if c.reason] == [], "every one can be converted"
    expected = WindowPredictor(experiment, network).predict(frames)
    for kind in kinds:
        predictor = read_window_model(folder / f"tiny.{kind}.tflite")
        assert predictor.experiment == experiment
        np.testing.assert_allclose(predictor.predict(frames), expected, atol=0.1)
        assert_transcribes(folder / f"tiny.{kind}.tflite")


@pytest.mark.parametrize(
    ("family", "formulation"), [("cnn", "multi-class"), ("dense", "binary"), ("transformer", "multi-label")]
)
def test_what_a_family_learned_survives_conversion(family: str, formulation: str, learned, tmp_path: Path) -> None:
    check_conversion(family, formulation, KINDS, learned, tmp_path)


def test_recurrent_layers_are_converted_too(learned, tmp_path: Path) -> None:
    check_conversion("lstm", "multi-class", ("float32", "int8"), learned, tmp_path)


@pytest.mark.skipif("DRUMSCRIBE_SLOW_TESTS" not in os.environ, reason="takes minutes; set DRUMSCRIBE_SLOW_TESTS=1")
@pytest.mark.parametrize("formulation", FORMULATIONS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_in_every_formulation_is_converted(family: str, formulation: str, learned, tmp_path: Path) -> None:
    check_conversion(family, formulation, KINDS, learned, tmp_path)


@pytest.mark.parametrize("family", PER_FRAME)
def test_families_that_answer_per_frame_serve_passages(family: str) -> None:
    experiment = Experiment("tiny", spectrogram=WINDOW.spectrogram, network=replace(TINY, family=family))
    network = build_trainee(replace(experiment, fit=replace(experiment.fit, half=False)))
    answers = np.asarray(network(np.random.default_rng(1).random((2, 20, 12), np.float32), training=False))
    assert answers.shape == (2, 20, answer_width(COLUMNS))
    shapes = [output.shape[1:] for output in deployable(experiment, network, "float32").outputs]
    embedding = [(2048, TINY.width)] if family in WITH_EMBEDDING else []
    assert shapes == [(2048, len(COLUMNS)), *embedding, (2048, 1)], "answers, embedding, percussion"


def test_a_family_without_answers_per_frame_is_refused_for_passages() -> None:
    with pytest.raises(DrumscribeError, match="the family dense has no answer for each frame"):
        Experiment("tiny", network=replace(TINY, family="dense"))


def test_only_several_answers_at_once_will_do_for_passages() -> None:
    with pytest.raises(DrumscribeError, match="multi-label can"):
        Experiment("tiny", network=replace(TINY, formulation="multi-class"))


def test_a_conversion_that_cannot_be_made_is_told_and_leaves_no_file(tmp_path: Path) -> None:
    experiment = Experiment("tiny", spectrogram=WINDOW.spectrogram, network=replace(TINY, family="gru"))
    experiment = replace(experiment, fit=replace(experiment.fit, half=False))
    (tmp_path / "tiny.int8.tflite").write_bytes(b"of an earlier conversion")
    frames = np.zeros((1, 2048, 12), np.float32)
    (result,) = convert_checked(experiment, build_trainee(experiment), ("int8",), frames, frames, print, tmp_path)
    assert "too many" in result.reason
    assert not list(tmp_path.iterdir())


def test_a_network_that_changes_in_conversion_is_refused(tmp_path: Path) -> None:
    experiment = window_experiment("dense", "multi-class")

    def write_garbage(flatbuffer: bytes, kind: str, path: Path) -> None:
        network = build_trainee(replace(experiment, fit=replace(experiment.fit, seed=2)))
        flatbuffer = convert(deployable(experiment, network, kind), kind, frames)
        write_window_model(flatbuffer, experiment, window_info(experiment, network), kind, path)

    frames = drums(5)[0]
    network = build_trainee(experiment)
    (result,) = convert_checked(experiment, network, ("float32",), frames, frames, write_garbage, tmp_path)
    assert "deviates" in result.reason
    assert not list(tmp_path.iterdir())


def test_costs_are_counted_by_hand() -> None:
    frames, bands, width = WINDOW.window_frames, 12, 8
    dense = costs_of(window_experiment("dense", "multi-class"))
    assert dense.parameters == frames * bands * width + 4 * width + width * 3 + 3
    per_window = frames * bands * width + width * 3
    assert dense.multiply_adds == round(per_window * 100.0 / frames)
    assert (dense.frames, dense.milliseconds) == (frames, 40.0)
    binary = costs_of(window_experiment("dense", "binary"))
    assert binary.parameters == 3 * (frames * bands * width + 4 * width + width + 1), "a network for each class"


def test_multiply_adds_of_recurrence_and_attention() -> None:
    gru = build_passage_network(replace(TINY, family="gru"), 12, 2, frames=10)
    assert multiply_adds(gru) == 10 * (2 * 3 * (12 * 4 + 4 * 4) + 8 * 2)
    transformer = build_passage_network(replace(TINY, family="transformer"), 12, 2, frames=10)
    attention = 4 * 8 * 8 + 2 * 10 * 8
    assert multiply_adds(transformer) == 10 * (12 * 8 + 9 * 8 + attention + 2 * 8 * 16 + 8 * 2)


@pytest.mark.parametrize(("family", "frames"), [("tcn", 7), ("cnn-tcn", 11), ("gru", None), ("transformer", None)])
def test_a_receptive_field_is_what_an_answer_depends_on(family: str, frames: int | None) -> None:
    network = build_passage_network(replace(TINY, family=family), 12, 2, frames=31)
    assert receptive_field(network) == frames
    if frames is not None:
        quiet, loud = np.zeros((2, 1, 31, 12), np.float32)
        for frame, depends in ((15 - frames // 2, True), (14 - frames // 2, False)):
            loud = quiet.copy()
            loud[0, frame] = 1.0
            changed = np.asarray(network(loud))[0, 15] != np.asarray(network(quiet))[0, 15]
            assert changed.any() == depends


def test_a_new_family_is_a_function_and_a_line(monkeypatch, tmp_path: Path) -> None:
    def separable(x, settings: NetworkSettings, unrolled: bool):
        from keras import layers

        return layers.SeparableConv1D(settings.width, settings.taps, activation="relu")(x)

    monkeypatch.setitem(FAMILIES, "separable", Family(separable, per_frame=False))
    experiment = window_experiment("separable", "multi-label")
    assert costs_of(experiment).multiply_adds is None, "what is not known is not guessed"
    assert any(line.startswith("separable") and " ? " in line for line in compare_families(experiment))
    network = build_trainee(experiment)

    def write(flatbuffer: bytes, kind: str, path: Path) -> None:
        write_window_model(flatbuffer, experiment, window_info(experiment, network), kind, path)

    (result,) = convert_checked(experiment, network, ("float32",), drums(5)[0], drums(5)[0], write, tmp_path)
    assert result.reason == ""
    assert_transcribes(tmp_path / "tiny.float32.tflite")
