"""Weights of evidence learned from candidates."""

import numpy as np
from drumscribe.training.decisions.thresholds import Score, choose_thresholds
from drumscribe.training.decisions.weights import HeardClip, learn_weights
from drumscribe.training.experiment import COLUMNS

from drumscribe.hearing.evidence import evidence_size, probability
from drumscribe.stream.listener import RETRIGGER


def test_a_stroke_that_a_stream_looks_at_twice_is_likely_at_both_looks() -> None:
    rng = np.random.default_rng(1)
    strokes = np.arange(1.0, 201.0)
    peaks = np.sort(np.concatenate([strokes, strokes + 0.5]))  # at every other one nothing is struck
    times = np.repeat(peaks, 2) + np.tile([0.0, 0.01], len(peaks))
    struck = np.repeat(np.isin(peaks, strokes), 2)
    evidence = np.zeros((len(times), evidence_size(COLUMNS)))
    evidence[:, 0] = np.where(struck, 2.0, -2.0) + rng.normal(0.0, 0.5, len(times))
    of = np.zeros(len(times), int)
    clip = HeardClip(times, of, evidence, strokes, np.zeros(len(strokes), int), np.ones(len(strokes), bool))

    constant, *slopes = learn_weights([clip], COLUMNS, RETRIGGER)[0]

    likely = probability(constant + evidence @ np.array(slopes))
    assert likely[struck].min() > 0.8
    assert likely[~struck].max() < 0.2


def test_the_few_strokes_of_a_rare_drum_do_not_set_its_threshold() -> None:
    common = [Score("kick", 0.3, 90, 30, 10), Score("kick", 0.5, 85, 5, 15), Score("kick", 0.8, 40, 0, 60)]
    rare = [Score("tom", 0.3, 3, 1, 1), Score("tom", 0.5, 2, 1, 2), Score("tom", 0.8, 2, 0, 2)]
    stick = [
        Score("side_stick", 0.3, 30, 20, 10),
        Score("side_stick", 0.5, 15, 10, 25),
        Score("side_stick", 0.8, 1, 0, 39),
    ]

    assert choose_thresholds([common, rare, stick]) == (0.5, 0.5, 0.3)
