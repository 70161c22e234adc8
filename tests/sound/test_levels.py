"""A recording is heard alike at any level that its samples can hold."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from drumscribe import Transcriber
from drumscribe.sound.audio import load
from drumscribe.sound.levels import QUIET, gain_for, peak_until_loud

ROCK = Path(__file__).parents[2] / "examples/songs/rock.ogg"
RATE = 44100


@pytest.fixture(scope="module")
def rock() -> np.ndarray:
    return load(ROCK, RATE)[: 10 * RATE]


@pytest.mark.parametrize("level_db", [-32.0, -50.0, -70.0])
def test_a_quiet_recording_has_the_hits_of_a_loud_one(rock: np.ndarray, level_db: float, tmp_path: Path) -> None:
    transcriber = Transcriber("tiny")
    rock = rock / np.max(np.abs(rock))
    loud = transcriber.transcribe_array(rock * np.float32(10 ** (-12 / 20)), RATE)
    quiet = rock * np.float32(10.0 ** (level_db / 20.0))
    sf.write(tmp_path / "quiet.wav", quiet, RATE, subtype="FLOAT")
    for heard in (transcriber.transcribe_array(quiet, RATE), transcriber.transcribe_file(tmp_path / "quiet.wav")):
        assert len(heard.hits) > 40
        assert [hit.articulation for hit in heard.hits] == [hit.articulation for hit in loud.hits]
        assert [h.time for h in heard.hits] == pytest.approx([h.time for h in loud.hits], abs=1e-3)


def test_noise_of_a_converter_is_not_raised_to_drums() -> None:
    noise = np.random.default_rng(1).integers(-1, 2, 10 * RATE) / 32768
    assert Transcriber("tiny").transcribe_array(noise.astype(np.float32), RATE).hits == ()


def test_a_loud_recording_is_not_read_to_its_end() -> None:
    blocks = iter([np.full(10, 0.001), np.full(10, -0.1), np.full(10, 1.0)])
    assert peak_until_loud(blocks) == pytest.approx(0.1)
    assert next(blocks)[0] == 1.0


def test_what_is_loud_enough_or_silent_keeps_its_level() -> None:
    assert gain_for(QUIET) == gain_for(0.5) == gain_for(0.0) == 1.0
    assert gain_for(10 ** (-50 / 20)) * 10 ** (-50 / 20) == pytest.approx(10 ** (-12 / 20))
