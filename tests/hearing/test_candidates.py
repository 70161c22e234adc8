"""Which answers may be hits: peaks and onsets, their times between frames, how they are played."""

import numpy as np
import pytest

from drumscribe.hearing.candidates import CandidatePicker, Candidates, find_peaks
from drumscribe.hearing.evidence import CANDIDATE
from drumscribe.network.answers import Answers
from drumscribe.network.model_card import Columns

COLUMNS = Columns(
    ("kick", "snare", "hihat", "cymbal"), ("rimshot", "hihat_closed", "hihat_open", "hihat_pedal", "crash", "ride")
)
NOWHERE = np.zeros(0, int)


def answers(frames: int = 100) -> np.ndarray:
    return np.zeros((frames, len(COLUMNS)), np.float32)


def bump(out: np.ndarray, column: int, frame: float, height: float = 0.9) -> None:
    """What a network answers at a hit: a peak of an activation that falls over two frames to each side."""
    shape = height * np.maximum(0.0, 1.0 - np.abs(np.arange(len(out)) - frame) / 2.5)
    out[:, column] = np.maximum(out[:, column], shape)


def pick_with_evidence(
    out: np.ndarray, onsets=NOWHERE, first: int = 0, last: int | None = None
) -> tuple[Candidates, np.ndarray]:
    given = Answers.of_output(out, COLUMNS)
    return CandidatePicker(COLUMNS, 100.0).pick(given, np.asarray(onsets), first, len(out) if last is None else last)


def pick(out: np.ndarray, onsets=NOWHERE) -> Candidates:
    return pick_with_evidence(out, onsets)[0]


def test_hits_at_the_same_moment_are_all_found() -> None:
    out = answers()
    for column in range(4):
        bump(out, column, 50)
    found = pick(out)
    assert found.frames.tolist() == [50.0] * 4
    assert found.instruments.tolist() == [0, 1, 2, 3]


def test_two_strokes_of_a_drum_40_ms_apart_are_two_hits() -> None:
    out = answers()
    bump(out, 1, 50)
    bump(out, 1, 54, 0.7)
    np.testing.assert_allclose(pick(out).frames, [50, 54], atol=0.1)


def test_found_come_in_order_of_time() -> None:
    out = answers()
    for column, frame in ((3, 20), (0, 60), (1, 40), (2, 20)):
        bump(out, column, frame)
    found = pick(out)
    assert found.frames.tolist() == [20, 20, 40, 60]
    assert found.instruments.tolist() == [2, 3, 1, 0]


def test_what_is_hardly_heard_is_no_candidate() -> None:
    out = answers()
    bump(out, 0, 50, CANDIDATE)
    bump(out, 1, 50, 0.9 * CANDIDATE)
    assert pick(out).instruments.tolist() == [0]


def test_a_plateau_is_one_hit() -> None:
    out = answers()
    out[50:52, 0] = 0.9
    frames, columns = find_peaks(out[:, :4])
    assert frames.tolist() == [50]
    assert columns.tolist() == [0]


@pytest.mark.parametrize("frame", [0, 99])
def test_a_hit_in_the_first_or_last_frame_is_found(frame: int) -> None:
    out = answers()
    bump(out, 0, frame)
    assert pick(out).frames.tolist() == [frame]


@pytest.mark.parametrize("frame", [49.7, 50.0, 50.4])
def test_a_peak_lies_between_frames(frame: float) -> None:
    out = answers()
    # a parabola, which three points tell exactly
    out[:, 0] = np.maximum(0.0, 0.9 - 0.05 * np.square(np.arange(100) - frame))
    assert pick(out).frames[0] == pytest.approx(frame, abs=1e-3)


def test_an_onset_proposes_a_hit_where_the_activation_is_high_without_a_peak() -> None:
    out = answers()
    out[30:60, 0] = np.linspace(0.95, 0.6, 30)  # the tail of one hit hides the next
    assert pick(out).frames == pytest.approx([30], abs=0.5)
    found = pick(out, [45])
    assert found.frames == pytest.approx([30, 45], abs=0.5)
    assert found.activations[1] == pytest.approx(out[45, 0])


def test_an_onset_proposes_nothing_beside_a_peak_or_below_the_threshold() -> None:
    out = answers()
    bump(out, 0, 50)
    out[70, 1] = 0.9 * CANDIDATE
    assert len(pick(out, [46, 50, 52, 70]).frames) == 1


def test_onsets_outside_the_answers_are_no_harm() -> None:
    out = answers()
    bump(out, 0, 50)
    assert len(pick(out, [-3, 100, 5000]).frames) == 1


@pytest.mark.parametrize(
    ("instrument", "heights", "expected"),
    [
        (0, {}, "kick"),
        (1, {}, "snare"),
        (1, {"rimshot": 0.4}, "snare"),
        (1, {"rimshot": 0.6}, "rimshot"),
        (2, {"hihat_closed": 0.2, "hihat_open": 0.3, "hihat_pedal": 0.1}, "hihat_open"),
        (2, {"hihat_closed": 0.3, "hihat_pedal": 0.4, "ride": 0.9}, "hihat_pedal"),
        (3, {"crash": 0.1, "ride": 0.05}, "crash"),
    ],
)
def test_a_hit_has_the_strongest_articulation_of_its_instrument(instrument, heights, expected) -> None:
    out = answers()
    bump(out, instrument, 50, 1.0)
    for name, height in heights.items():
        bump(out, len(COLUMNS.instruments) + COLUMNS.articulations.index(name), 50, height)
    assert pick(out).articulations.tolist() == [expected]


def test_the_velocity_is_that_at_the_peak_of_the_same_instrument() -> None:
    out = answers()
    bump(out, 1, 50)
    out[:, -4:] = (0.1, 0.2, 0.3, 0.4)
    out[50, -3] = 0.8
    assert pick(out).velocities.tolist() == pytest.approx([0.8])


def test_nothing_is_no_hit() -> None:
    found = pick(answers(0))
    assert len(found.frames) == len(found.articulations) == 0
    assert len(pick(answers(), [50]).frames) == 0


@pytest.mark.parametrize("cut", range(40, 61))
def test_passages_with_context_give_the_hits_of_the_whole(cut: int) -> None:
    rng = np.random.default_rng(cut)
    out = rng.random((100, len(COLUMNS))).astype(np.float32)
    onsets = np.arange(0, 100, 3)
    whole, evidence = pick_with_evidence(out, onsets)
    context = CandidatePicker.context
    left, left_evidence = pick_with_evidence(out[: cut + context], onsets, 0, cut)
    skipped = cut - context
    right, right_evidence = pick_with_evidence(out[skipped:], onsets - skipped, context, 100 - skipped)
    assert [*left.frames, *(right.frames + skipped)] == pytest.approx(whole.frames)
    assert [*left.articulations, *right.articulations] == whole.articulations.tolist()
    np.testing.assert_array_equal(np.vstack([left_evidence, right_evidence]), evidence)
