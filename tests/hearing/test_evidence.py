"""What else speaks for a hit: its moment, its neighbours, and that it recurs."""

import numpy as np
import pytest

from drumscribe.hearing.evidence import REACH, RECORDING, evidence_size, local_evidence, probability, weigh
from drumscribe.hearing.recurrence import Recurrence
from drumscribe.network.answers import Answers
from drumscribe.network.model_card import Columns

COLUMNS = Columns(("kick", "snare", "hihat"), ("rimshot", "hihat_open"))


def recurrence(activations: np.ndarray, frames: list[int], instruments: list[int], pieces: int = 1) -> np.ndarray:
    memory = Recurrence(100.0)
    for piece in np.array_split(activations, pieces):
        memory.push(piece)
    return memory.evidence(np.array(frames), np.array(instruments))


def strokes(length: int, frames, instrument: int = 0) -> np.ndarray:
    out = np.zeros((length, 3), np.float32)
    out[np.asarray(frames), instrument] = 0.9
    return out


def test_there_are_as_many_numbers_as_said() -> None:
    rng = np.random.default_rng(1)
    answers = Answers.of_output(rng.random((200, len(COLUMNS))).astype(np.float32), COLUMNS)
    at, which = np.array([50, 60]), np.array([0, 2])
    local = local_evidence(answers, at, which)
    again = recurrence(answers.activations, [50, 60], [0, 2])
    assert local.shape[1] + RECORDING == evidence_size(COLUMNS)
    assert again.shape[1] == RECORDING - 1  # and likeness
    assert np.isfinite(local).all()
    assert np.isfinite(again).all()


@pytest.mark.parametrize("cut", [0, 37, 100])
def test_a_passage_with_its_reach_around_it_says_what_the_whole_says(cut: int) -> None:
    values = np.random.default_rng(cut).random((300, len(COLUMNS))).astype(np.float32)
    answers = Answers.of_output(values, COLUMNS)
    at, which = np.array([cut + REACH, cut + REACH + 20]), np.array([1, 2])
    whole = local_evidence(answers, at, which)
    passage = local_evidence(answers[cut : cut + 2 * REACH + 21], at - cut, which)
    np.testing.assert_array_equal(passage, whole)


def test_what_comes_every_beat_recurs_and_a_lone_stroke_does_not() -> None:
    activations = strokes(1200, [*range(10, 1200, 50)])
    activations[333, 1] = 0.9
    beat, lone = recurrence(activations, [510, 333], [0, 1])
    assert (beat > 1.0).all()
    assert (lone < -1.0).all()


def test_a_stroke_recurs_on_its_own_instrument_only() -> None:
    activations = strokes(1200, [*range(10, 1200, 50)])
    kick, hihat = recurrence(activations, [510, 510], [0, 2])
    assert kick[0] > hihat[0]


def test_the_beat_is_followed_through_a_change_of_tempo() -> None:
    frames = np.concatenate([np.arange(0, 6000, 60), np.arange(6000, 12000, 43)])
    late = int(frames[frames > 9000][0])
    early = int(frames[frames > 2000][0])
    assert (recurrence(strokes(12001, frames), [early, late], [0, 0]) > 1.0).all()


def test_it_does_not_matter_how_the_activations_came() -> None:
    activations = np.random.default_rng(2).random((5000, 3)).astype(np.float32)
    frames = [*range(0, 5000, 77)]
    which = [i % 3 for i in range(len(frames))]
    np.testing.assert_array_equal(recurrence(activations, frames, which), recurrence(activations, frames, which, 13))


@pytest.mark.parametrize("length", [1, 20, 60])
def test_the_shortest_recordings_have_evidence_too(length: int) -> None:
    assert np.isfinite(recurrence(strokes(length, [0]), [0], [0])).all()


def test_nothing_has_no_evidence() -> None:
    assert recurrence(np.zeros((100, 3), np.float32), [], []).shape == (0, 2)
    assert Recurrence(100.0).evidence(np.zeros(0, int), np.zeros(0, int)).shape == (0, 2)


def test_evidence_is_weighed_by_the_weights_of_the_instrument() -> None:
    weights = np.zeros((3, evidence_size(COLUMNS)))
    weights[1:, 0] = 2.0, 1.0
    evidence = np.zeros((3, evidence_size(COLUMNS)), np.float32)
    evidence[:, 0] = -3.0
    odds = weigh(evidence, np.arange(3), weights)
    assert odds.tolist() == [0.0, -6.0, -3.0]
    np.testing.assert_allclose(probability(odds), 1.0 / (1.0 + np.exp([0.0, 6.0, 3.0])))
