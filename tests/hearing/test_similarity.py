"""What sounds alike speaks for a candidate: its own sound at other moments, and nothing else."""

from itertools import pairwise

import numpy as np
import pytest

from drumscribe.hearing.evidence import unknown_recording
from drumscribe.hearing.similarity import Likeness, RunningLikeness
from drumscribe.network.answers import Answers

SOUNDS = np.eye(3, 32, dtype=np.float32) + 0.1


def played(strokes: list[tuple[int, int, int, float]], length: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Activations and embedding of strokes: a frame, a sound, an instrument and its activation each."""
    activations, embedding = np.zeros((length, 3), np.float32), np.zeros((length, 32), np.float32)
    for frame, sound, instrument, activation in strokes:
        activations[frame, instrument] = activation
        embedding[frame - 1 : frame + 4] = SOUNDS[sound]
    return activations, embedding


def ask(activations, embedding, frames: list[int], instruments: list[int], pieces: int = 1) -> np.ndarray:
    memory = Likeness()
    edges = np.linspace(0, len(activations), pieces + 1).astype(int)
    for first, last in pairwise(edges):
        origin = max(0, first - 14)
        around = slice(origin, last + 14)
        memory.push(activations[around], embedding[around], origin, first, last)
    return memory.evidence(np.array(frames, int), np.array(instruments, int))[:, 0]


def test_a_doubtful_stroke_is_backed_by_clear_ones_of_its_sound() -> None:
    clear = [(frame, 0, 0, 0.95) for frame in range(100, 2000, 100)]
    other = [(frame, 1, 1, 0.95) for frame in range(150, 2000, 100)]
    backed, unlike = ask(*played([*clear, *other, (2500, 0, 0, 0.3), (2600, 1, 0, 0.3)]), [2500, 2600], [0, 0])
    assert backed > 2.0
    assert unlike < -1.5


def test_a_stroke_does_not_speak_for_itself() -> None:
    doubtful = [(frame, 0, 0, 0.1) for frame in range(100, 1000, 100)]
    loud, alone = (ask(*played([*others, (1500, 0, 0, 0.95)]), [1500], [0]) for others in (doubtful, []))
    assert loud == pytest.approx(alone - 1.0, abs=0.05)


def test_a_rare_unison_is_not_judged_by_its_commonest_drum() -> None:
    kicks = [(frame, 0, 0, 0.95) for frame in range(100, 3000, 100)]
    unison = [(1550, 0, 0, 0.95), (1550, 0, 1, 0.6)]
    kick, snare = ask(*played([*kicks, *unison]), [1550, 1550], [0, 1])
    assert kick > 2.0
    assert snare > -0.7  # its own log odds are 0.4; those of all the kicks that sound alike are -5.5


def test_how_loud_the_embedding_is_says_nothing() -> None:
    strokes = [(frame, frame // 100 % 2, 0, 0.2 + 0.6 * (frame // 100 % 2)) for frame in range(100, 2000, 100)]
    activations, embedding = played(strokes)
    louder = embedding.copy()
    louder[1000:] *= 5.0
    frames = [s[0] for s in strokes]
    as_it_was, scaled = (ask(activations, e, frames, [0] * len(frames)) for e in (embedding, louder))
    np.testing.assert_allclose(scaled, as_it_was, atol=0.05)


@pytest.mark.parametrize("pieces", [2, 7])
def test_it_does_not_matter_how_the_passages_came(pieces: int) -> None:
    rng = np.random.default_rng(pieces)
    activations = (rng.random((3000, 3)) ** 8).astype(np.float32)
    embedding = rng.random((3000, 32)).astype(np.float32)
    frames, instruments = [*range(5, 3000, 40)], [i % 3 for i in range(75)]
    whole = ask(activations, embedding, frames, instruments)
    np.testing.assert_array_equal(ask(activations, embedding, frames, instruments, pieces), whole)


def test_long_recordings_are_compared_nearby() -> None:
    early = [(frame, 0, 0, 0.95) for frame in range(20, 20000, 10)]
    late = [(frame, 0, 0, 0.15) for frame in range(20000, 40000, 10)]
    first, last = ask(*played([*early, *late], 41000), [1000, 39000], [0, 0])
    assert first > 2.0
    assert last < -1.0


def test_a_sound_that_comes_once_is_not_judged_by_others() -> None:
    others = [(frame, 1, 1, 0.95) for frame in range(100, 1000, 100)]
    assert ask(*played([*others, (1500, 0, 0, 0.9)]), [1500], [0]) == pytest.approx([2.2], abs=0.2)


def test_where_nothing_else_sounds_a_stroke_counts_as_it_is() -> None:
    own = unknown_recording(np.array([0.9]))[0, -1]
    assert ask(*played([(500, 0, 0, 0.9)]), [500], [0]) == pytest.approx([own], abs=0.05)
    assert Likeness().evidence(np.array([3]), np.array([0])).tolist() == [[0.0]]
    assert Likeness().evidence(np.zeros(0, int), np.zeros(0, int)).shape == (0, 1)


def follow(activations, embedding, frames: list[int], instruments: list[int], again: int = 1) -> np.ndarray:
    """What a stream says of candidates that is looked at frame by frame, some of them again, 20 frames ahead."""
    memory, found = RunningLikeness(), []
    wanted = dict(zip(frames, instruments, strict=True))
    for frame in range(20, len(activations) - 20):
        around = slice(frame - 20, frame + 21)
        none = np.zeros((41, 0), np.float32)
        answers = Answers(activations[around], none, none, embedding[around])
        if frame in wanted:
            found.append(memory.evidence(answers, np.array([20]), np.array([wanted[frame]]), frame - 20)[0, 0])
        memory.remember(answers, frame - again, frame + 1, frame - 20)
    return np.array(found)


def test_in_a_stream_what_was_before_backs_a_stroke_and_what_comes_does_not() -> None:
    clear = [(frame, 0, 0, 0.95) for frame in range(500, 2000, 100)]
    unlike = (2600, 1, 0, 0.3)
    strokes = [(200, 0, 0, 0.3), *clear, (2500, 0, 0, 0.3), unlike]
    early, late, other = follow(*played(strokes), [200, 2500, 2600], [0, 0, 0])
    own = unknown_recording(np.array([0.3]))[0, -1]
    assert early == pytest.approx(own, abs=0.05)
    assert late > 2.0
    assert other == pytest.approx(own, abs=0.2)


def test_looking_again_at_frames_of_a_stream_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    activations = (rng.random((1500, 3)) ** 8).astype(np.float32)
    activations[:30] = 0.0
    embedding = rng.random((1500, 32)).astype(np.float32)
    frames = list(range(100, 1400, 50))
    once, twice = (follow(activations, embedding, frames, [0] * len(frames), again) for again in (0, 1))
    np.testing.assert_allclose(twice, once, rtol=1e-5)


def test_a_stream_remembers_what_was_lately() -> None:
    early = [(frame, 0, 0, 0.95) for frame in range(100, 6100, 10)]
    late = [(frame, 0, 0, 0.15) for frame in range(6100, 12000, 10)]
    assert follow(*played([*early, *late, (12100, 0, 0, 0.6)], 12200), [12100], [0])[0] < 0.0
