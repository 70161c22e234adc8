"""Every variation does what it promises, to a number, and leaves alone what it should."""

from dataclasses import replace

import numpy as np
import pytest

from drumscribe.synthesis.augmentation import (
    AUGMENTATIONS,
    AugmentSettings,
    Range,
    add_noise,
    augment_frames,
    augment_shot,
    augment_sound,
    change_gain,
    pass_high,
    pass_low,
)
from drumscribe.synthesis.effects import coloured_noise, compress, compress_lossy, reverberate, rms, saturate
from drumscribe.synthesis.masking import mask_bands, mask_time, warp_time
from drumscribe.synthesis.one_shots import OneShot

RATE = 44100
QUIET = AugmentSettings().without(*AUGMENTATIONS)


def sine(hz: float, seconds: float = 0.5) -> np.ndarray:
    """A tone that swells and fades, so that it has no other frequencies."""
    t = np.arange(int(seconds * RATE)) / RATE
    return (0.5 * np.hanning(len(t)) * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def stroke(onset: int = 4410) -> np.ndarray:
    """A decaying burst of noise after silence."""
    sound = np.zeros(RATE // 2, np.float32)
    t = np.arange(len(sound) - onset) / RATE
    sound[onset:] = 0.8 * np.random.default_rng(3).uniform(-1, 1, len(t)) * np.exp(-20 * t)
    sound[onset] = 0.8
    return sound


def attack(sound: np.ndarray) -> int:
    return int(np.argmax(np.abs(sound) > 0.25 * np.abs(sound).max()))


def only(name: str, low: float, high: float) -> AugmentSettings:
    return replace(QUIET, **{name: Range(1.0, low, high)})


def decibels(ratio: float) -> float:
    return 20 * np.log10(ratio + 1e-9)


@pytest.mark.parametrize("gain_db", [-20.0, -3.0, 6.0])
def test_gain_is_in_decibels(gain_db: float) -> None:
    assert decibels(rms(change_gain(sine(300), gain_db)) / rms(sine(300))) == pytest.approx(gain_db, abs=0.01)


@pytest.mark.parametrize(("hz", "expected"), [(250, 0), (1000, 0), (4000, -24), (8000, -48)])
def test_low_pass_falls_above_its_corner(hz: float, expected: float) -> None:
    assert decibels(rms(pass_low(sine(hz), RATE, 2000.0)) / rms(sine(hz))) == pytest.approx(expected, abs=1.0)


@pytest.mark.parametrize(("hz", "expected"), [(50, -48), (100, -24), (400, 0), (15000, 0)])
def test_high_pass_falls_below_its_corner(hz: float, expected: float) -> None:
    assert decibels(rms(pass_high(sine(hz), RATE, 200.0)) / rms(sine(hz))) == pytest.approx(expected, abs=1.0)


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 40.0])
def test_noise_is_as_far_below_the_sound_as_asked(snr_db: float) -> None:
    sound = stroke()
    noise = 7.0 * coloured_noise(np.random.default_rng(1), len(sound), 3.0)
    added = add_noise(sound, noise, snr_db) - sound
    assert decibels(rms(sound) / rms(added)) == pytest.approx(snr_db, abs=0.5)


def test_the_chosen_ratio_of_noise_is_what_the_chain_adds() -> None:
    sound = stroke()
    noisy = augment_sound(sound, RATE, np.random.default_rng(2), only("noise", 10.0, 10.0))
    assert decibels(rms(sound) / rms(noisy - sound)) == pytest.approx(10.0, abs=0.5)


def test_silence_gets_no_noise() -> None:
    assert not add_noise(np.zeros(100, np.float32), np.ones(100, np.float32), 10.0).any()


@pytest.mark.parametrize(
    "process",
    [
        lambda s: compress_lossy(s, RATE, 0.9),
        lambda s: reverberate(s, RATE, np.random.default_rng(1), 0.8, -8.0, 0.5),
        lambda s: compress(s, RATE, -20.0, 4.0, 0.005, 0.1),
        lambda s: saturate(s, 4.0),
        lambda s: pass_low(s, RATE, 5000.0),
        lambda s: pass_high(s, RATE, 150.0),
    ],
    ids=["codec", "room", "compression", "saturation", "low-pass", "high-pass"],
)
def test_the_attack_stays_where_it_was(process) -> None:
    processed = process(stroke())
    assert len(processed) == len(stroke())
    assert abs(attack(processed) - 4410) < 0.001 * RATE


def test_the_codec_takes_away_what_mp3_takes_away() -> None:
    high, low = sine(19500), sine(500)
    assert decibels(rms(compress_lossy(high, RATE, 0.95)) / rms(high)) < -20
    assert decibels(rms(compress_lossy(low, RATE, 0.95)) / rms(low)) == pytest.approx(0.0, abs=0.5)


