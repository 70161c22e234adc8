"""Figures about models of windows are those of their definitions; formulations are read as they say."""

import numpy as np
import pytest
from drumscribe.training.decisions.evaluation import calibration_error, evaluate
from drumscribe.training.networks.formulations import FORMULATIONS

CLASSES = ("kick", "snare", "hihat")


def test_answers_that_are_all_right_score_one() -> None:
    labels = np.eye(3, dtype=bool)[[0, 1, 2, 0]]
    result = evaluate(labels.astype(np.float32), labels, CLASSES)
    assert (result.accuracy, result.macro_f, result.calibration_error) == (1.0, 1.0, 0.0)
    assert result.confusion == ((2, 0, 0), (0, 1, 0), (0, 0, 1))


def test_confusions_are_counted_by_class_and_answer() -> None:
    probabilities = np.array([[0.6, 0.3, 0.1], [0.5, 0.4, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
    labels = np.eye(3, dtype=bool)[[0, 1, 1, 2]]
    result = evaluate(probabilities, labels, CLASSES)
    assert result.confusion == ((1, 0, 0), (1, 1, 0), (0, 0, 1))
    assert result.accuracy == 0.75
    assert result.f_measures == pytest.approx((2 / 3, 2 / 3, 1.0))
    assert "accuracy 0.750" in result.lines()[0]


def test_of_several_sounds_all_must_be_told_and_no_other() -> None:
    probabilities = np.array([[0.9, 0.8, 0.1], [0.9, 0.2, 0.6], [0.7, 0.6, 0.9]])
    labels = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1]], bool)
    result = evaluate(probabilities, labels, CLASSES)
    assert result.accuracy == pytest.approx(2 / 3)
    assert result.f_measures == pytest.approx((1.0, 1.0, 2 / 3))
    assert result.confusion == ()


def test_calibration_error_is_the_gap_between_promise_and_outcome() -> None:
    promised = np.full(100, 0.9)
    outcomes = np.arange(100) < 60
    assert calibration_error(promised, outcomes) == pytest.approx(0.3)
    assert calibration_error(np.full(100, 0.6), outcomes) == pytest.approx(0.0)
    assert calibration_error(np.array([1.0, 0.0]), np.array([True, False])) == 0.0


def test_binary_answers_become_the_odds_of_each_against_the_rest() -> None:
    probabilities = FORMULATIONS["binary"].decode(np.array([[0.5, 0.5, 0.0], [0.9, 0.5, 0.0], [0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(probabilities, [[0.5, 0.5, 0.0], [0.9, 0.1, 0.0], [1 / 3] * 3], atol=1e-5)


def test_one_class_is_decided_on_or_all_that_are_likely() -> None:
    probabilities = np.array([[0.6, 0.55, 0.1], [0.4, 0.3, 0.3]])
    assert FORMULATIONS["multi-label"].decide(probabilities).tolist() == [[True, True, False], [False] * 3]
    for name in ("multi-class", "binary"):
        assert FORMULATIONS[name].decide(probabilities).tolist() == [[True, False, False]] * 2
