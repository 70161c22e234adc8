import numpy as np
import pytest

from drumscribe.rhythm.patterns import CLASSES, measure_accents

network = pytest.importorskip("drumscribe.training.rhythm.network")


def make_example(rng, told_by_bar):
    """Six readings, three of them in 4/4; the right one is told by a feature or by what the bar looks like."""
    features, bars = rng.normal(size=(6, 4)).astype(np.float32), rng.normal(size=(3, 4, 20)).astype(np.float16)
    right = rng.integers(3)
    if told_by_bar:
        bars[right, 1, 3] = 4.0
    else:
        features[right, 1] = 4.0
    return network.ReadExample(features, bars, np.where(np.arange(6) == right, 3, 0))


@pytest.mark.parametrize("told_by_bar", [False, True])
def test_the_right_readings_win_among_examples_never_seen(told_by_bar):
    rng = np.random.default_rng(0)
    examples = [make_example(rng, told_by_bar) for _ in range(1000)]
    learnt = network.learn_readings(examples[:900], 0)
    right = [example.agreement[np.argmax(learnt.score(example))] == 3 for example in examples[900:]]
    assert np.mean(right) > 0.9


def test_what_cannot_be_told_is_told_with_little_confidence():
    rng = np.random.default_rng(1)
    examples = [make_example(rng, False) for _ in range(60)]
    noise = [network.ReadExample(e.features, e.bars, rng.permutation(e.agreement)) for e in examples]
    learnt = network.learn_readings(examples, 0)
    sure, unsure = (network.find_temperature(learnt, others) for others in (examples, noise))
    assert unsure > 2 * sure


def test_accents_are_measured_within_each_class():
    kick, closed = CLASSES.index("kick"), CLASSES.index("closed")
    accents = measure_accents(np.array([kick, closed, kick, closed]), np.array([120.0, 30.0, 80.0, 50.0]))
    np.testing.assert_allclose(accents, [0.2, -0.25, -0.2, 0.25])