@pytest.mark.parametrize(("mask", "axis"), [(mask_time, 0), (mask_bands, 1)])
def test_a_mask_silences_what_it_says_and_nothing_else(mask, axis: int) -> None:
    frames = np.ones((50, 20), np.float32)
    masked = np.moveaxis(mask(frames, 7, 5), axis, 0)
    assert not masked[7:12].any()
    assert masked.sum() == (masked.shape[0] - 5) * masked.shape[1]
    assert frames.all(), "what was given is not to change"


@pytest.mark.parametrize(("name", "axis"), [("mask_time", 0), ("mask_bands", 1)])
def test_no_more_is_masked_than_allowed(name: str, axis: int) -> None:
    shares = []
    for seed in range(50):
        masked, _ = augment_frames(np.ones((100, 80), np.float32), np.random.default_rng(seed), only(name, 0.0, 0.1))
        shares.append(float((masked.sum(axis=1 - axis) == 0).mean()))
        assert masked.mean() == pytest.approx(1 - shares[-1])
    assert max(shares) <= 0.1
    assert max(shares) > 0.07


def test_warping_moves_the_middle_and_what_is_said_of_it() -> None:
    frames = np.zeros((101, 4), np.float32)
    frames[[20, 50, 80]] = 1.0
    warped, positions = warp_time(frames, np.array([0.0, 20.0, 50.0, 80.0, 100.0]), 50.0, 6.0)
    np.testing.assert_allclose(positions, [0.0, 22.4, 56.0, 82.4, 100.0])
    assert warped[56, 0] == pytest.approx(1.0)
    for position in positions[1:-1]:
        assert warped[int(position) : int(position) + 2, 0].max() > 0.5
    assert warped.shape == frames.shape


def test_warping_stays_within_its_limit() -> None:
    positions = np.arange(100.0)
    for seed in range(30):
        _, moved = augment_frames(np.ones((100, 4)), np.random.default_rng(seed), only("warp", 0.0, 0.05), positions)
        assert np.abs(moved - positions).max() <= 5.0
        assert (np.diff(moved) > 0).all()


def test_pitch_moves_the_attack_with_the_sound() -> None:
    for seed in range(5):
        shot = augment_shot(OneShot(stroke(), 4410), RATE, np.random.default_rng(seed), only("pitch", -3.0, 3.0))
        assert abs(attack(shot.samples) - shot.onset) < 0.001 * RATE
        assert 2 ** (-3 / 12) - 0.01 < shot.onset / 4410 < 2 ** (3 / 12) + 0.01
        assert shot.onset != 4410


@pytest.mark.parametrize("name", [n for n in AUGMENTATIONS if n not in ("pitch", "mask_time", "mask_bands", "warp")])
def test_each_variation_of_sound_varies_it_and_can_be_left_out(name: str) -> None:
    settings = replace(QUIET, **{name: replace(getattr(AugmentSettings(), name), probability=1.0)})
    sound = stroke()
    varied = augment_sound(sound, RATE, np.random.default_rng(1), settings)
    assert varied.dtype == np.float32
    assert varied.shape == sound.shape
    assert not np.array_equal(varied, sound)
    np.testing.assert_array_equal(augment_sound(sound, RATE, np.random.default_rng(1), settings.without(name)), sound)


def test_leaving_one_out_does_not_change_the_others() -> None:
    settings = replace(QUIET, equalise=Range(1.0, 3.0, 3.0), gain=Range(1.0, -20.0, 0.0))
    both, toned, louder = (
        augment_sound(stroke(), RATE, np.random.default_rng(9), chosen)
        for chosen in (settings, settings.without("gain"), settings.without("equalise"))
    )
    gain = louder[4410] / stroke()[4410]
    assert 0.1 < gain < 0.99
    np.testing.assert_allclose(both, toned * gain, atol=1e-6)


def test_the_same_seed_gives_the_same_bits() -> None:
    shot, frames = OneShot(stroke(), 4410), np.random.default_rng(1).random((60, 40), np.float32)
    settings = AugmentSettings()
    for seed in range(3):
        first, second = (augment_shot(shot, RATE, np.random.default_rng(seed), settings) for _ in range(2))
        np.testing.assert_array_equal(first.samples, second.samples)
        first, second = (augment_frames(frames, np.random.default_rng(seed), settings)[0] for _ in range(2))
        np.testing.assert_array_equal(first, second)


def test_each_is_done_as_often_as_its_probability_says() -> None:
    settings = replace(QUIET, gain=Range(0.3, -6.0, -5.0))
    sound = np.ones(8, np.float32)
    done = [augment_sound(sound, RATE, np.random.default_rng(seed), settings)[0] < 1 for seed in range(600)]
    assert np.mean(done) == pytest.approx(0.3, abs=0.06)


def test_an_augmentation_that_is_not_there_cannot_be_left_out() -> None:
    with pytest.raises(ValueError, match="no augmentation 'rooms': use pitch, equalise"):
        AugmentSettings().without("rooms")
