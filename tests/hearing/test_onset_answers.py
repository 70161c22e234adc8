"""A model of windows is asked at onsets alone; recordings and streams of any block size get the same answers."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import RATE, beat

from drumscribe.errors import ModelError
from drumscribe.hearing.conductor import Conductor
from drumscribe.hearing.evidence import RECORDING
from drumscribe.hearing.onset_answers import OnsetAnswers, RememberedAnswers
from drumscribe.network.answers import Answers
from drumscribe.network.model_card import Columns, LookAhead, ModelInfo, Window
from drumscribe.network.model_file import load_model_info, write_model
from drumscribe.network.window import WindowFile, levelled, windows_at
from drumscribe.sound.spectrogram import SpectrogramSettings

COLUMNS = Columns(("kick", "clap"), ())
WEIGHTS = tuple((0.0, *(float(n == i) for n in range(6 + RECORDING))) for i in range(2))
INFO = ModelInfo(
    *("mine", "0.1.0", "", "", ""),
    spectrogram=SpectrogramSettings(),
    columns=COLUMNS,
    weights=WEIGHTS,
    thresholds=(0.5, 0.4),
    context=10,
    chunk=16,
    embedding=0,
    fingerprint="",
    quantisation="float32",
    look_aheads=(LookAhead(16, WEIGHTS, (0.5, 0.4)),),
    window=Window(5, 0.9, (("clap", 39),)),
)


class LowOrHigh:
    """Takes windows that are loud in the lowest bands for kicks, and others for claps."""

    def __init__(self) -> None:
        self.asked = 0

    def classify(self, windows: np.ndarray) -> np.ndarray:
        self.asked += len(windows)
        assert windows.shape[1:] == (16, 80)
        low = windows[:, 5:, :8].mean(axis=(1, 2)) > windows[:, 5:, 40:].mean(axis=(1, 2))
        return np.column_stack([low, ~low]).astype(np.float32)


def answers_in_blocks(size: int) -> Answers:
    samples = beat(3.0)
    conductor = Conductor(INFO, 10.0)
    answering = OnsetAnswers(LowOrHigh(), INFO, conductor)
    parts = [answering.push(conductor.push(samples[i : i + size])) for i in range(0, len(samples), size)]
    parts.append(answering.push(conductor.flush_frames()))
    conductor.flush_onsets()
    return Answers.concat([*parts, answering.flush()])


def test_answers_are_at_onsets_whatever_the_block_size() -> None:
    whole = answers_in_blocks(3 * RATE)
    at = np.flatnonzero(whole.activations.any(axis=1))
    expected = np.arange(0.25, 2.9, 0.5) * 100 + 5
    assert all(np.abs(at - frame).min() <= 1 for frame in expected)
    kicks = [whole.activations[at[np.argmin(np.abs(at - frame))], 0] for frame in expected]
    assert kicks == [1.0, 0.0] * 3, "kick and snare in turn"
    for size in (441, 1000, 20000):
        np.testing.assert_array_equal(answers_in_blocks(size).activations, whole.activations)


def test_a_stream_asks_about_each_onset_once() -> None:
    frames = np.random.default_rng(1).random((100, 80)).astype(np.float32)
    network = LowOrHigh()
    remembered = RememberedAnswers(network, INFO)
    onsets = np.array([0.3, 0.5, 0.95])
    for origin in range(3):
        answers = remembered.answer(frames, origin, onsets)
        assert np.flatnonzero(answers.activations.any(axis=1)).tolist() == [30 - origin, 50 - origin]
    assert network.asked == 2, "the window of the last is not complete"


def test_windows_are_at_one_level_with_silence_beyond_the_ends() -> None:
    frames = np.full((20, 4), 0.5, np.float32)
    first, last = windows_at(frames, np.array([0, 19]), 16, INFO.window)
    assert (first[:5] == 0.0).all() or first[:5].max() < first[5:].max()
    np.testing.assert_allclose(first[5:], 0.9)
    np.testing.assert_allclose(last[:6], 0.9)
    assert not levelled(np.zeros((3, 4), np.float32), 0.9).any()


def test_a_card_comes_back_as_it_was_written(tmp_path) -> None:
    write_model(b"network", INFO, tmp_path / "mine.tflite", {"experiment": {}})
    assert load_model_info(tmp_path / "mine.tflite") == INFO
    assert INFO.own_notes == {"clap": 39}
    assert load_model_info().own_notes == {}


def test_a_file_that_is_no_network_is_one_line(tmp_path) -> None:
    write_model(b"network", replace(INFO, name="broken"), tmp_path / "mine.tflite")
    with pytest.raises(ModelError, match="cannot run the model"):
        WindowFile(tmp_path / "mine.tflite", INFO)
