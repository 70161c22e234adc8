"""Channels that are each other's negative do not cancel, and ordinary stereo is its mean, to the bit."""

import numpy as np
import pytest
from conftest import RATE, beat, write_audio

from drumscribe.sound.audio import load
from drumscribe.sound.mixing import StreamMixer, mix_down


def stereo(left, right) -> np.ndarray:
    return np.stack([left, right], axis=1).astype(np.float32)


def noise(seconds: float = 4.0, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(int(seconds * RATE))).astype(np.float32)


@pytest.mark.parametrize("gain", [1.0, 0.4])
def test_opposite_polarity_does_not_cancel(gain):
    sound = beat(4.0)
    mixed = mix_down(stereo(sound, -gain * sound))
    np.testing.assert_allclose(mixed, sound * (1 + gain) / 2, atol=1e-6)


@pytest.mark.parametrize(
    "right",
    [beat(4.0), 0.3 * beat(4.0), noise(seed=1), 0.7 * beat(4.0) + noise(seed=2), -0.3 * beat(4.0) + noise(seed=3)],
)
def test_ordinary_stereo_is_the_mean_to_the_bit(right):
    left = beat(4.0) + noise()
    expected = (left.astype(np.float32) + right.astype(np.float32)) / np.float32(2)
    assert np.array_equal(mix_down(stereo(left, right)), expected)


def test_a_button_pressed_in_the_middle_is_noticed_within_a_second():
    sound = beat(8.0)
    half = len(sound) // 2
    right = np.concatenate([sound[:half], -sound[half:]])
    mixed = mix_down(stereo(sound, right))
    later = slice(half + RATE, None)
    np.testing.assert_allclose(mixed[later], sound[later], atol=1e-6)
    np.testing.assert_array_equal(mixed[:half], sound[:half])


def test_silence_decides_nothing():
    sound = np.concatenate([np.zeros(2 * RATE, np.float32), beat(2.0)])
    np.testing.assert_allclose(mix_down(stereo(sound, -sound)), sound, atol=1e-6)


def test_one_of_many_channels_may_be_turned():
    sound = beat(4.0)
    mixed = mix_down(np.stack([sound, sound, -sound, 0 * sound], axis=1))
    np.testing.assert_allclose(mixed, sound * 0.75, atol=1e-6)


def test_a_file_is_mixed_as_an_array_whatever_the_block_size(tmp_path):
    sound = stereo(beat(4.0), -beat(4.0))
    path = write_audio(tmp_path / "a.wav", sound, subtype="FLOAT")
    np.testing.assert_array_equal(load(path, RATE), mix_down(sound))


@pytest.mark.parametrize("size", [64, 500, 4096])
def test_a_stream_turns_a_channel_after_its_first_moments(size):
    sound = np.concatenate([noise(0.2), beat(4.0)])
    out, mixer = np.zeros(len(sound), np.float32), StreamMixer()
    for start in range(0, len(sound), size):
        piece = sound[start : start + size]
        mixer.mix(piece, -piece, out[start : start + size])
    np.testing.assert_allclose(out[RATE // 5 :], 2 * sound[RATE // 5 :], atol=1e-6)
    mixer.reset()
    mixer.mix(sound[:100], sound[:100], out[:100])
    np.testing.assert_allclose(out[:100], 2 * sound[:100])


def test_an_ordinary_stream_is_the_sum_to_the_bit():
    left, right = beat(2.0) + noise(2.0), 0.5 * beat(2.0) + noise(2.0, 1)
    out = np.zeros(len(left), np.float32)
    StreamMixer().mix(left, right, out)
    assert np.array_equal(out, (left + right).astype(np.float32))
