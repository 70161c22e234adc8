"""What a kit makes of moments: one sound at a time, and no breaths, where nothing but its sounds is reported."""

from collections import deque

import numpy as np

from drumscribe.kits.recognition import doubting_soft, one_at_a_time


def test_beside_the_likeliest_sound_another_must_be_very_likely() -> None:
    odds = np.array([[3.0, 2.0, -1.0], [6.0, 5.0, 0.5], [-2.0, -1.0, -3.0]])
    found = one_at_a_time(odds) >= 0.0
    assert found.tolist() == [[True, False, False], [True, True, False], [False, False, False]]


def test_moments_much_softer_than_the_strokes_are_doubted() -> None:
    odds, levels = np.full((6, 1), 1.0), np.array([-20.0, -20.0, -22.0, -21.0, -28.0, -45.0])
    assert (doubting_soft(odds, levels, {}) >= 0.0)[:, 0].tolist() == [True] * 5 + [False]


def test_what_is_usual_is_remembered_from_one_piece_of_a_stream_to_the_next() -> None:
    odds, levels = np.array([[1.0]]), np.array([-45.0])
    assert doubting_soft(odds, levels, {})[0, 0] == 1.0, "one stroke says nothing of what is usual"
    known = {"kick": deque([-20.0, -21.0, -20.0]), "snare": deque([-22.0, -19.0])}
    assert doubting_soft(odds, levels, known)[0, 0] < 0.0
