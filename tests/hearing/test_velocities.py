"""How loud strokes are against each other decides on their velocities."""

import numpy as np
import pytest
from conftest import RATE, kick

from drumscribe import Transcriber
from drumscribe.hearing.candidates import Candidates
from drumscribe.hearing.velocities import AFTER, GROUPS, NUMBERS, StreamDynamics, attack_levels, compare_strokes

LOUDER = np.zeros((2, NUMBERS))
LOUDER[0, 2:] = 1.0  # of instrument 0, velocities are the sum of all levels
LOUDER[1, 0] = 1.0  # of instrument 1, they are the network's


def strokes(velocities: list[float], instruments: list[int], articulations: list[str]) -> Candidates:
    count = len(velocities)
    return Candidates(
        np.arange(count, dtype=float),
        np.array(instruments),
        np.full(count, 0.9, np.float32),
        np.array(velocities, np.float32),
        np.array(articulations, object),
        np.full(count, 2.0),
        np.arange(count) / 100.0,
    )


def levels(*sums: float) -> np.ndarray:
    return np.repeat(np.array(sums, np.float32)[:, None] / GROUPS, GROUPS, axis=1)


def test_levels_are_those_of_the_loudest_frames_after_an_attack() -> None:
    frames = np.zeros((20, 80), np.float32)
    frames[7, :5] = 0.5
    frames[9, :5] = 0.3
    found = attack_levels(frames, np.array([3, 7, 8, 19]))
    assert found.shape == (4, GROUPS)
    assert AFTER == 5
    np.testing.assert_allclose(found[:, 0], [0.5, 0.5, 0.3, 0.0])
    assert not found[:, 1:].any()


def test_louder_strokes_are_harder_and_their_mean_stays() -> None:
    heard = strokes([0.5, 0.5, 0.5], [0, 0, 0], ["kick"] * 3)
    compared = compare_strokes(heard, levels(1.0, 1.2, 1.1), LOUDER)
    np.testing.assert_allclose(compared, [0.4, 0.6, 0.5], atol=1e-6)


def test_articulations_are_compared_with_themselves() -> None:
    heard = strokes([0.6, 0.6, 0.6, 0.3, 0.3, 0.3], [0] * 6, ["hihat_closed"] * 3 + ["hihat_pedal"] * 3)
    compared = compare_strokes(heard, levels(2.0, 2.1, 2.2, 1.0, 1.1, 1.2), LOUDER)
    np.testing.assert_allclose(compared, [0.5, 0.6, 0.7, 0.2, 0.3, 0.4], atol=1e-6)


def test_few_strokes_stay_as_they_were_heard_and_velocities_within_their_range() -> None:
    heard = strokes([0.5, 0.5, 0.9, 0.9, 0.9], [0] * 5, ["snare"] * 2 + ["kick"] * 3)
    compared = compare_strokes(heard, levels(1.0, 2.0, 0.0, 3.0, 6.0), LOUDER)
    np.testing.assert_allclose(compared, [0.5, 0.5, 0.0, 0.9, 1.0], atol=1e-6)


def test_what_the_network_makes_of_strokes_counts_too() -> None:
    heard = strokes([0.2, 0.4, 0.6], [1, 1, 1], ["kick"] * 3)
    np.testing.assert_allclose(compare_strokes(heard, levels(3.0, 2.0, 1.0), LOUDER), [0.2, 0.4, 0.6], atol=1e-6)


def test_in_a_stream_a_stroke_is_compared_with_those_before_it() -> None:
    dynamics = StreamDynamics(LOUDER)
    first = dynamics.compare(strokes([0.5, 0.5], [0, 0], ["kick"] * 2), levels(1.0, 1.2))
    np.testing.assert_allclose(first, [0.5, 0.5], err_msg="two are too few")
    (third,) = dynamics.compare(strokes([0.5], [0], ["kick"]), levels(1.4))
    assert third == pytest.approx(0.7)
    (other,) = dynamics.compare(strokes([0.5], [0], ["snare"]), levels(9.0))
    assert other == 0.5


def test_the_shipped_model_hears_how_hard_a_kick_is_struck() -> None:
    rng = np.random.default_rng(1)
    hard = rng.uniform(0.1, 1.0, 24)
    sound = 1e-4 * rng.standard_normal(13 * RATE).astype(np.float32)
    for number, gain in enumerate(hard):
        stroke = kick() * np.float32(gain)
        at = round((0.3 + 0.5 * number) * RATE)
        sound[at : at + len(stroke)] += stroke
    heard = [hit for hit in Transcriber().transcribe_array(sound, RATE).hits if hit.instrument == "kick"]
    assert len(heard) == len(hard)
    assert np.corrcoef([hit.velocity for hit in heard], np.log(hard))[0, 1] > 0.9
